"""What the results of providers may be, beside what uploads may."""

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect
from services.chassis.images.limits import MIN_RAW_PIXELS, raw_limits
from tests.hostile import png_header

FEW, MANY = 10_000_000, 60_000_000


@pytest.mark.parametrize(("width", "height"), [(4096, 4096), (4800, 3584), (6336, 2688)])
def test_the_largest_that_providers_make_is_read_however_small_uploads_must_be(width, height):
    picture = inspect(png_header(width, height), raw_limits(FEW))

    assert picture.pixels == width * height > FEW


def test_where_uploads_may_have_more_results_may_too():
    assert raw_limits(MANY).max_image_pixels == MANY


def test_a_result_that_no_provider_makes_is_refused_by_its_header():
    with pytest.raises(PermanentError) as refused:
        inspect(png_header(5001, 5000), raw_limits(FEW))

    assert refused.value.code is ErrorCode.IMAGE_TOO_LARGE
    assert MIN_RAW_PIXELS < 5001 * 5000
