"""`POST /edit-image/` and `mizual.v1.job.submit`: what both doors take, and what both refuse."""

import base64
from uuid import uuid4

import pytest

from tests import api
from tests.hostile import gif, heic, truncated_jpeg
from tests.pictures import photo, plain
from tests.rows.conftest import LONGEST_CHAIN
from tests.rows.doors import USER, Door, completed, image_of

DOCUMENTED = {"edit_id", "polling_url", "status_url", "events_url", "edit_token"}


async def test_an_edit_of_an_upload_is_accepted_and_completed(client, door: Door):
    job = await completed(client, door)

    final = await api.status(client, job)
    assert final["prompt"] == "make it blue"
    assert (await client.get(final["edited_image_url"])).status_code == 200


async def test_an_edit_of_an_earlier_result_needs_its_id_alone(client, door: Door):
    first = await completed(client, door)

    second = await completed(client, door, image_id=first)

    told = await api.status(client, second)
    assert (told["parent_edit_uuid"], told["chain_position"]) == (None, 1)


async def test_a_follow_up_edits_its_parents_result(client, door: Door):
    first = await completed(client, door)

    second = await completed(client, door, parent=first)

    told = await api.status(client, second)
    assert (told["parent_edit_uuid"], told["chain_position"]) == (first, 2)


async def test_a_follow_up_may_bring_an_image_of_its_own(client, door: Door):
    first = await completed(client, door)
    own = plain(120, 80)

    second = await completed(client, door, parent=first, image_id=await image_of(client, own))

    told = await api.status(client, second)
    assert told["parent_edit_uuid"] == first
    assert (await client.get(told["original_image_url"])).content == own


@pytest.mark.parametrize("prompt", ["", " \n ", "x" * 1001, "bell\a", "\ud800"])
async def test_a_prompt_that_is_empty_too_long_or_holds_control_characters_is_422(
    client, door: Door, prompt: str
):
    if prompt == "\ud800":
        body = b'{"prompt": "\\ud800", "image_id": "%b"}' % (await image_of(client)).encode()
        headers = USER | {"Content-Type": "application/json"}
        answer = await client.post("/edit-image/", content=body, headers=headers)
        assert answer.status_code == 422
        return

    answer = await door.submit(prompt)

    assert answer.refused == (422, "INVALID_PROMPT")


async def test_line_breaks_and_tabs_are_part_of_a_prompt(client, door: Door):
    answer = await door.submit("make it blue\n\tand warm")

    assert answer.job is not None
    assert (await api.status(client, answer.job))["prompt"] == "make it blue\n\tand warm"


async def test_an_unknown_parent_is_404(door: Door):
    answer = await door.submit(parent=str(uuid4()))

    assert answer.refused == (404, "PARENT_NOT_FOUND")


async def test_a_parent_that_has_not_completed_is_400(client, door: Door):
    failed = await door.submit("put a hat on the dog")
    assert failed.job is not None
    await api.followed(client, failed.job)

    answer = await door.submit(parent=failed.job)

    assert answer.refused == (400, "PARENT_NOT_COMPLETED")


async def test_a_chain_that_is_full_is_400(client, door: Door):
    last = None
    for _ in range(LONGEST_CHAIN):
        last = await completed(client, door, parent=last)

    answer = await door.submit(parent=last)

    assert answer.refused == (400, "CHAIN_TOO_LONG")


async def test_an_unknown_image_is_404(door: Door):
    answer = await door.submit(image_id=str(uuid4()))

    assert answer.refused == (404, "IMAGE_NOT_FOUND")


@pytest.mark.parametrize("options", [{"seed": 7}, {"aspect_ratio": "16:9"}, {"model": "none"}])
async def test_an_option_that_the_provider_cannot_honour_is_422(door: Door, options: dict):
    answer = await door.submit(**options)

    assert answer.refused == (422, "OPTION_UNSUPPORTED")


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
async def test_the_result_comes_in_the_asked_format(client, door: Door, format_: str):
    job = await completed(client, door, output_format=format_)

    link = (await api.status(client, job))["edited_image_url"]
    assert (await client.get(link)).headers["content-type"] == f"image/{format_}"


async def test_without_enhancement_the_words_are_used_as_they_are(client, door: Door):
    job = await completed(client, door, enhance=False)

    assert (await api.status(client, job))["enhanced_prompt"] is None


async def test_the_same_key_with_the_same_body_answers_the_first_job_again(client, door: Door):
    image_id, key = await image_of(client), uuid4().hex

    first, again = [await door.submit(image_id=image_id, key=key) for _ in range(2)]
    over_http = await client.post(
        "/edit-image/",
        json={"prompt": "make it blue", "image_id": image_id},
        headers=USER | {"Idempotency-Key": key},
    )

    assert first.job
    assert first.job == again.job == over_http.json()["edit_id"]


async def test_a_repeated_request_is_given_no_other_session(client, house):
    body = {"prompt": "make it blue", "image_id": await image_of(client)}
    key = {"Idempotency-Key": uuid4().hex}
    client.cookies.clear()

    async with api.client(house.url) as first, api.client(house.url) as again:
        answers = [await one.post("/edit-image/", json=body, headers=key) for one in (first, again)]

    assert answers[0].json()["edit_id"] == answers[1].json()["edit_id"]
    assert ["set-cookie" in answer.headers for answer in answers] == [True, False]


async def test_the_same_key_with_another_body_is_422(client, door: Door):
    image_id, key = await image_of(client), uuid4().hex
    await door.submit(image_id=image_id, key=key)

    other = await door.submit("make it red", image_id=image_id, key=key)

    assert other.refused == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("name", ["image", "image_data"])
@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
async def test_json_takes_a_data_url_or_bare_base64_under_either_name(client, name, prefix: str):
    body = {"prompt": "make it blue", name: prefix + base64.b64encode(photo()).decode()}

    answer = await client.post("/edit-image/", json=body)

    assert answer.status_code == 200
    assert set(answer.json()) == DOCUMENTED


async def test_multipart_takes_a_file(client):
    answer = await api.submit(client)

    assert set(answer) == DOCUMENTED
    assert answer["polling_url"] == f"/edit/{answer['edit_id']}"
    assert answer["status_url"].startswith("http://127.0.0.1")


async def test_both_spellings_answer_the_same_without_a_redirect(client):
    fields = {"data": {"prompt": "make it blue"}, "files": {"image": photo()}}

    answers = [await client.post(path, **fields) for path in ("/edit-image", "/edit-image/")]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (b"no picture", "INVALID_IMAGE"),
        (truncated_jpeg(), "INVALID_IMAGE"),
        (heic(), "UNSUPPORTED_IMAGE"),
        (gif(), "UNSUPPORTED_IMAGE"),
    ],
    ids=["text", "cut", "heic", "gif"],
)
async def test_an_unsupported_or_undecodable_image_is_400(client, picture: bytes, code: str):
    answer = await client.post(
        "/edit-image/", data={"prompt": "make it blue"}, files={"image": ("p.jpg", picture)}
    )

    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


async def test_the_type_is_what_the_bytes_are_and_not_what_the_name_says(client):
    files = {"image": ("photo.exe", plain(64, 64, suffix=".png"), "text/html")}

    answer = await client.post("/edit-image/", data={"prompt": "make it blue"}, files=files)

    told = await api.status(client, answer.json()["edit_id"])
    original = await client.get(told["original_image_url"])
    assert original.headers["content-type"] == "image/png"


async def test_an_edit_can_be_read_the_moment_its_post_has_answered(client):
    for _ in range(20):
        answer = await api.submit(client, picture=plain(64, 64))
        assert (await client.get(answer["polling_url"])).status_code == 200
