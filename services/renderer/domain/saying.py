"""Saying in one sentence what is going to be done."""

from collections.abc import Sequence
from typing import Final

from services.renderer.domain.wishes import (
    Adjust,
    CropIn,
    CropTo,
    Flip,
    Look,
    Region,
    Rotate,
    Tint,
    Wish,
)

_ROTATIONS: Final = {
    90: "rotated {} 90° to the right",
    180: "turned {} upside down",
    270: "rotated {} 90° to the left",
}
_UP: Final = {
    Look.BRIGHTNESS: "made {} {}brighter",
    Look.CONTRAST: "gave {} {}more contrast",
    Look.SATURATION: "gave {} {}stronger colours",
    Look.WARMTH: "made {} {}warmer",
    Look.DRAMA: "made {} {}more dramatic",
    Look.GREYSCALE: "made {} black and white",
    Look.SEPIA: "gave {} a sepia tone",
    Look.BALANCE: "gave {} neutral colours",
    Look.BLUR: "{}blurred {}",
    Look.SHARPEN: "{}sharpened {}",
    Look.VIGNETTE: "gave {} darker edges",
    Look.PIXELATE: "pixelated {}",
    Look.POSTERISE: "reduced {} to a few tones",
}
_DOWN: Final = {
    Look.BRIGHTNESS: "made {} {}darker",
    Look.CONTRAST: "gave {} {}less contrast",
    Look.SATURATION: "gave {} {}weaker colours",
    Look.WARMTH: "made {} {}cooler",
}
_NAMES: Final = {
    Region.WHOLE: "the picture",
    Region.SKY: "the sky",
    Region.GROUND: "everything but the sky",
}
_ADVERB_FIRST: Final = frozenset({Look.BLUR, Look.SHARPEN})
_SLIGHT: Final = 0.26
_SLIGHT_OF: Final = {Look.BRIGHTNESS: 0.15, Look.CONTRAST: 0.15, Look.SATURATION: 0.2}
_REST: Final = " I could not carry out the rest of what you asked for, so I left it out."
_SKY: Final = " I took the bright upper part of the picture for the sky."


def say(wishes: Sequence[Wish], *, is_partial: bool) -> str:
    """One sentence in the past tense, and what a person should know besides."""
    named = [_phrase(wish, _name(wishes, at)) for at, wish in enumerate(wishes)]
    listed = " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
    sky = _SKY if any(_where(wish) is not Region.WHOLE for wish in wishes) else ""
    return f"I {listed}.{sky}{_REST if is_partial else ''}"


def _name(wishes: Sequence[Wish], at: int) -> str:
    where = _where(wishes[at])
    if at > 0 and _where(wishes[at - 1]) is where:
        return "it"
    return _NAMES[where]


def _where(wish: Wish) -> Region:
    return wish.where if isinstance(wish, Adjust | Tint) else Region.WHOLE


def _phrase(wish: Wish, name: str) -> str:
    match wish:
        case Adjust():
            return _adjusted(wish, name)
        case Tint():
            return f"tinted {name} {wish.name}"
        case Rotate():
            return _ROTATIONS[wish.degrees].format(name)
        case Flip():
            way = "left to right" if wish.direction == "horizontal" else "top to bottom"
            return f"mirrored {name} {way}"
        case CropTo(width, height):
            # Its size is not known here: there may have been nothing to cut off.
            shape = "a square" if width == height else f"{width}:{height}"
            return f"made sure that {name} is {shape}"
        case CropIn():
            return f"cropped {name} tighter"


def _adjusted(wish: Adjust, name: str) -> str:
    words = _UP[wish.look] if wish.amount > 0 else _DOWN[wish.look]
    is_slight = abs(wish.amount) <= _SLIGHT_OF.get(wish.look, _SLIGHT)
    adverb = "slightly " if is_slight else ""
    return words.format(adverb, name) if wish.look in _ADVERB_FIRST else words.format(name, adverb)
