"""The JSON body of a submission to Black Forest Labs, within what the model takes."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, gcd, isqrt, log
from typing import Final

from contracts.errors import ErrorCode
from contracts.journal import Options
from services.chassis.errors import PermanentError
from services.renderer.domain.editing import Wish
from services.renderer.domain.models import FOUR_MEGAPIXELS, FluxModel, Sizing

STEP_PIXELS: Final = 16
"""FLUX.2 makes sides that are multiples of this."""
MIN_SIDE_PIXELS: Final = 64
"""FLUX.2 refuses a shorter `width` or `height`."""

TIERS: Final[Mapping[str, int]] = {
    "768sq": 768**2,
    "1k": 1024**2,
    "1.5k": 1536**2,
    "2k": 2048**2,
    "4k": 4096**2,
}
"""FLUX 3's `resolution`: the area of each in pixels."""

_LOSSLESS: Final = frozenset({"png", "webp"})

Fields = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The picture as it is sent: upright, of a type and size that the model takes."""

    data: bytes
    width_pixels: int
    height_pixels: int
    has_alpha: bool

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width_pixels * self.height_pixels


def body_of(
    model: FluxModel, wish: Wish, pictures: Sequence[Reference], *, safety_tolerance: int
) -> bytes:
    """What is posted: the picture to edit, then what it is to look like.

    Raises PermanentError for an option that the model does not take.
    """
    refuse_unsupported(model, wish.options)
    picture = pictures[0]
    fields: dict[str, object] = {
        "prompt": wish.instruction,
        "safety_tolerance": min(safety_tolerance, model.max_tolerance),
        **dict(model.always),
        **_SIZES[model.sizing](wish.options.aspect_ratio, picture),
    }
    if wish.options.seed is not None:
        fields["seed"] = wish.options.seed
    if model.has_output_format:
        fields["output_format"] = _output_format(wish.options, picture)
    if model.has_webhook and wish.webhook_url:
        fields["webhook_url"] = wish.webhook_url
    return _with_pictures(json.dumps(fields).encode(), model, pictures[: model.max_pictures])


def _with_pictures(body: bytes, model: FluxModel, pictures: Sequence[Reference]) -> bytes:
    """The JSON object with the pictures as bare base64: a `data:` prefix is not taken."""
    # Put in by hand, because encoding megabytes as a string takes the interpreter four times
    # as long, and base64 has nothing to escape.
    texts = [b'"%s"' % b64encode(picture.data) for picture in pictures]
    field = model.picture_field.encode()
    if len(texts) == 1:
        values = [b'"%s": %s' % (field, texts[0])]
    elif model.takes_list:
        values = [b'"%s": [%s]' % (field, b", ".join(texts))]
    else:
        names = [field, *(b"%s_%d" % (field, number) for number in range(2, len(texts) + 1))]
        values = [b'"%s": %s' % pair for pair in zip(names, texts, strict=True)]
    return b"%s, %s}" % (body.removesuffix(b"}"), b", ".join(values))


def refuse_unsupported(model: FluxModel, options: Options) -> None:
    """Raise PermanentError for what the model cannot honour: it is never ignored."""
    if options.seed is not None and not model.has_seed:
        raise _unsupported(f"{model.name} does not take a seed.")
    if options.aspect_ratio is not None and options.aspect_ratio not in model.ratios:
        raise _unsupported(f"{model.name} takes one of these shapes: {', '.join(model.ratios)}.")


def _unsupported(sentence: str) -> PermanentError:
    return PermanentError(ErrorCode.OPTION_UNSUPPORTED, sentence)


def _output_format(options: Options, picture: Reference) -> str:
    """Lossless where the final picture may be; else JPEG, a fraction of the bytes to fetch.

    WebP is made of PNG when the result is finished, so it loses once and not twice.
    """
    return "png" if options.output_format in _LOSSLESS or picture.has_alpha else "jpeg"


def _in_pixels(ratio: str | None, picture: Reference) -> Fields:
    """Sides in exactly the ratio, with about the picture's area; none asked: its own size."""
    if ratio is None:
        return {}
    across, down = _reduced(ratio)
    tile = across * down * STEP_PIXELS**2
    least = ceil(MIN_SIDE_PIXELS / (STEP_PIXELS * min(across, down)))
    most = isqrt(FOUR_MEGAPIXELS // tile)
    times = min(max(round((picture.pixels / tile) ** 0.5), least), most) * STEP_PIXELS
    return {"width": across * times, "height": down * times}


def _in_ratio(ratio: str | None, _: Reference) -> Fields:
    return {"aspect_ratio": ratio} if ratio else {}


def _in_ratio_and_tier(ratio: str | None, picture: Reference) -> Fields:
    """The tier whose area is nearest to the picture's, in proportion."""
    nearest = min(TIERS, key=lambda tier: abs(log(TIERS[tier] / picture.pixels)))
    return {"aspect_ratio": ratio or "auto", "resolution": nearest}


def _reduced(ratio: str) -> tuple[int, int]:
    across, down = (int(part) for part in ratio.split(":"))
    common = gcd(across, down)
    return across // common, down // common


_SIZES: Final[Mapping[Sizing, Callable[[str | None, Reference], Fields]]] = {
    Sizing.PIXELS: _in_pixels,
    Sizing.RATIO: _in_ratio,
    Sizing.RATIO_AND_TIER: _in_ratio_and_tier,
}
