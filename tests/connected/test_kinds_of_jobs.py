"""Submitting variations, background removals and descriptions, over HTTP and over the bus."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.events import EVENT_SUBJECTS
from contracts.journal import Kind, Stage
from contracts.paths import PATHS
from contracts.subjects import EVENTS, JOURNAL
from tests.connected.entrances import Entrance, OverTheBus, accepted, image_of, refused
from tests.connected.gateways import INK, REFERENCE, UNLIMITED, Others
from tests.pictures import plain

FRONT = UNLIMITED
PICTURE = plain(64, 48)
WITH_PICTURES = [Kind.VARIATION, Kind.CUTOUT]


@pytest.fixture
async def image_id(platform_api: httpx.AsyncClient) -> str:
    return await image_of(platform_api, PICTURE)


@pytest.fixture
def bus_door(platform_api: httpx.AsyncClient, behind: Others) -> OverTheBus:
    return OverTheBus(platform_api, behind)


async def announced(behind: Others, kind: Kind) -> str:
    """The job of the latest event of that kind."""
    message = await behind.bus.js.get_last_msg(EVENTS, EVENT_SUBJECTS[PATHS[kind].requested])
    return str(PATHS[kind].requested.model_validate_json(message.data or b"").job_id)


@pytest.mark.parametrize("kind", WITH_PICTURES)
async def test_a_job_of_an_upload_is_stored_and_announced(entrance, behind, image_id, kind: Kind):
    entry = await accepted(entrance, kind=kind, image_id=image_id)

    assert (entry.kind, entry.stage, entry.facts.prompt) == (kind, Stage.PENDING, "")
    assert entry.facts.original is not None
    assert f"/{kind}/{entry.job_id}/original-" in entry.facts.original.key
    assert await announced(behind, kind) == str(entry.job_id)


async def test_a_description_is_asked_for_over_the_bus_by_an_uploads_id(bus_door, behind, image_id):
    entry = await accepted(bus_door, kind=Kind.DESCRIPTION, image_id=image_id)

    assert entry.public.message == "Your description is queued..."
    assert await announced(behind, Kind.DESCRIPTION) == str(entry.job_id)


async def test_a_variation_keeps_what_is_asked_and_the_style_as_it_is(entrance, image_id):
    options = {"style_id": "ink", "fast": True}

    entry = await accepted(
        entrance, kind=Kind.VARIATION, image_id=image_id, prompt=" softer ", options=options
    )

    facts = entry.facts
    assert (facts.prompt, facts.options.style_id, facts.options.fast) == ("softer", "ink", True)
    assert facts.style == INK


async def test_without_a_picture_the_styles_reference_is_varied(entrance):
    entry = await accepted(entrance, kind=Kind.VARIATION, options={"style_id": "ink"})

    assert entry.facts.original is not None
    assert entry.facts.original.size_bytes == len(REFERENCE)


REFUSED: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "a variation of nothing": ({"kind": Kind.VARIATION}, (422, "INVALID_REQUEST")),
    "a style without a picture": (
        {"kind": Kind.VARIATION, "options": {"style_id": "words"}},
        (422, "INVALID_REQUEST"),
    ),
    "an unknown style": (
        {"kind": Kind.VARIATION, "options": {"style_id": "noir"}},
        (404, "STYLE_NOT_FOUND"),
    ),
    "too many words": ({"kind": Kind.VARIATION, "prompt": "x" * 1001}, (422, "INVALID_PROMPT")),
    "words that cannot be printed": (
        {"kind": Kind.VARIATION, "prompt": " \x1c "},
        (422, "INVALID_PROMPT"),
    ),
    "a cutout of nothing": ({"kind": Kind.CUTOUT}, (422, "INVALID_REQUEST")),
    "a cutout in a style": (
        {"kind": Kind.CUTOUT, "image_id": True, "options": {"style_id": "ink"}},
        (422, "OPTION_UNSUPPORTED"),
    ),
    "a cutout with words": (
        {"kind": Kind.CUTOUT, "image_id": True, "prompt": "blue"},
        (422, "OPTION_UNSUPPORTED"),
    ),
    "a variation that continues an edit": (
        {"kind": Kind.VARIATION, "image_id": True, "parent_edit_uuid": str(uuid4())},
        (422, "OPTION_UNSUPPORTED"),
    ),
    **{
        f"an unknown image for a {kind}": (
            {"kind": kind, "image_id": str(uuid4())},
            (404, "IMAGE_NOT_FOUND"),
        )
        for kind in WITH_PICTURES
    },
}


@pytest.mark.parametrize(("fields", "refusal"), REFUSED.values(), ids=REFUSED)
async def test_both_doors_refuse_alike_and_start_nothing(
    entrance: Entrance, behind, image_id, fields: dict[str, Any], refusal: tuple[int, str]
):
    before = await behind.count(JOURNAL)
    if fields.get("image_id") is True:
        fields = {**fields, "image_id": image_id}

    assert await refused(entrance, **fields) == refusal
    assert await behind.count(JOURNAL) == before


@pytest.mark.parametrize("fields", [{"prompt": "blue"}, {"options": {"seed": 7}}])
async def test_a_description_takes_a_picture_alone(
    bus_door, behind, image_id, fields: dict[str, Any]
):
    before = await behind.count(JOURNAL)

    refusal = await refused(bus_door, kind=Kind.DESCRIPTION, image_id=image_id, **fields)

    assert refusal == (422, "OPTION_UNSUPPORTED")
    assert await behind.count(JOURNAL) == before


@pytest.mark.parametrize("kind", WITH_PICTURES)
async def test_a_key_is_one_job_and_not_one_of_another_kind(entrance, image_id, kind: Kind):
    fields = {"image_id": image_id, "key": str(uuid4())}

    first, again = [await accepted(entrance, kind=kind, **fields) for _ in range(2)]
    other = await refused(entrance, kind=Kind.EDIT, prompt="blue", **fields)

    assert first.job_id == again.job_id
    assert other == (422, "IDEMPOTENCY_KEY_REUSED")
