"""What a person can wish for here: frozen values, in the order in which they are carried out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Look(StrEnum):
    """A quality of the picture that can be changed by some amount."""

    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SATURATION = "saturation"
    WARMTH = "warmth"
    DRAMA = "drama"
    GREYSCALE = "greyscale"
    SEPIA = "sepia"
    BALANCE = "balance"
    BLUR = "blur"
    SHARPEN = "sharpen"
    VIGNETTE = "vignette"
    PIXELATE = "pixelate"
    POSTERISE = "posterise"


class Region(StrEnum):
    """Where in the picture: everywhere, in what is taken for its sky, or everywhere else."""

    WHOLE = "whole"
    SKY = "sky"
    GROUND = "ground"


@dataclass(frozen=True, slots=True)
class Adjust:
    """Change one look. `amount` is -1..2 for those with two directions, else a strength of 0..1."""

    look: Look
    amount: float
    where: Region = Region.WHOLE


@dataclass(frozen=True, slots=True)
class Tint:
    """Colour the light: `red`, `green` and `blue` are 0..255, `strength` is 0..1."""

    name: str
    red: int
    green: int
    blue: int
    strength: float
    where: Region = Region.WHOLE


@dataclass(frozen=True, slots=True)
class Rotate:
    """Turn clockwise by quarter turns."""

    degrees: Literal[90, 180, 270]


@dataclass(frozen=True, slots=True)
class Flip:
    """Mirror: horizontal swaps left and right."""

    direction: Literal["horizontal", "vertical"]


@dataclass(frozen=True, slots=True)
class CropTo:
    """Cut to the largest centred part of a shape, width to height."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CropIn:
    """Cut the same share off every side, so that `keep` (0..1) of width and height stay."""

    keep: float


Wish = Adjust | Tint | Rotate | Flip | CropTo | CropIn


@dataclass(frozen=True, slots=True)
class Understanding:
    """The wishes found in a prompt, in order, and a sentence that says so.

    `is_partial`: something else was asked for as well, and is not going to happen.
    """

    wishes: tuple[Wish, ...]
    sentence: str
    is_partial: bool
