"""Results: in the asked format, upright, without a trace of the source's metadata."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.encode import Encoded
from services.chassis.images.limits import ImageLimits, raw_limits
from services.chassis.images.load import open_lazily
from services.chassis.images.pool import PixelPool
from services.storage.domain.finishing import Finisher
from tests.unit.chassis import drawn

NEARLY_WHITE = 250


@pytest.fixture
async def finisher() -> AsyncIterator[Finisher]:
    pool = PixelPool()
    yield Finisher(raw_limits(50_000_000), pool)
    pool.close()


def opened(result: Encoded):
    return open_lazily(result.data, result.content_type.removeprefix("image/"))


async def test_a_result_is_a_progressive_jpeg(finisher: Finisher) -> None:
    result = await finisher.finish(drawn.png(80, 60), None)

    assert (result.content_type, result.width_pixels, result.height_pixels) == (
        "image/jpeg",
        80,
        60,
    )
    assert opened(result).get("jpeg-multiscan")


async def test_transparency_is_kept_unless_another_format_was_asked(finisher: Finisher) -> None:
    clear = drawn.png(alpha=True)

    assert (await finisher.finish(clear, None)).content_type == "image/png"
    webp = await finisher.finish(clear, "image/webp")
    assert opened(webp).hasalpha()


async def test_a_jpeg_of_a_clear_picture_lies_on_white(finisher: Finisher) -> None:
    clear_on_the_right = drawn.png(64, 48, alpha=True)

    result = await finisher.finish(clear_on_the_right, "image/jpeg")

    assert min(opened(result).copy_memory()(60, 24)) >= NEARLY_WHITE


@pytest.mark.parametrize("output_format", ["jpeg", "png", "webp"])
async def test_the_asked_format_is_what_comes(finisher: Finisher, output_format: str) -> None:
    result = await finisher.finish(drawn.jpeg(), f"image/{output_format}")

    assert result.content_type == f"image/{output_format}"


@pytest.mark.parametrize("raw", [b"", b"no picture", drawn.jpeg()[:-100], drawn.png()[:-60]])
async def test_what_does_not_decode_is_an_invalid_result(finisher: Finisher, raw: bytes) -> None:
    with pytest.raises(PermanentError) as refused:
        await finisher.finish(raw, None)

    assert refused.value.code is ErrorCode.RESULT_INVALID
    assert "image service" in refused.value.sentence


async def test_a_picture_that_declares_too_much_is_refused_by_its_header() -> None:
    pool = PixelPool()
    finisher = Finisher(ImageLimits(max_image_pixels=100), pool)

    with pytest.raises(PermanentError) as refused:
        await finisher.finish(drawn.jpeg(64, 48), None)

    assert refused.value.code is ErrorCode.RESULT_INVALID
    pool.close()


async def test_a_result_is_finished_though_no_upload_may_be_as_large() -> None:
    pool = PixelPool()
    finisher = Finisher(raw_limits(100), pool)

    result = await finisher.finish(drawn.jpeg(64, 48), None)

    assert (result.width_pixels, result.height_pixels) == (64, 48)
    pool.close()


async def test_the_loop_goes_on_while_pixels_are_encoded(finisher: Finisher) -> None:
    ticks = 0
    finishing = asyncio.create_task(finisher.finish(drawn.png(1500, 1500), None))
    while not finishing.done():
        await asyncio.sleep(0)
        ticks += 1

    assert finishing.result().content_type == "image/jpeg"
    assert ticks > 10
