"""One proof per type that a picture decodes to its last row, each in bounded memory.

A streamed decode holds a few rows. Two kinds cannot be streamed: a progressive JPEG keeps every
coefficient (up to 6 bytes a pixel), a lossless WebP every pixel (4 bytes). Above
`MAX_HELD_PIXELS` these are proved by their structure: every segment present, the end reached.
"""

from collections.abc import Callable, Mapping
from typing import Final

from services.chassis.images import jpeg_structure, png_structure, webp_structure
from services.chassis.images.load import load_bmp, open_bmp, open_lazily
from services.chassis.images.picture import Picture
from services.chassis.images.vips import Image

MAX_HELD_PIXELS: Final = 8_000_000
# libjpeg and libwebp still read every coefficient, but make an eighth of the pixels a side.
SHRINK: Final = 8


def prove_jpeg(data: bytes, picture: Picture) -> None:
    """Find the end, then decode at an eighth. Raises PermanentError or pyvips.Error."""
    # The decoder stops reading at the last row: missing last bytes escape it.
    jpeg_structure.prove(data)
    image = open_lazily(data, "jpeg", shrink=_shrink(picture))
    if picture.pixels <= MAX_HELD_PIXELS or not image.get("jpeg-multiscan"):
        _read_through(image)


def prove_png(data: bytes, _picture: Picture) -> None:
    """Inflate every row and test every checksum. Raises PermanentError."""
    png_structure.prove(data)


def prove_webp(data: bytes, picture: Picture) -> None:
    """Decode at an eighth. Raises PermanentError or pyvips.Error."""
    is_lossless = webp_structure.prove(data)
    if is_lossless and picture.pixels > MAX_HELD_PIXELS:
        return
    _read_through(open_lazily(data, "webp", scale=1 / _shrink(picture)))


def prove_tiff(data: bytes, _picture: Picture) -> None:
    """Decode strip by strip. Raises pyvips.Error."""
    _read_through(open_lazily(data, "tiff"))


def prove_bmp(data: bytes, _picture: Picture) -> None:
    """Decode it whole: uncompressed, it is no larger than its bytes. Raises PermanentError."""
    with open_bmp(data) as opened:
        load_bmp(opened)


BY_TYPE: Final[Mapping[str, Callable[[bytes, Picture], None]]] = {
    "jpeg": prove_jpeg,
    "png": prove_png,
    "webp": prove_webp,
    "tiff": prove_tiff,
    "bmp": prove_bmp,
}


def _shrink(picture: Picture) -> int:
    # A narrower picture would have no pixel left, which both loaders refuse; it is small anyway.
    return SHRINK if min(picture.width_pixels, picture.height_pixels) >= SHRINK else 1


def _read_through(image: Image) -> None:
    # An average needs every pixel and keeps none.
    image.avg()
