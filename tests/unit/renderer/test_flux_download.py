"""Results are fetched without the key, within bounds, and checked like anybody's picture."""

from urllib.parse import parse_qsl

import pytest

from contracts.errors import ErrorCode
from services.chassis.collect import ForgottenError
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.renderer.adapters.flux import Deadlines
from services.renderer.domain.editing import Ready
from services.renderer.domain.models import MODELS
from tests.pictures import means, plain
from tests.unit.chassis import drawn
from tests.unit.renderer.flux_opened import (
    PICTURE,
    edited,
    handle,
    opened,
    ordered,
    ready,
    serving,
    source,
    wish,
)

INVALID = ErrorCode.RESULT_INVALID


async def fetched(flux, bfl, **fault):
    """A result on whose way something goes wrong."""
    task = await ordered(flux)
    found = await ready(flux, task)
    bfl.fault("download", **fault)
    return await flux.download(task, found)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_a_picture_goes_all_the_way(flux, model):
    picture = plain(320, 256)

    result = await edited(flux, wish(model.name), source(picture, 320, 256))

    assert (result.provider, result.model) == ("flux", model.name)
    assert result.content_type in {"image/jpeg", "image/png"}
    assert means(result.data)[2] > means(picture)[2] + 20


@pytest.mark.parametrize(("asked", "made"), [("png", "image/png"), ("jpeg", "image/jpeg")])
async def test_a_result_is_what_its_bytes_say(flux, bfl, asked, made):
    bfl.fault("download", preset="wrong_type")

    result = await edited(flux, wish(output_format=asked))

    assert result.content_type == made
    assert (result.width_pixels, result.height_pixels) == (96, 64)


async def test_a_shape_that_is_asked_for_is_given(flux):
    result = await edited(flux, wish(aspect_ratio="1:2"))

    assert 2 * result.width_pixels == result.height_pixels


async def test_a_result_is_taken_though_no_upload_may_be_as_large(bfl):
    async with opened(bfl.url, max_image_pixels=96 * 64) as flux:
        result = await edited(flux, wish(aspect_ratio="1:2"))

    assert result.width_pixels * result.height_pixels > 96 * 64


async def test_the_key_never_goes_to_where_results_are(flux, bfl):
    await edited(flux)

    headers = bfl.requests("download")[-1]["headers"]
    assert bfl.counters()["key_leaks"] == 0
    assert bfl.key not in str(headers)
    assert "cookie" not in headers


@pytest.mark.parametrize("preset", ["no_type", "unsized"])
async def test_what_is_whole_is_taken_whatever_its_headers(flux, bfl, preset):
    assert (await fetched(flux, bfl, preset=preset)).content_type == "image/jpeg"


@pytest.mark.parametrize(
    "fault",
    [
        *({"preset": preset} for preset in ("garbage", "truncated", "empty_file", "bomb")),
        {"body": "<html>Back soon</html>"},
    ],
    ids=str,
)
async def test_a_file_that_is_no_picture_ends_the_job_when_it_is_none_again(flux, bfl, fault):
    with pytest.raises(ForgottenError) as missed:
        await fetched(flux, bfl, **fault)

    assert missed.value.verdict.code is INVALID


@pytest.mark.parametrize("preset", ["oversized", "oversized_unsized"])
async def test_no_more_is_read_than_a_result_may_have(flux, bfl, preset):
    with pytest.raises(PermanentError, match="too many bytes"):
        await fetched(flux, bfl, preset=preset)


async def test_nothing_is_unpacked(flux, bfl):
    await edited(flux)

    asked = {request["headers"]["accept-encoding"] for request in bfl.requests()}
    assert asked == {"identity"}


async def test_a_picture_of_a_type_that_flux_does_not_make_ends_the_job_at_once():
    tiff = drawn.tiff()
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(tiff)

    async with serving(answer + tiff) as url, opened(url) as flux:
        with pytest.raises(PermanentError) as invalid:
            await flux.download(handle(), Ready(f"{url}/sample"))

    assert invalid.value.code is INVALID


@pytest.mark.parametrize(
    "fault",
    [
        {"cut": "midway"},
        {"cut": "midway", "reset": True},
        {"cut": "before", "times": 2},
        {"status": 500},
        {"status": 429},
        {"preset": "redirect"},
    ],
    ids=str,
)
async def test_what_may_pass_is_tried_again(flux, bfl, fault):
    with pytest.raises(TransientError) as passing:
        await fetched(flux, bfl, **fault)

    assert type(passing.value) is TransientError


@pytest.mark.parametrize("fault", [{"preset": "expired"}, {"status": 404}, {"status": 410}])
async def test_a_result_that_is_gone_is_forgotten(flux, bfl, fault):
    with pytest.raises(ForgottenError):
        await fetched(flux, bfl, **fault)


async def test_an_address_is_good_for_ten_minutes(flux, bfl):
    task = await ordered(flux)
    found = await ready(flux, task)
    bfl.ahead(601)

    with pytest.raises(ForgottenError):
        await flux.download(task, found)


async def test_a_file_that_trickles_ends_with_the_deadline(bfl):
    async with opened(bfl.url, deadlines=Deadlines(download=0.3)) as flux:
        with pytest.raises(TransientError):
            await fetched(flux, bfl, bytes_per_second=10)


@pytest.mark.parametrize(
    "url", ["https://evil.example/a.png", "http://delivery.eu2.bfl.ai/a.png", "file:///a.png"]
)
async def test_a_result_elsewhere_is_not_fetched_and_calls_for_an_operator(flux, bfl, url, caplog):
    with pytest.raises(UnavailableError) as refused:
        await flux.download(handle(), Ready(url))

    assert "provider_needs_operator" in caplog.text
    assert "a.png" not in str(refused.value) + caplog.text
    assert bfl.counters()["downloads"] == 0


async def test_an_error_does_not_repeat_the_signed_address(flux, bfl, caplog):
    task = await ordered(flux)
    found = await ready(flux, task)
    bfl.fault("download", status=500)

    with pytest.raises(TransientError) as failed:
        await flux.download(task, found)

    signature = found.url.partition("sig=")[2]
    assert len(signature) > 20
    assert signature not in str(failed.value) + caplog.text
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


async def test_a_file_without_an_end_is_tried_again_when_it_stops_early():
    answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
    half = PICTURE[: len(PICTURE) // 2]

    async with serving(answer + half) as url, opened(url) as flux:
        with pytest.raises(TransientError) as passing:
            await flux.download(handle(), Ready(f"{url}/sample"))

    assert type(passing.value) is TransientError


async def test_a_file_without_an_end_is_taken_when_it_is_whole():
    answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"

    async with serving(answer + PICTURE) as url, opened(url) as flux:
        result = await flux.download(handle(), Ready(f"{url}/sample"))

    assert result.data == PICTURE


async def test_a_signed_address_means_on_arrival_what_it_meant(flux, bfl):
    signed = "se=2026-11-20T10%3A10%3A00Z&sig=a%2Bb%2Fc%3D%26&x=a+b%20c"

    with pytest.raises(ForgottenError):
        await flux.download(handle(), Ready(f"{bfl.url}/results/x/sample.png?{signed}"))

    assert parse_qsl(bfl.requests("download")[-1]["query"]) == parse_qsl(signed)
