"""Gemini gets a picture within the limits of its models."""

import pytest

from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.chassis.images.vips import Image
from services.renderer.adapters.gemini_picture import BOUNDS, Sent, fitted
from services.renderer.domain.gemini_models import MAX_BYTES
from tests.unit.chassis import drawn

LIMITS = ImageLimits()


def weighing(size_bytes: int) -> bytes:
    """A small JPEG with so many bytes, most of them in comments."""
    picture = drawn.jpeg()
    full = _comment(65_535)
    fulls, rest = divmod(size_bytes - len(picture), len(full))
    whole = picture[:2] + full * fulls + _comment(rest - 2) + picture[2:]
    assert len(whole) == size_bytes
    return whole


def _comment(size_bytes: int) -> bytes:
    """The size counts all but the marker."""
    return b"\xff\xfe" + size_bytes.to_bytes(2, "big") + bytes(size_bytes - 2)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (drawn.jpeg(), "image/jpeg"),
        (drawn.png(alpha=True), "image/png"),
        (drawn.webp(), "image/webp"),
    ],
    ids=["jpeg", "png", "webp"],
)
def test_a_picture_that_fits_goes_byte_for_byte(data: bytes, kind: str):
    assert fitted(data, LIMITS) == Sent(data, kind)


@pytest.mark.parametrize(
    "data",
    [drawn.tiff(), drawn.bmp(), drawn.with_exif(orientation=6)],
    ids=["tiff", "bmp", "on its side"],
)
def test_a_picture_that_it_would_not_see_right_goes_as_a_copy(data: bytes):
    copy = fitted(data, LIMITS)

    seen = inspect(copy.data, LIMITS)
    assert (copy.content_type, seen.content_type) == ("image/jpeg", "image/jpeg")
    assert seen.orientation == 1


def test_a_picture_with_more_pixels_than_it_sees_is_shrunk():
    copy = fitted(bytes(Image.black(4200, 4100).jpegsave_buffer()), LIMITS)

    assert 0.99 * BOUNDS.max_pixels <= inspect(copy.data, LIMITS).pixels <= BOUNDS.max_pixels


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_picture_with_more_bytes_than_it_takes_goes_as_a_copy(beyond: int):
    heavy = weighing(MAX_BYTES + beyond)

    copy = fitted(heavy, LIMITS)

    assert (copy.data == heavy) == (beyond == 0)
    assert len(copy.data) <= MAX_BYTES
