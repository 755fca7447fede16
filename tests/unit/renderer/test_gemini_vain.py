"""A paid answer of Gemini: as much of it is used as there is, and it counts as one."""

from base64 import b64encode

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Slot
from services.chassis.breaker import OPENS_AFTER
from services.chassis.errors import PermanentError, TransientError
from services.chassis.hold import NotSubmittedError
from services.storage.domain.feed import returned
from tests.pictures import plain
from tests.samples import job
from tests.unit.chassis import drawn
from tests.unit.renderer.test_gemini_editor import edit, edited, opened, source, wish

PLAIN = plain(96, 64)
PICTURE = {"inlineData": {"mimeType": "image/png", "data": b64encode(drawn.png()).decode()}}
NO_DATA = {"inlineData": {"mimeType": "image/png"}}
EMPTY = {"inlineData": {"mimeType": "image/png", "data": ""}}
NO_BASE64 = {"inlineData": {"mimeType": "image/png", "data": "?!"}}


def answer(*parts: object) -> dict[str, object]:
    return {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}


@pytest.mark.parametrize("broken", [None, NO_DATA, NO_BASE64, EMPTY, {"text": 7}], ids=str)
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_broken_part_does_not_spoil_the_picture_beside_it(google, broken, is_first):
    parts = (broken, PICTURE) if is_first else (PICTURE, broken)
    google.fault("generate", body=answer(*parts))

    assert (await edited(google)).data == drawn.png()


@pytest.mark.parametrize("parts", [(NO_DATA,), (NO_BASE64,), ({"text": "Here it is."}, NO_DATA)])
async def test_a_picture_that_cannot_be_read_may_come_whole_the_next_time(google, parts):
    google.fault("generate", body=answer(*parts))

    with pytest.raises(TransientError) as broken:
        await edited(google)

    assert not isinstance(broken.value, NotSubmittedError)


async def test_pictures_that_cannot_be_read_are_failures_of_the_provider(google):
    google.fault("generate", body=answer(NO_BASE64), times=OPENS_AFTER)
    async with opened(google) as images:
        for _ in range(OPENS_AFTER):
            with pytest.raises(TransientError):
                await edit(images, source(), wish())

        assert images._provider.breaker.is_open


async def test_a_result_is_taken_though_no_upload_may_be_as_large(google):
    upload = source(PLAIN)

    result = await edited(google, upload, max_image_pixels=upload.pixels)

    assert result.width_pixels * result.height_pixels > upload.pixels


async def test_words_that_no_picture_comes_of_keep_their_place_of_the_quota(google):
    google.fault("generate", body=answer({"text": "I would rather not."}))
    placed = job(quota=(Slot(policy="daily", sequence=3),))

    with pytest.raises(PermanentError) as nothing:
        await edited(google)

    assert nothing.value.code is ErrorCode.NOT_UNDERSTOOD
    assert nothing.value.sentence == (
        "The image service made no picture of this. Please try it in other words."
    )
    assert returned(placed.fail(nothing.value.code, nothing.value.sentence)) == ()
