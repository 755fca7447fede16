"""The endpoints that edit pictures: what each takes, costs and promises."""

from dataclasses import dataclass
from typing import Final

from tests.emulators.bfl.inputs import MEGAPIXEL, Flex, Flux2, Flux3, Inputs, Klein, Kontext
from tests.emulators.core.pictures import Size

MIB: Final = 1024 * 1024
TEN_MINUTES: Final = 600.0
AN_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Price:
    """Credits for the first megapixel of the result, each further one, and each of the inputs."""

    first: float
    further: float = 0.0
    each_input: float = 0.0

    def of(self, output: Size, inputs: tuple[Size, ...]) -> float:
        """Credits for one task; a megapixel is 1024 x 1024, and less than one counts as one."""
        beyond = max(0.0, output.pixels / MEGAPIXEL - 1)
        sent = sum(max(1.0, size.pixels / MEGAPIXEL) for size in inputs)
        return round(self.first + beyond * self.further + sent * self.each_input, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One endpoint; bounds in pixels and bytes of each picture sent."""

    name: str
    inputs: type[Inputs]
    price: Price
    min_side: int = 64
    # Kontext's parameter table; nothing else is said for FLUX.2.
    max_pixels: int = 20_000_000
    max_bytes: int = 20 * MIB
    thinks: bool = False
    """Whether it says Reasoning and Generating between Pending and Ready."""
    sample_seconds: float = TEN_MINUTES

    @property
    def path(self) -> str:
        """Where it takes submissions."""
        return f"/v1/{self.name}"


_PRO: Final = Price(3, 1.5, 1.5)
_KLEIN_9B: Final = Price(1.5, 0.2, 0.2)

MODELS: Final = (
    Model(name="flux-2-pro", inputs=Flux2, price=_PRO),
    Model(name="flux-2-pro-preview", inputs=Flux2, price=_PRO),
    Model(name="flux-2-max", inputs=Flux2, price=Price(7, 3, 3)),
    Model(name="flux-2-flex", inputs=Flex, price=Price(5, 5, 5)),
    Model(name="flux-2-klein-4b", inputs=Klein, price=Price(1.4, 0.1, 0.1)),
    Model(name="flux-2-klein-9b", inputs=Klein, price=_KLEIN_9B),
    Model(name="flux-2-klein-9b-preview", inputs=Klein, price=_KLEIN_9B),
    Model(name="flux-kontext-pro", inputs=Kontext, price=Price(4)),
    Model(name="flux-kontext-max", inputs=Kontext, price=Price(8)),
    # No list has its price: what an answer says is all there is, so that of pro stands in.
    Model(
        name="flux-3-image",
        inputs=Flux3,
        price=_PRO,
        min_side=256,
        max_pixels=16_000_000,
        thinks=True,
        sample_seconds=AN_HOUR,
    ),
)
