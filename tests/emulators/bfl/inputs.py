"""What the endpoints take, field by field, as their OpenAPI document of autumn 2026 says it."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from tests.emulators.core.pictures import Size

Format = Literal["jpeg", "png", "webp"]
Url = Annotated[str, StringConstraints(pattern=r"^https?://", min_length=1, max_length=2083)]
User = Annotated[str, StringConstraints(max_length=256)]

# 21:9, either way round.
WIDEST: Final = 21 / 9
MEGAPIXEL: Final = 1024 * 1024
MAX_OUTPUT_PIXELS: Final = 4 * MEGAPIXEL
MULTIPLE: Final = 16
RESOLUTIONS: Final = {"768sq": 768, "1k": 1024, "1.5k": 1536, "2k": 2048, "4k": 4096}
FLUX_3_RATIOS: Final = frozenset(
    {"auto", "21:9", "2:1", "16:9", "3:2", "7:5", "4:3", "5:4", "1:1"}
    | {"4:5", "3:4", "5:7", "2:3", "9:16", "1:2", "9:21"}
)
UNASKED: Final = Size(1024, 1024)


class Webhook(NamedTuple):
    """A place that was given with a submission, and what to sign with; or neither."""

    url: str | None = None
    secret: str | None = None


class Inputs(BaseModel):
    """What every endpoint takes; unknown fields are ignored except by FLUX 3."""

    model_config = ConfigDict(frozen=True)

    prompt: str
    safety_tolerance: int = Field(default=2, ge=0, le=5)

    def pictures(self) -> Mapping[str, str]:
        """The pictures that were sent, by field."""
        fields = (name for name in type(self).model_fields if name.startswith("input_image"))
        sent = {name: getattr(self, name) for name in fields}
        return {name: value for name, value in sent.items() if value}

    def kind(self) -> str:
        """The type of the result."""
        return "jpeg"

    def seed_or(self, chosen: int) -> int | None:
        """The seed asked for, else the chosen one; None where the endpoint has no seeds."""
        return None

    def webhook(self) -> Webhook:
        """Where the end of the task is posted."""
        return Webhook()

    def output(self, first: Size) -> Size:
        """The size of the result for the first picture's size."""
        raise NotImplementedError


class FourPictures(Inputs):
    """Up to four pictures, a seed, a type and a webhook."""

    user: User | None = None
    webhook_url: Url | None = None
    webhook_secret: str | None = None
    input_image: str | None = None
    input_image_2: str | None = None
    input_image_3: str | None = None
    input_image_4: str | None = None
    seed: int | None = None
    output_format: Format | None = "jpeg"

    def kind(self) -> str:
        """See Inputs."""
        return self.output_format or "jpeg"

    def seed_or(self, chosen: int) -> int | None:
        """See Inputs."""
        return chosen if self.seed is None else self.seed

    def webhook(self) -> Webhook:
        """See Inputs."""
        return Webhook(self.webhook_url, self.webhook_secret)


class Kontext(FourPictures):
    """FLUX.1 Kontext: about a megapixel, in the ratio of the picture or the one asked for."""

    safety_tolerance: int = Field(default=2, ge=0, le=6)
    output_format: Format | None = "png"
    aspect_ratio: str | None = None
    prompt_upsampling: bool = False

    @field_validator("aspect_ratio")
    @classmethod
    def _in_range(cls, ratio: str | None) -> str | None:
        if ratio is not None and not 1 / WIDEST <= _ratio(ratio) <= WIDEST:
            raise ValueError("aspect_ratio must be between 21:9 and 9:21")
        return ratio

    def output(self, first: Size) -> Size:
        """See Inputs."""
        wide = _ratio(self.aspect_ratio) if self.aspect_ratio else first.width / first.height
        return _of_area(min(max(wide, 1 / WIDEST), WIDEST), MEGAPIXEL)


class Klein(FourPictures):
    """FLUX.2 klein: four pictures, in the size of the first or the one asked for."""

    width: int | None = Field(default=None, ge=0)
    height: int | None = Field(default=None, ge=0)

    @field_validator("width", "height")
    @classmethod
    def _given_or_not(cls, side: int | None) -> int | None:
        if side and side < 64:
            raise ValueError("Input should be 0 or greater than or equal to 64")
        return side

    @model_validator(mode="after")
    def _not_too_large(self) -> "Klein":
        if (self.width or 0) * (self.height or 0) > MAX_OUTPUT_PIXELS:
            raise ValueError("width x height must not be more than 4 megapixels")
        return self

    def output(self, first: Size) -> Size:
        """See Inputs."""
        if not self.width and not self.height:
            return _at_most(first, MAX_OUTPUT_PIXELS)
        wanted = Size(self.width or first.width, self.height or first.height)
        return Size(_stepped(wanted.width), _stepped(wanted.height))


class Flux2(Klein):
    """FLUX.2 pro and max: eight pictures."""

    input_image_5: str | None = None
    input_image_6: str | None = None
    input_image_7: str | None = None
    input_image_8: str | None = None
    disable_pup: bool | None = None


class Flex(Flux2):
    """FLUX.2 flex: the same with its dials."""

    prompt_upsampling: bool = True
    guidance: float = Field(default=5.0, ge=1.5, le=10)
    steps: int = Field(default=50, ge=1, le=50)


class Flux3(Inputs):
    """FLUX 3: a list of pictures; no seed, type, webhook, and no field that it does not know."""

    model_config = ConfigDict(extra="forbid")

    safety_tolerance: int = Field(default=2, ge=0, le=4)
    images: str | Annotated[list[str], Field(min_length=1, max_length=10)] | None = None
    aspect_ratio: str = "auto"
    resolution: Literal["768sq", "1k", "1.5k", "2k", "4k"] = "1k"
    grounding: bool = True
    version: Literal["latest"] = "latest"

    @field_validator("aspect_ratio")
    @classmethod
    def _known(cls, ratio: str) -> str:
        if ratio not in FLUX_3_RATIOS:
            raise ValueError("unknown aspect ratio")
        return ratio

    def pictures(self) -> Mapping[str, str]:
        """See Inputs."""
        sent = [self.images] if isinstance(self.images, str) else self.images or []
        return {f"images.{number}": picture for number, picture in enumerate(sent)}

    def output(self, first: Size) -> Size:
        """See Inputs."""
        automatic = self.aspect_ratio == "auto"
        wide = first.width / first.height if automatic else _ratio(self.aspect_ratio)
        return _of_area(wide, RESOLUTIONS[self.resolution] ** 2)


def _ratio(text: str) -> float:
    """Raises ValueError for what is no ratio."""
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", text)
    if found is None:
        raise ValueError("aspect_ratio must look like 16:9")
    return int(found[1]) / int(found[2])


def _of_area(wide: float, pixels: int) -> Size:
    width = (pixels * wide) ** 0.5
    return Size(_stepped(round(width)), _stepped(round(width / wide)))


def _at_most(size: Size, pixels: int) -> Size:
    if size.pixels <= pixels:
        return size
    shrink = (pixels / size.pixels) ** 0.5
    return Size(_stepped(int(size.width * shrink)), _stepped(int(size.height * shrink)))


def _stepped(side: int) -> int:
    return max(MULTIPLE, side // MULTIPLE * MULTIPLE)
