"""The check of an untrusted picture: type, header and limits first, then the proof that it decodes.

`inspect` touches no pixel; `verify` decodes in bounded memory and keeps nothing.
"""

from dataclasses import dataclass
from typing import Final

from contracts.objects import digest
from services.chassis.images import proofs, refusals
from services.chassis.images.formats import content_type, type_of
from services.chassis.images.limits import ImageLimits
from services.chassis.images.load import bmp_size, has_alpha, open_bmp, open_lazily, why
from services.chassis.images.parts import refuse_too_many
from services.chassis.images.picture import Picture
from services.chassis.images.vips import Error, Image

# EXIF orientations from here on lie on their side.
FIRST_SIDEWAYS: Final = 5
ORIENTATIONS: Final = range(1, 9)
SAMPLES: Final = frozenset({"uchar", "ushort"})
# CMYK and alpha.
MAX_BANDS: Final = 5


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of one type says, before the limits are applied."""

    width: int
    height: int
    has_alpha: bool
    orientation: int = 1
    frames: int = 1


def inspect(data: bytes, limits: ImageLimits) -> Picture:
    """What the bytes are, from their header alone. Raises PermanentError when they are refused.

    How many bytes there may be depends on the door they came in by: that is not asked here.
    """
    name = _accepted_type(data, limits)
    refuse_too_many(data, name)
    header = _bmp_header(data, limits) if name == "bmp" else _vips_header(data, name)
    _refuse_over(header, limits)
    sideways = header.orientation >= FIRST_SIDEWAYS
    return Picture(
        content_type=content_type(name),
        width_pixels=header.height if sideways else header.width,
        height_pixels=header.width if sideways else header.height,
        stored_width_pixels=header.width,
        stored_height_pixels=header.height,
        size_bytes=len(data),
        sha256=digest(data),
        has_alpha=header.has_alpha,
        orientation=header.orientation,
        frames=header.frames,
    )


def verify(data: bytes, picture: Picture) -> None:
    """Prove that the whole first frame decodes; raises PermanentError when it does not.

    Memory stays under about 60 MB for any picture within the default limits.
    """
    try:
        proofs.BY_TYPE[picture.type](data, picture)
    except Error as error:
        raise refusals.damaged(picture.type, why(error)) from error


def _accepted_type(data: bytes, limits: ImageLimits) -> str:
    if not data:
        raise refusals.empty()
    name = type_of(data)
    if name is None:
        raise refusals.no_picture(limits)
    if name not in limits.accepted_types:
        raise refusals.unsupported(name, limits)
    return name


def _vips_header(data: bytes, name: str) -> Header:
    try:
        image = open_lazily(data, name)
    except Error as error:
        raise refusals.damaged(name, why(error)) from error
    if image.format not in SAMPLES or image.bands > MAX_BANDS:
        raise refusals.unusual(name, f"has {image.bands} channels of {image.format} samples")
    orientation = _field(image, "orientation")
    return Header(
        width=image.width,
        height=image.height,
        has_alpha=bool(image.hasalpha()),
        orientation=orientation if orientation in ORIENTATIONS else 1,
        frames=_field(image, "n-pages"),
    )


def _bmp_header(data: bytes, limits: ImageLimits) -> Header:
    # The limits come before Pillow, which has one of its own and answers it with a warning.
    width, height = bmp_size(data)
    _refuse_over(Header(width, height, has_alpha=False), limits)
    with open_bmp(data) as opened:
        return Header(opened.width, opened.height, has_alpha=has_alpha(opened))


def _refuse_over(header: Header, limits: ImageLimits) -> None:
    width, height = header.width, header.height
    if max(width, height) > limits.max_side_pixels or width * height > limits.max_image_pixels:
        raise refusals.too_large(width, height, limits)
    if header.frames > limits.max_frames:
        raise refusals.too_many_frames(header.frames, limits)


def _field(image: Image, name: str) -> int:
    value = image.get(name) if image.get_typeof(name) else 1
    return value if isinstance(value, int) else 1
