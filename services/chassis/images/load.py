"""Opening bytes as a libvips image: one loader per type, named by us and not guessed by libvips."""

import io
import struct
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image as Pillow

from services.chassis.images.refusals import damaged, unusual
from services.chassis.images.vips import Error, Image, Source

# RLE is decoded by Pillow in Python, run by run: minutes of one core for a full upload.
_BMP_RAW: Final = "raw"
_BMP_CORE_HEADER_BYTES: Final = 12

_LOADERS: Final[Mapping[str, Callable[..., Image]]] = {
    "jpeg": Image.jpegload_source,
    "png": Image.pngload_source,
    "webp": Image.webpload_source,
    "tiff": Image.tiffload_source,
}


def open_lazily(data: bytes, name: str, **options: str | float) -> Image:
    """The image of the bytes, its header read and no pixel decoded yet (BMP: decoded).

    A stream that stops early makes the later decode fail. Raises pyvips.Error.
    """
    if name == "bmp":
        return decode_bmp(data)
    load = _LOADERS[name]
    # From a source the bytes are read in place; from a buffer pyvips copies them.
    return load(Source.new_from_memory(data), access="sequential", fail_on="truncated", **options)


def bmp_size(data: bytes) -> tuple[int, int]:
    """Width and height that a BMP declares, in pixels. Raises PermanentError."""
    try:
        if struct.unpack_from("<I", data, 14)[0] == _BMP_CORE_HEADER_BYTES:
            width, height = struct.unpack_from("<HH", data, 18)
        else:
            width, height = struct.unpack_from("<Ii", data, 18)
    except struct.error as error:
        raise damaged("bmp", "header cut off") from error
    if not width or not height:
        raise damaged("bmp", "no pixels")
    # A negative height means rows from the top down.
    return width, abs(height)


def open_bmp(data: bytes) -> Pillow.Image:
    """A BMP's header as Pillow reads it, its rows counted. Raises PermanentError.

    The size must have been tested by `bmp_size` before.
    """
    try:
        image = Pillow.open(io.BytesIO(data), formats=("BMP",))
    except (OSError, ValueError, OverflowError) as error:
        raise damaged("bmp", str(error)) from error
    tile = image.tile[0]
    if tile.codec_name != _BMP_RAW:
        raise unusual("bmp", "is compressed")
    stride = tile.args[1] if isinstance(tile.args, tuple) else 0
    if not isinstance(stride, int) or tile.offset + stride * image.height > len(data):
        raise damaged("bmp", "fewer bytes than rows")
    return image


def load_bmp(opened: Pillow.Image) -> None:
    """Read the rows and the palette of a BMP. Raises PermanentError."""
    try:
        opened.load()
    except (OSError, ValueError, OverflowError) as error:
        raise damaged("bmp", str(error)) from error


def decode_bmp(data: bytes) -> Image:
    """A BMP's pixels in RGB or RGBA. Raises PermanentError."""
    with open_bmp(data) as opened:
        load_bmp(opened)
        mode = "RGBA" if has_alpha(opened) else "RGB"
        pixels = opened.convert(mode)
    return Image.new_from_memory(
        pixels.tobytes(), pixels.width, pixels.height, len(mode), "uchar"
    ).copy(interpretation="srgb")


def has_alpha(opened: Pillow.Image) -> bool:
    """Whether the picture that Pillow opened carries transparency."""
    return "A" in opened.getbands()


def why(error: Error) -> str:
    """The first line of what libvips says, for the log."""
    said = str(error.detail or error.message).strip()
    return said.splitlines()[0] if said else "no reason given"
