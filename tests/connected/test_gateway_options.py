"""What may be asked of the model, as the renderer tells it over a real bus."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.commands import PlatformOwner, SubmitJob
from contracts.events import SubmissionRejected
from contracts.journal import Options
from contracts.subjects import COMMANDS, FEED, JOB_SUBMIT, JOURNAL, SUBMISSION_REJECTED
from tests.connected.gateways import (
    ABILITIES,
    UNLIMITED,
    Others,
    gateway,
    others,
    until_ready,
)
from tests.pictures import plain
from tests.servers import nats_server

FRONT = UNLIMITED
PICTURE = plain(64, 48)
PATIENCE_SECONDS = 20.0


async def post(api: httpx.AsyncClient, key: str | None = None, **options: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    form = {"prompt": "blue", **{name: str(value) for name, value in options.items()}}
    return await api.post("/edit-image/", data=form, files={"image": PICTURE}, headers=headers)


async def over_the_bus(behind: Others, api: httpx.AsyncClient, options: Options) -> None:
    """Send the same over the bus and wait until the gateway is through with it."""
    upload = (await api.post("/api/images", content=PICTURE)).json()
    command = SubmitJob(
        owner=PlatformOwner(user_id="user"),
        prompt="blue",
        image_id=upload["image_id"],
        options=options,
        correlation_id="c",
    )
    await behind.bus.publish(JOB_SUBMIT, command, message_id=str(uuid4()))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await behind.count(COMMANDS):
            await asyncio.sleep(0.02)


async def test_what_the_model_honours_is_asked_of_it(api, behind):
    answer = await post(api, model="shapely", seed=7, aspect_ratio="16:9")

    options = (await behind.last(answer.json()["edit_id"])).facts.options
    assert (options.model, options.seed, options.aspect_ratio) == ("shapely", 7, "16:9")


UNFIT: dict[str, tuple[dict[str, Any], str, str]] = {
    "a model": ({"model": "other"}, "OPTION_UNSUPPORTED", "one of: plain, shapely"),
    "a seed": ({"seed": 7}, "OPTION_UNSUPPORTED", "plain cannot honour `seed`"),
    "a shape": (
        {"model": "shapely", "aspect_ratio": "4:3"},
        "OPTION_UNSUPPORTED",
        "one of: 1:1, 16:9, 9:16",
    ),
    "any shape": ({"aspect_ratio": "1:1"}, "OPTION_UNSUPPORTED", "cannot honour `aspect_ratio`"),
    "a seed of 33 bits": ({"seed": 2**32}, "INVALID_REQUEST", "from 0 to 4,294,967,295"),
}


@pytest.mark.parametrize(("options", "code", "words"), UNFIT.values(), ids=UNFIT)
async def test_both_doors_refuse_what_the_model_cannot_honour(
    api, behind, options: dict[str, Any], code: str, words: str
):
    before = await behind.count(JOURNAL)

    answer = await post(api, **options)
    await over_the_bus(behind, api, Options(**options))

    heard = await behind.bus.js.get_last_msg(FEED, SUBMISSION_REJECTED)
    rejected = SubmissionRejected.model_validate_json(heard.data or b"")
    for status, error_code, detail in (
        (answer.status_code, answer.json()["error_code"], answer.json()["detail"]),
        (rejected.problem.status, rejected.problem.error_code, rejected.problem.detail),
    ):
        assert (status, error_code) == (422, code)
        assert words in detail
    assert await behind.count(JOURNAL) == before


async def test_both_doors_share_one_answer_of_the_renderer(api, behind):
    await post(api, model="shapely")
    before = behind.asked

    await asyncio.gather(*(post(api, model="shapely", seed=n) for n in range(20)))
    await over_the_bus(behind, api, Options(model="shapely", seed=7))

    assert behind.asked <= before + 1  # at most the half minute ended meanwhile


async def test_a_renderer_that_was_never_heard_holds_up_special_options_alone(tmp_path):
    with nats_server(tmp_path) as server, gateway(tmp_path, server.url, **UNLIMITED) as door:
        async with others(server.url, rate_limit_daily_images=0) as behind, door.client() as api:
            behind.abilities = None
            await until_ready(door)

            special = await post(api, seed=7)
            usual = await post(api, output_format="png")
            behind.abilities = ABILITIES
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (again := await post(api, model="shapely")).status_code == 503:
                    await asyncio.sleep(0.1)

    assert (special.status_code, special.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert special.headers["Retry-After"] == "2"
    assert "leave them out" in special.json()["detail"]
    assert (usual.status_code, again.status_code) == (200, 200)


async def test_over_the_bus_a_special_option_waits_for_the_renderer(tmp_path):
    with nats_server(tmp_path) as server, gateway(tmp_path, server.url, **UNLIMITED) as door:
        async with others(server.url, rate_limit_daily_images=0) as behind, door.client() as api:
            behind.abilities = None
            await until_ready(door)

            waiting = asyncio.create_task(
                over_the_bus(behind, api, Options(model="shapely", seed=7))
            )
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not behind.asked:
                    await asyncio.sleep(0.02)
            behind.abilities = ABILITIES
            await waiting

            assert await behind.count(JOURNAL) == 1
