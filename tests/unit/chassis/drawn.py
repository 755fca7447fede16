"""Drawn pictures with known answers, in every type that we meet."""

import io
import struct
import zlib
from typing import Final

from PIL import Image as Pillow

from services.chassis.images.vips import Image

EXIF_ORIENTATION: Final = 0x0112
GPS: Final = 0x8825
MAKER: Final = 0x010F


def halves(width: int = 64, height: int = 48) -> Image:
    """Red on the left, blue on the right, lighter towards the top."""
    left = Image.black(width // 2, height, bands=3).linear([1], [200, 30, 30])
    right = Image.black(width - width // 2, height, bands=3).linear([1], [30, 30, 200])
    fade = Image.xyz(width, height)[1] * (-40 / height)
    return (left.join(right, "horizontal") + fade).cast("uchar").copy(interpretation="srgb")


def jpeg(width: int = 64, height: int = 48, *, progressive: bool = False) -> bytes:
    return bytes(halves(width, height).jpegsave_buffer(Q=90, interlace=progressive))


def png(
    width: int = 64, height: int = 48, *, interlaced: bool = False, alpha: bool = False
) -> bytes:
    image = halves(width, height)
    return bytes((with_alpha(image) if alpha else image).pngsave_buffer(interlace=interlaced))


def webp(width: int = 64, height: int = 48, *, lossless: bool = False) -> bytes:
    return bytes(halves(width, height).webpsave_buffer(lossless=lossless))


def tiff(width: int = 64, height: int = 48) -> bytes:
    return bytes(halves(width, height).tiffsave_buffer(compression="deflate"))


def bmp(width: int = 64, height: int = 48, mode: str = "RGB") -> bytes:
    return _saved(_pillow(halves(width, height)).convert(mode), "BMP")


def gif() -> bytes:
    return _saved(_pillow(halves()).convert("P"), "GIF")


def heif(brand: bytes) -> bytes:
    return struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 0, b"mif1") + bytes(64)


EVERY_TYPE: Final = {
    "image/jpeg": jpeg,
    "image/png": png,
    "image/webp": webp,
    "image/tiff": tiff,
    "image/bmp": bmp,
}


def with_alpha(image: Image) -> Image:
    """Opaque on the left, clear on the right."""
    return image.bandjoin(((image[0] > image[2]) / 255 * 255).cast("uchar"))


def with_exif(*, orientation: int = 1, personal: bool = False) -> bytes:
    """A JPEG of `halves` whose EXIF says how it is displayed, and where it was taken."""
    notes = Pillow.Exif()
    notes[EXIF_ORIENTATION] = orientation
    if personal:
        notes[MAKER] = "Camera of Ann"
        notes.get_ifd(GPS).update({1: "N", 2: (30.0, 15.0, 0.0), 3: "W", 4: (40.0, 30.0, 0.0)})
    return _saved(_pillow(halves()), "JPEG", exif=notes, quality=95)


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, *, rows: bytes) -> bytes:
    """A PNG that declares a size, RGB of 8 bits, with whatever rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def opened(data: bytes) -> Image:
    """The pixels of bytes that we made ourselves."""
    return Image.new_from_buffer(data, "").copy_memory()


def means(data: bytes) -> tuple[float, ...]:
    """The mean of each channel."""
    image = opened(data)
    return tuple(image[band].avg() for band in range(image.bands))


def _pillow(image: Image) -> Pillow.Image:
    return Pillow.frombytes("RGB", (image.width, image.height), image.write_to_memory())


def _saved(image: Pillow.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
