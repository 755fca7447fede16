"""Arrays of pixels, and what is done with masks of them."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from services.chassis.images.vips import Image

Pixels = npt.NDArray[np.uint8]
"""Height x width (x 3, RGB), 0..255."""
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]

OPAQUE: Final = 255
HALF: Final = 128
"""From here on a pixel counts as there."""
COLOURS: Final = 3
SPECK: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))

SMALL_HOLE: Final = 0.002
"""Of the picture's area: smaller holes are reflections, and not looked through."""


def pixels_of(image: Image) -> Pixels:
    """The pixels of a libvips image. Raises pyvips.Error."""
    # Of a single pixel pyvips makes a number.
    shape = (image.height, image.width, image.bands)[: 2 if image.bands == 1 else 3]
    return np.ascontiguousarray(image.numpy(), np.uint8).reshape(shape)


def image_of(channel: Pixels) -> Image:
    """A single channel as a libvips image, which shares its memory."""
    height, width = channel.shape
    return Image.new_from_memory(np.ascontiguousarray(channel).data, width, height, 1, "uchar")


def as_pixels(mask: Mask) -> Pixels:
    """255 where the mask says so."""
    return mask.astype(np.uint8) * np.uint8(OPAQUE)


def tidied(mask: Pixels, *, smallest_part: float) -> Pixels:
    """Without specks: the parts at least `smallest_part` as large as the largest, holes filled
    that are too small to be looked through.
    """
    calm = cv2.morphologyEx(mask, cv2.MORPH_OPEN, SPECK)
    calm = cv2.morphologyEx(calm, cv2.MORPH_CLOSE, SPECK)
    holes = OPAQUE - parts_of(calm, at_least=smallest_part)
    labels, areas = _areas(holes)
    return OPAQUE - _kept(labels, areas >= SMALL_HOLE * mask.size)


def parts_of(mask: cv2.typing.MatLike, *, at_least: float) -> Pixels:
    """The connected parts that are at least such a share of the largest one."""
    labels, areas = _areas(mask)
    return _kept(labels, areas >= at_least * areas.max(initial=0))


def _kept(labels: Labels, keeps: Mask) -> Pixels:
    return as_pixels(np.concatenate([[False], keeps])[labels])


def _areas(mask: cv2.typing.MatLike) -> tuple[Labels, Labels]:
    """The number of each pixel's part, and of the parts from 1 on how many pixels each has."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    return np.asarray(labels, np.int32), np.asarray(stats[1:, cv2.CC_STAT_AREA], np.int32)
