"""The steps that a pipeline is made of: each takes an image and gives an image."""

from collections.abc import Callable, Iterable
from math import floor, sqrt
from typing import Final

from services.chassis.images.colour import is_srgb
from services.chassis.images.vips import Error, Image

Step = Callable[[Image], Image]

WHITE: Final = 255.0
GREY_BANDS: Final = 2
COLOUR_BANDS: Final = 4
_PROFILE: Final = "icc-profile-data"
_UPRIGHT: Final = 1
_PLAIN: Final = frozenset({"srgb", "b-w"})


def run(image: Image, steps: Iterable[Step]) -> Image:
    """The image after every step, in order. Raises pyvips.Error."""
    for step in steps:
        image = step(image)
    return image


def autorotate(image: Image) -> Image:
    """Turn the pixels as the EXIF orientation says that they are displayed."""
    if not image.get_typeof("orientation") or image.get("orientation") == _UPRIGHT:
        return image
    # A sideways picture is read across its rows, which a stream cannot do.
    return image.copy_memory().autorot()


def to_srgb(image: Image) -> Image:
    """Convert to 8 bit sRGB or grey, through the embedded profile when there is one.

    Converting costs a hundred times what looking does, so pictures that are sRGB pass untouched.
    """
    if image.get_typeof(_PROFILE) and not is_srgb(image.get(_PROFILE)):
        image = _through_profile(image)
    if image.interpretation not in _PLAIN or image.format != "uchar":
        image = image.colourspace("b-w" if image.bands <= GREY_BANDS else "srgb").cast("uchar")
    return _known_bands(image)


def strip(image: Image) -> Image:
    """Drop every piece of metadata: position, camera, owner, profile, comments, thumbnails."""
    bare = image.copy()
    for field in image.get_fields():
        if bare.get_typeof(field) and _is_metadata(field):
            bare.remove(field)
    return bare


def flatten(image: Image) -> Image:
    """Lay a picture with transparency on white."""
    return image.flatten(background=[WHITE]) if image.hasalpha() else image


def fit(width: int, height: int) -> Step:
    """Make the step that scales down into a box; a picture that lies within stays as it is."""

    def fit_box(image: Image) -> Image:
        if image.width <= width and image.height <= height:
            return image
        return image.thumbnail_image(width, height=height, size="down", no_rotate=True)

    return fit_box


def fit_pixels(max_pixels: int) -> Step:
    """Make the step that scales down to at most so many pixels, in proportion."""

    def fit_area(image: Image) -> Image:
        return fit(*box_of(image.width, image.height, max_pixels))(image)

    return fit_area


def box_of(width: int, height: int, max_pixels: int) -> tuple[int, int]:
    """The largest size of at most so many pixels in proportion; no larger than it is."""
    scale = min(1.0, sqrt(max_pixels / (width * height)))
    return max(1, floor(width * scale)), max(1, floor(height * scale))


def _known_bands(image: Image) -> Image:
    """Colours and one alpha channel: a TIFF may have more, of which nobody says what they are."""
    most = GREY_BANDS if image.interpretation == "b-w" else COLOUR_BANDS
    return image[0:most] if image.bands > most else image


def _through_profile(image: Image) -> Image:
    try:
        return image.icc_transform("srgb", embedded=True, intent="perceptual", depth=8)
    except Error:
        # A broken profile says nothing; the pixels are still a picture.
        return image


def _is_metadata(field: str) -> bool:
    return field.endswith("-data") or field.startswith(("exif-", "png-comment", "webp-", "xmp-"))
