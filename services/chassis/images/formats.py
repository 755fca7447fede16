"""What a picture is, from its first bytes: never from a name or a declared content type."""

from typing import Final

NAMES: Final = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "bmp": "BMP",
    "tiff": "TIFF",
    "gif": "GIF",
    "heic": "HEIC",
    "avif": "AVIF",
    "svg": "SVG",
    "pdf": "PDF",
    "psd": "Photoshop file",
    "jxl": "JPEG XL",
    "jp2": "JPEG 2000",
    "ico": "icon file",
}
"""Type -> the word that a person knows it by."""

_MAGIC: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"BM", "bmp"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
    (b"8BPS", "psd"),
    (b"\xff\x0a", "jxl"),
    (b"\x00\x00\x00\x0cJXL ", "jxl"),
    (b"\x00\x00\x00\x0cjP  ", "jp2"),
    (b"\x00\x00\x01\x00", "ico"),
)
_HEIC_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
# Room for a byte order mark, an XML declaration and a comment before the <svg tag.
_TEXT_BYTES: Final = 1024


def type_of(data: bytes) -> str | None:
    """The type that the bytes themselves declare, None when they are no picture we know."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _type_of_brands(data)
    return "svg" if b"<svg" in data[:_TEXT_BYTES].lower() else None


def content_type(name: str) -> str:
    """The content type of a type's name."""
    return f"image/{name}"


def article(name: str) -> str:
    """The type with its article, as in "an AVIF"."""
    word = NAMES[name]
    return f"{'an' if name in {'avif', 'svg', 'ico'} else 'a'} {word}"


def listing(names: tuple[str, ...]) -> str:
    """The types as a person lists them: "JPEG, PNG or WebP"."""
    words = [NAMES[name] for name in names]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _type_of_brands(data: bytes) -> str | None:
    # An AVIF may name a general brand first, and a HEIC lists mif1 too: the particular one decides.
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[at : at + 4] for at in (8, *range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "avif"
    return "heic" if brands & _HEIC_BRANDS else None
