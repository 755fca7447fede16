"""Gemini gets a picture within the limits of its models."""

import pytest

from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.renderer.adapters.gemini_picture import BOUNDS, Sent, fitted
from services.renderer.domain.gemini_models import MAX_BYTES
from tests.pictures import plain
from tests.unit.chassis import drawn
from tests.unit.renderer.noisy import noise

LIMITS = ImageLimits()


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
    copy = fitted(plain(4200, 4100), LIMITS)

    assert 0.99 * BOUNDS.max_pixels <= inspect(copy.data, LIMITS).pixels <= BOUNDS.max_pixels


def test_a_picture_with_too_many_bytes_is_shrunk_until_it_fits():
    heavy = noise(1500, 1400)
    assert len(heavy) > MAX_BYTES

    copy = fitted(heavy, LIMITS)

    assert MAX_BYTES / 2 < len(copy.data) <= MAX_BYTES
    assert copy.content_type == "image/png"
