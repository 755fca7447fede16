"""Pictures by Gemini, over real HTTP: what is sent, what comes back, and every way to get none."""

import asyncio
import hashlib
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Any

import pytest
import pyvips

from contracts.errors import ErrorCode
from contracts.journal import Options
from services.chassis.breaker import OPENS_AFTER, Breaker
from services.chassis.errors import PermanentError, TransientError
from services.chassis.hold import NotSubmittedError
from services.chassis.images.check import inspect
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits, raw_limits
from services.chassis.images.pool import PixelPool
from services.chassis.providers import Provider
from services.renderer.adapters.gemini import GeminiImages, open_gemini_images
from services.renderer.domain.editing import Edited, Source, Wish
from services.renderer.domain.gemini_models import DEFAULT, MODELS, RATIOS, abilities
from services.renderer.settings import RendererSettings
from tests.emulators.running import Emulator
from tests.hostile import png_header
from tests.pictures import means, plain
from tests.unit.chassis import drawn

LIMITS = ImageLimits()
PICTURE = plain(96, 64)
LITE = "gemini-3.1-flash-lite-image"


@asynccontextmanager
async def opened(google: Emulator, **more: Any) -> AsyncIterator[GeminiImages]:
    values = {"gemini_api_key": google.key, "gemini_base_url": google.url, **more}
    settings = RendererSettings(**values)
    breaker = Breaker("gemini-test")
    with closing(PixelPool(threads=1)) as pool:
        checker = ImageChecker(raw_limits(settings.max_image_pixels), pool)
        async with open_gemini_images(
            settings, Provider("gemini", breaker), checker=checker, pool=pool
        ) as images:
            yield images


def source(data: bytes = PICTURE) -> Source:
    picture = inspect(data, LIMITS)
    return Source(
        data=data,
        content_type=picture.content_type,
        width_pixels=picture.width_pixels,
        height_pixels=picture.height_pixels,
    )


def wish(model: str = DEFAULT.name, **options: Any) -> Wish:
    return Wish(
        prompt="make it red",
        instruction="Make the picture red.",
        model=model,
        options=Options(**options),
    )


async def edited(
    google: Emulator, pictured: Source | None = None, asked: Wish | None = None, **more: Any
) -> Edited:
    async with opened(google, **more) as images:
        return await edit(images, pictured or source(), asked or wish())


async def edit(images: GeminiImages, pictured: Source, asked: Wish) -> Edited:
    """From the picture to the checked result, as a job comes by it."""
    ready = await images.prepare(pictured, asked)
    return await images.check(await images.make(ready, asked))


def sent(google: Emulator) -> Any:
    (request,) = google.requests("generate")
    return request["body"]


def digest(data: bytes) -> dict[str, object]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


async def test_the_picture_comes_back_changed_with_the_name_of_the_model(google):
    result = await edited(google)

    red, green, blue = means(result.data)
    assert red > max(green, blue)
    assert (result.provider, result.model) == ("gemini", DEFAULT.name)
    assert result.content_type == "image/png"
    image = pyvips.Image.new_from_buffer(result.data, "")
    assert (image.width, image.height) == (result.width_pixels, result.height_pixels)


async def test_the_picture_and_the_precise_instruction_are_sent(google):
    await edited(google)

    (turn,) = sent(google)["contents"]
    picture, words = turn["parts"]
    assert picture["inlineData"] == {"data": digest(PICTURE), "mime_type": "image/jpeg"}
    assert words == {"text": "Make the picture red."}


async def test_what_it_is_to_look_like_comes_after_the_picture(google):
    example = plain(40, 40)

    await edited(google, asked=replace(wish(), references=(source(example),)))

    (turn,) = sent(google)["contents"]
    first, second, words = turn["parts"]
    assert first["inlineData"]["data"] == digest(PICTURE)
    assert second["inlineData"]["data"] == digest(example)
    assert words == {"text": "Make the picture red."}


async def test_without_a_wanted_shape_the_model_keeps_that_of_the_source(google):
    await edited(google)

    config = sent(google)["generationConfig"]
    assert config == {"responseModalities": ["IMAGE"], "imageConfig": {"imageSize": "1K"}}


@pytest.mark.parametrize(
    ("longer", "size"), [(1, "1K"), (1024, "1K"), (1025, "2K"), (2048, "2K"), (9000, "4K")]
)
def test_the_smallest_size_that_covers_the_source_is_asked_for(longer: int, size: str):
    assert DEFAULT.size_for(longer) == size


async def test_a_model_of_one_size_is_not_asked_for_another(google):
    await edited(google, source(plain(2000, 10)), wish(LITE))

    assert "imageSize" not in sent(google)["generationConfig"].get("imageConfig", {})


@pytest.mark.parametrize("ratio", RATIOS)
async def test_a_wanted_shape_is_asked_for(google, ratio: str):
    result = await edited(google, asked=wish(aspect_ratio=ratio))

    wide, high = map(int, ratio.split(":"))
    assert result.width_pixels / result.height_pixels == pytest.approx(wide / high, rel=0.1)


@pytest.mark.parametrize(
    "refused", [wish(seed=7), wish(aspect_ratio="5:7"), wish("gemini-2.5-flash-image")]
)
async def test_what_the_model_cannot_honour_is_refused_and_never_ignored(google, refused: Wish):
    with pytest.raises(PermanentError) as error:
        await edited(google, asked=refused)

    assert error.value.code is ErrorCode.OPTION_UNSUPPORTED
    assert google.requests() == []


def test_what_may_be_asked_for_is_known_to_the_gateway():
    assert [abilities(model).seed for model in MODELS] == [False] * len(MODELS)
    assert abilities(DEFAULT).aspect_ratios == RATIOS


@pytest.mark.parametrize("preset", ["quota", "overloaded"])
async def test_who_is_turned_away_waits_and_is_not_charged_a_try(google, preset: str):
    google.fault("generate", preset=preset)

    with pytest.raises(NotSubmittedError) as turned_away:
        await edited(google)

    assert turned_away.value.retry_after == (11.0 if preset == "quota" else None)


async def test_where_nobody_listens_nothing_was_submitted():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(NotSubmittedError):
        await edited(Emulator(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize(
    "fault",
    [
        *({"cut": cut} for cut in ("before", "after", "midway")),
        *({"preset": preset} for preset in ("internal", "deadline", "html_502")),
        *({"preset": preset} for preset in ("broken_json_200", "empty_body", "created_201")),
    ],
)
async def test_after_a_lost_answer_nobody_claims_to_know(google, fault: dict[str, Any]):
    google.fault("generate", **fault)

    with pytest.raises(TransientError) as lost:
        await edited(google)

    assert not isinstance(lost.value, NotSubmittedError)
    assert google.counters()["posts"] == 1


@pytest.mark.parametrize("reason", ["no_image", "image_other", "other", "max_tokens", "stop"])
async def test_an_answer_without_a_picture_asks_for_other_words(google, reason: str):
    google.fault("generate", preset=f"finish_{reason}")

    with pytest.raises(PermanentError, match=f"ended with {reason.upper()}") as nothing:
        await edited(google)

    assert nothing.value.code is ErrorCode.NOT_UNDERSTOOD
    assert "other words" in nothing.value.sentence


async def test_pictures_that_cannot_be_made_do_not_shut_everybody_out(google):
    google.fault("generate", preset="finish_no_image", times=OPENS_AFTER)
    async with opened(google) as images:
        for _ in range(OPENS_AFTER):
            with pytest.raises(PermanentError):
                await edit(images, source(), wish())

        assert not images._provider.breaker.is_open


@pytest.mark.parametrize(
    ("preset", "because"),
    [
        ("finish_image_safety", "the picture goes against its safety rules"),
        ("finish_image_prohibited_content", "the picture would show prohibited content"),
        ("finish_image_recitation", "the picture would copy somebody's work"),
        ("blocked_prohibited_content", "it shows or asks for prohibited content"),
    ],
)
async def test_a_declined_picture_is_final_and_says_why(google, preset: str, because: str):
    google.fault("generate", preset=preset)

    with pytest.raises(PermanentError) as declined:
        await edited(google)

    assert declined.value.code is ErrorCode.CONTENT_MODERATED
    assert declined.value.sentence == f"The image service declined this because {because}."


@pytest.mark.parametrize("preset", ["wrong_key", "no_permission", "no_billing"])
async def test_a_refused_key_is_an_operator_alert(google, preset: str, caplog):
    google.fault("generate", preset=preset)

    with pytest.raises(PermanentError) as refused:
        await edited(google)

    assert refused.value.code is ErrorCode.PROVIDER_AUTH
    assert [record.message for record in caplog.records] == ["provider_needs_operator"]


def drawing(*pictures: str, **last: object) -> dict[str, object]:
    """An answer with these pictures; `last` is said of the last one."""
    parts = [{"inlineData": {"mimeType": "image/png", "data": data}} for data in pictures]
    content = {"parts": [*parts[:-1], {**parts[-1], **last}]}
    return {"candidates": [{"content": content, "finishReason": "STOP"}]}


@pytest.mark.parametrize("data", ["", "bm8gcGljdHVyZQ==", "iVBORw0KGgoAAAANSUhEUg=="])
async def test_a_result_that_is_no_picture_is_said_to_be_none(google, data: str):
    google.fault("generate", body=drawing(data))

    with pytest.raises(PermanentError) as invalid:
        await edited(google)

    assert invalid.value.code is ErrorCode.RESULT_INVALID


async def test_a_result_with_more_pixels_than_we_read_is_not_decoded(google):
    google.fault("generate", body=drawing(b64encode(png_header(9000, 9000)).decode()))

    with pytest.raises(PermanentError, match="IMAGE_TOO_LARGE") as invalid:
        await edited(google)

    assert invalid.value.code is ErrorCode.RESULT_INVALID


@pytest.mark.parametrize(("last", "result"), [({}, "second"), ({"thought": True}, "first")])
async def test_the_last_picture_is_the_result_and_thoughts_are_none(google, last, result: str):
    made = {"first": drawn.png(), "second": drawn.jpeg()}
    google.fault("generate", body=drawing(*(b64encode(m).decode() for m in made.values()), **last))

    assert (await edited(google)).data == made[result]


async def test_words_and_thoughts_around_the_picture_do_no_harm(google):
    google.set(with_thought=True, with_text=True)

    red, green, blue = means((await edited(google)).data)

    assert red > max(green, blue)


async def test_two_pictures_at_a_time_share_the_client(google):
    async with opened(google) as images:
        first, second = await asyncio.gather(
            edit(images, source(), wish()), edit(images, source(), wish(LITE))
        )

    assert {first.model, second.model} == {DEFAULT.name, LITE}
