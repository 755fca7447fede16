"""The models of Black Forest Labs that edit pictures: one row each, as their documents have it.

A new model is a new row; what a model takes is said here and nowhere else.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from contracts.errors import ErrorCode
from contracts.queries import ModelAbilities
from services.chassis.errors import PermanentError

PROVIDER: Final = "flux"

RATIOS: Final = (
    *("21:9", "2:1", "16:9", "3:2", "7:5", "4:3", "5:4", "1:1"),
    *("4:5", "3:4", "5:7", "2:3", "9:16", "1:2", "9:21"),
)
"""FLUX 3 lists these; they lie within Kontext's range, and FLUX.2 takes any size."""

MAX_BYTES: Final = 15_000_000
"""Of a picture. The documents say 20 MB and not of what: as base64 this is 20 MB."""

FOUR_MEGAPIXELS: Final = 2048 * 2048
"""FLUX.2 neither uses nor makes more; Kontext works at one megapixel and takes no harm from it."""


class Sizing(Enum):
    """How the size of the result is asked for."""

    PIXELS = "width and height"
    RATIO = "aspect_ratio"
    RATIO_AND_TIER = "aspect_ratio and resolution"


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxModel:
    """What one model takes. Sides and areas are in pixels, sizes in bytes."""

    name: str
    sizing: Sizing
    picture_field: str = "input_image"
    takes_list: bool = False
    """Whether several pictures go into that field as a list; else each has a numbered one."""
    max_tolerance: int = 5
    """The most permissive `safety_tolerance`; 0 is the strictest everywhere."""
    has_seed: bool = True
    has_output_format: bool = True
    has_webhook: bool = True
    always: tuple[tuple[str, bool], ...] = ()
    """Sent with every request."""
    min_side_pixels: int = 64
    max_pixels: int = FOUR_MEGAPIXELS
    """A larger picture is shrunk before it is sent."""
    max_bytes: int = MAX_BYTES
    max_pictures: int = 8
    """The picture to edit and its references, together."""
    ratios: tuple[str, ...] = RATIOS
    policies: tuple[str, ...] = (PROVIDER,)
    """The limits of the account that a task counts against."""
    typical_seconds: float
    """From the submission to the result, believed until durations have been seen. The documents
    say under one second for klein and 5 to 10 for pro, resellers under 15 for max; the others are
    estimates between these.
    """

    @property
    def path(self) -> str:
        """Where it takes submissions."""
        return f"/v1/{self.name}"


# Our enhancer has made the instruction precise, so a model that rewrites prompts is told not to.
# `disable_pup` is newer than the models; FLUX.2 ignores a field that it does not know.
_PRO: Final = FluxModel(
    name="flux-2-pro", sizing=Sizing.PIXELS, always=(("disable_pup", True),), typical_seconds=7.0
)
_KLEIN: Final = FluxModel(
    name="flux-2-klein-4b", sizing=Sizing.PIXELS, max_pictures=4, typical_seconds=1.0
)
_KONTEXT: Final = FluxModel(
    name="flux-kontext-pro",
    sizing=Sizing.RATIO,
    max_tolerance=6,
    max_pictures=4,
    typical_seconds=8.0,
)

MODELS: Final = (
    _PRO,
    replace(_PRO, name="flux-2-max", typical_seconds=15.0),
    replace(_PRO, name="flux-2-flex", always=(("prompt_upsampling", False),), typical_seconds=15.0),
    replace(_PRO, name="flux-2-pro-preview"),
    _KLEIN,
    replace(_KLEIN, name="flux-2-klein-9b"),
    replace(_KLEIN, name="flux-2-klein-9b-preview"),
    _KONTEXT,
    # An account may have 24 tasks under way, of this model 6.
    replace(_KONTEXT, name="flux-kontext-max", policies=(PROVIDER, "flux_kontext_max")),
    # It refuses every field that it does not list, webhooks among them. Grounding would look a
    # person's words up on the web; without it a request is answered from the words alone.
    FluxModel(
        name="flux-3-image",
        sizing=Sizing.RATIO_AND_TIER,
        picture_field="images",
        takes_list=True,
        max_pictures=10,
        max_tolerance=4,
        has_seed=False,
        has_output_format=False,
        has_webhook=False,
        always=(("grounding", False),),
        min_side_pixels=256,
        max_pixels=16_000_000,
        typical_seconds=12.0,
    ),
)

DEFAULT: Final = _PRO
QUICK: Final = _KLEIN
"""The quickest of them, and the cheapest."""

_BY_NAME: Final = {model.name: model for model in MODELS}


def model_named(name: str) -> FluxModel:
    """The model's row. Raises PermanentError for a name that is not in the table."""
    try:
        return _BY_NAME[name]
    except KeyError:
        sentence = "The model that you asked for is not offered."
        raise PermanentError(ErrorCode.OPTION_UNSUPPORTED, sentence) from None


def abilities(model: FluxModel) -> ModelAbilities:
    """What may be asked of it beside the sentence."""
    return ModelAbilities(
        name=model.name, provider=PROVIDER, seed=model.has_seed, aspect_ratios=model.ratios
    )
