"""Variations, background removals, their jobs, and the pictures and styles under `/api`."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.journal import Kind
from tests import api
from tests.api import Json
from tests.pictures import photo, pixels, plain
from tests.rows.doors import USER, Door, completed, image_of
from tests.subjects import encoded, mug

STYLE = "ink-and-paper"
IN_STYLE: Json = {"kind": Kind.VARIATION, "prompt": "", "style_id": STYLE}
CUT_OUT: Json = {"kind": Kind.CUTOUT, "prompt": ""}
SCENE = encoded(mug("gradient", 400).pixels, suffix=".jpg")
ACCEPTED = {"job_id", "status_url", "stream_url", "edit_token"}
STAGES = {
    Kind.VARIATION: [
        (10, "Your variation is queued..."),
        (25, "Enhancing your prompt with AI..."),
        (40, "Preparing your image..."),
        (65, "Creating your variation with AI..."),
        (90, "Finalizing your variation..."),
        (100, "Variation completed successfully!"),
    ],
    Kind.CUTOUT: [
        (10, "Your image is queued..."),
        (40, "Preparing your image..."),
        (65, "Removing the background..."),
        (90, "Finalizing your image..."),
        (100, "Background removed successfully!"),
    ],
}


async def told_of(client: httpx.AsyncClient, job: str) -> Json:
    return dict((await client.get(f"/api/jobs/{job}")).json())


@pytest.fixture
async def scene(client) -> str:
    """An upload with a subject in it."""
    return await image_of(client, SCENE)


async def test_a_variation_takes_over_the_style_and_says_which(client, door: Door, styles, scene):
    job = await completed(client, door, **IN_STYLE, image_id=scene)

    told = await told_of(client, job)
    assert (told["kind"], told["style_id"], told["prompt"]) == ("variation", STYLE, None)
    assert told["edited_image_url"] is None
    result = await client.get(told["result_url"])
    assert pixels(result.content).shape == (400, 400, 3)
    assert result.content != SCENE


async def test_without_a_picture_the_styles_reference_is_varied(client, door: Door, styles):
    fields = IN_STYLE | {"prompt": "make it warmer"}

    job = await completed(client, door, **fields)

    reference = await client.get(f"/api/styles/{STYLE}/reference")
    original = await client.get((await told_of(client, job))["original_image_url"])
    assert original.content == reference.content


async def test_a_background_is_removed_as_a_png_with_transparency(client, door: Door, scene):
    job = await completed(client, door, **CUT_OUT, image_id=scene)

    result = await client.get((await told_of(client, job))["result_url"])
    assert result.headers["content-type"] == "image/png"
    assert result.content[25] == 6  # the header says RGB with alpha


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"kind": Kind.VARIATION, "prompt": ""}, (422, "INVALID_REQUEST")),
        ({"kind": Kind.VARIATION, "prompt": "x" * 1001, "image_id": True}, (422, "INVALID_PROMPT")),
        (IN_STYLE | {"style_id": "no-such", "image_id": True}, (404, "STYLE_NOT_FOUND")),
        (IN_STYLE | {"image_id": str(uuid4())}, (404, "IMAGE_NOT_FOUND")),
        # The local renderer varies nothing without words or an example.
        ({"kind": Kind.VARIATION, "prompt": "", "image_id": True}, (422, "OPTION_UNSUPPORTED")),
        (CUT_OUT, (422, "INVALID_REQUEST")),
        (CUT_OUT | {"image_id": str(uuid4())}, (404, "IMAGE_NOT_FOUND")),
        (CUT_OUT | {"style_id": STYLE, "image_id": True}, (422, "OPTION_UNSUPPORTED")),
    ],
)
async def test_both_doors_refuse_alike(
    door: Door, styles, scene, fields: dict[str, Any], refusal: tuple[int, str]
):
    if fields.get("image_id") is True:
        fields = {**fields, "image_id": scene}

    answer = await door.submit(**fields)

    assert answer.refused == refusal


@pytest.mark.parametrize("kind", STAGES)
async def test_each_stage_is_told_with_its_progress_and_sentence(
    client, door: Door, styles, scene, kind: Kind
):
    fields = IN_STYLE if kind is Kind.VARIATION else CUT_OUT
    job = await completed(client, door, **fields, image_id=scene)

    stream = (await client.get(f"/api/jobs/{job}/stream")).text

    frames = [line for line in stream.splitlines() if line.startswith("data: ")]
    told = [json.loads(frame.removeprefix("data: ")) for frame in frames]
    stages = dict.fromkeys((status["progress_percent"], status["message"]) for status in told)
    assert list(stages) == STAGES[kind]
    assert told[-1] == await told_of(client, job)


@pytest.mark.parametrize("path", ["/api/variations", "/api/remove-background/"])
async def test_the_answer_over_http_is_202_and_tells_where_to_look(client, styles, path: str):
    style = {"style_id": STYLE} if "variations" in path else {}

    answer = await client.post(path, data=style, files={"image": SCENE})

    told = answer.json()
    assert (answer.status_code, set(told)) == (202, ACCEPTED)
    assert (await client.get(told["status_url"])).json()["job_id"] == told["job_id"]
    assert (await api.followed(client, told["job_id"]))["is_complete"]


async def test_a_job_is_cancelled_once_and_forgotten_whole(client):
    told = (await client.post("/api/remove-background", files={"image": SCENE})).json()
    path = f"/api/jobs/{told['job_id']}"

    final = (await client.post(f"{path}/cancel")).json()
    again = await client.post(f"{path}/cancel")
    original = final["original_image_url"]
    erased = (await client.delete(path)).json()

    assert final["is_complete"] or final["is_error"]
    assert (again.status_code, again.json()) == (200, final)
    assert "original" in erased["removed"]["objects"]
    for gone in (path, f"/api/images/{told['job_id']}"):
        assert (await client.get(gone)).status_code == 404
    assert (await client.get(original)).status_code == 404


async def test_a_result_is_rated_and_stands_in_the_history(client, door: Door, scene):
    job = await completed(client, door, **CUT_OUT, image_id=scene)

    rated = await client.post("/feedback/", json={"edit_uuid": job, "rating": 1})
    cutouts = (await client.get("/api/history?kind=cutout", headers=USER)).json()["items"]

    assert rated.status_code == 200
    assert cutouts[0] == await told_of(client, job)
    assert {item["kind"] for item in cutouts} == {"cutout"}


async def test_pictures_are_read_by_their_id_by_their_owner(client, door: Door, scene):
    job = await completed(client, door, **CUT_OUT, image_id=scene)

    upload = await client.get(f"/api/images/{scene}", headers=USER)
    result = await client.get(f"/api/images/{job}", headers=USER)
    original = await client.get(f"/api/images/{job}?role=original", headers=USER)
    strangers = [await client.get(f"/api/images/{image}") for image in (scene, job)]

    assert upload.content == original.content == SCENE
    assert result.headers["content-type"] == "image/png"
    assert [answer.status_code for answer in strangers] == [404, 404]


async def test_small_copies_are_webp_of_256_pixels_and_go_with_the_job(client):
    kept = (await client.post("/api/images", content=photo())).json()["image_id"]
    job = (await client.post("/api/remove-background", json={"image_id": kept})).json()
    await api.followed(client, job["job_id"])
    paths = [f"/api/images/{image}?role=original" for image in (kept, job["job_id"])]

    small = [await client.get(f"{path}&size=thumb") for path in paths]
    erased = (await client.delete(f"/api/jobs/{job['job_id']}")).json()

    for answer in small:
        assert answer.headers["content-type"] == "image/webp"
        assert max(pixels(answer.content).shape) == 256
    assert {"thumb", "upload"} <= set(erased["removed"]["objects"])
    assert [(await client.get(path)).status_code for path in paths] == [404, 404]


async def test_styles_are_told_by_name_with_what_they_look_like(client, styles):
    answer = await client.get("/api/styles")

    told = answer.json()["styles"]
    assert [style["id"] for style in told] == ["ink-and-paper", "neon-night", "warm-film"]
    for style in told:
        assert style["has_reference"]
        picture = await client.get(f"/api/styles/{style['id']}/reference")
        again = {"If-None-Match": picture.headers["etag"]}
        assert picture.headers["content-type"] == "image/jpeg"
        assert (await client.get(picture.url, headers=again)).status_code == 304


async def test_health_is_found_under_api_too(client):
    assert (await client.get("/api/health")).json() == {"status": "ok"}


async def test_an_upload_tells_its_size(client):
    answer = await client.post("/api/images", files={"image": plain(120, 80)})

    told = answer.json()
    assert answer.status_code == 201
    assert (told["width"], told["height"], told["content_type"]) == (120, 80, "image/jpeg")
