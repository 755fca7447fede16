"""Submitting an edit, sentence by sentence, over HTTP and over the bus."""

import asyncio
import base64
import io
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image

from contracts.journal import JournalEntry, Stage
from contracts.subjects import JOURNAL
from tests import hostile
from tests.connected import entrances
from tests.connected.entrances import Entrance
from tests.connected.gateways import INK, UNLIMITED, Others
from tests.pictures import plain

FRONT = {**UNLIMITED, "MAX_CHAIN_LENGTH": "3"}
PICTURE = plain(64, 48)
Json = dict[str, Any]


@pytest.fixture
async def api(platform_api: httpx.AsyncClient) -> httpx.AsyncClient:
    return platform_api


@pytest.fixture
async def image_id(api: httpx.AsyncClient) -> str:
    return await entrances.image_of(api, PICTURE)


async def accepted(entrance: Entrance, **fields: Any) -> JournalEntry:
    return await entrances.accepted(entrance, **{"prompt": "blue", **fields})


async def refused(entrance: Entrance, **fields: Any) -> tuple[int, str]:
    return await entrances.refused(entrance, **{"prompt": "blue", **fields})


async def completed(behind: Others, entry: JournalEntry) -> JournalEntry:
    """The edit as it stands once the other services are through with it."""
    return await behind.append(
        entry.advance(Stage.COMPLETED, work={"result": entry.facts.original})
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  blue \n", "blue"),
        ("make it\n\tblue\r\nplease", "make it\n\tblue\r\nplease"),
        ("x" * 1000, "x" * 1000),
        (" " * 500 + "x" * 1000, "x" * 1000),
        ("🌊" * 1000, "🌊" * 1000),
    ],
    ids=["trimmed", "lines and tabs", "longest", "trimmed, then counted", "characters, not bytes"],
)
async def test_a_prompt_of_1_to_1000_characters_is_taken(entrance, image_id, written, kept):
    entry = await accepted(entrance, prompt=written, image_id=image_id)

    assert entry.facts.prompt == kept


@pytest.mark.parametrize("prompt", ["", " \n\t ", "x" * 1001, "a\0b", "a\x1bb", "a\x7fb", "a\x9fb"])
async def test_an_empty_long_or_unprintable_prompt_is_refused(entrance, image_id, prompt):
    assert await refused(entrance, prompt=prompt, image_id=image_id) == (422, "INVALID_PROMPT")


@pytest.mark.parametrize("prompt", [None, 7, ["blue"], {"text": "blue"}])
async def test_a_prompt_that_is_no_text_is_refused(entrance, image_id, prompt):
    assert await refused(entrance, prompt=prompt, image_id=image_id) == (422, "INVALID_PROMPT")


async def test_a_picture_is_needed(entrance):
    assert await refused(entrance) == (422, "INVALID_REQUEST")


async def test_an_earlier_result_is_a_picture_by_the_id_of_its_edit(entrance, image_id, behind):
    first = await completed(behind, await accepted(entrance, image_id=image_id))

    second = await accepted(entrance, image_id=str(first.job_id))

    assert second.facts.original is not None
    assert second.facts.original.sha256 == first.facts.original.sha256
    assert second.public.parent_job_id is None


async def test_an_unknown_image_is_not_found(entrance):
    assert await refused(entrance, image_id=str(uuid4())) == (404, "IMAGE_NOT_FOUND")


async def test_with_a_parent_its_result_is_edited(entrance, image_id, behind):
    parent = await completed(behind, await accepted(entrance, image_id=image_id))

    child = await accepted(entrance, parent_edit_uuid=str(parent.job_id))

    assert child.public.parent_job_id == parent.job_id
    assert child.public.chain_position == 2
    assert child.facts.original is not None
    assert str(child.job_id) in child.facts.original.key


async def test_a_parent_that_is_null_is_none(entrance, image_id):
    entry = await accepted(entrance, image_id=image_id, parent_edit_uuid=None)

    assert entry.public.parent_job_id is None
    assert entry.public.chain_position == 1


async def test_an_unknown_parent_is_not_found(entrance, image_id):
    parent = str(uuid4())

    answer = await refused(entrance, image_id=image_id, parent_edit_uuid=parent)

    assert answer == (404, "PARENT_NOT_FOUND")


async def test_a_parent_must_have_completed(entrance, image_id):
    parent = await accepted(entrance, image_id=image_id)

    answer = await refused(entrance, parent_edit_uuid=str(parent.job_id))

    assert answer == (400, "PARENT_NOT_COMPLETED")


async def test_a_path_from_the_root_has_a_longest_length_and_branches_are_free(
    entrance, image_id, behind
):
    line = [await completed(behind, await accepted(entrance, image_id=image_id))]
    for _ in range(2):
        child = await accepted(entrance, parent_edit_uuid=str(line[-1].job_id))
        line.append(await completed(behind, child))

    full = await refused(entrance, parent_edit_uuid=str(line[2].job_id))
    branch = await accepted(entrance, parent_edit_uuid=str(line[1].job_id))

    assert full == (400, "CHAIN_TOO_LONG")
    assert branch.public.chain_position == 3


async def test_the_same_key_with_the_same_body_answers_the_first_job(entrance, image_id):
    fields = {"prompt": "blue", "image_id": image_id, "key": str(uuid4())}

    first, again = await accepted(entrance, **fields), await accepted(entrance, **fields)

    assert first.job_id == again.job_id


@pytest.mark.parametrize(
    "other", [{"prompt": "red"}, {"options": {"output_format": "png"}}, {"parent": True}]
)
async def test_the_same_key_with_another_body_is_refused(entrance, image_id, behind, other: Json):
    parent = await completed(behind, await accepted(entrance, image_id=image_id))
    key = str(uuid4())
    await accepted(entrance, image_id=image_id, key=key)
    if "parent" in other:
        other = {"parent_edit_uuid": str(parent.job_id)}

    answer = await refused(entrance, image_id=image_id, key=key, **other)

    assert answer == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
async def test_a_key_has_1_to_255_visible_characters(entrance, image_id, key):
    assert await refused(entrance, image_id=image_id, key=key) == (422, "INVALID_REQUEST")
    assert await accepted(entrance, image_id=image_id, key="x" * 200 + uuid4().hex[:20] + '~!"#')


@pytest.mark.parametrize("wanted", [None, "jpeg", "png", "webp"])
async def test_the_result_may_be_asked_for_in_three_formats(entrance, image_id, wanted):
    options = {"output_format": wanted} if wanted else {}

    entry = await accepted(entrance, image_id=image_id, options=options)

    assert entry.facts.options.output_format == wanted
    assert entry.facts.options.enhance is True


async def test_enhancement_can_be_switched_off(entrance, image_id):
    entry = await accepted(entrance, image_id=image_id, options={"enhance": False})

    assert entry.facts.options.enhance is False


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"output_format": "gif"}, "INVALID_REQUEST"),
        ({"seed": -1}, "INVALID_REQUEST"),
        ({"seed": 7}, "OPTION_UNSUPPORTED"),
        ({"aspect_ratio": "1:1"}, "OPTION_UNSUPPORTED"),
        ({"model": "nobody's"}, "OPTION_UNSUPPORTED"),
    ],
)
async def test_an_option_that_cannot_be_honoured_is_refused(entrance, image_id, options, code):
    assert await refused(entrance, image_id=image_id, options=options) == (422, code)


async def test_a_style_is_kept_as_it_is_and_an_unknown_one_is_not_found(entrance, image_id):
    unknown = await refused(entrance, image_id=image_id, options={"style_id": "noir"})
    entry = await accepted(entrance, image_id=image_id, options={"style_id": "ink"})

    assert unknown == (404, "STYLE_NOT_FOUND")
    assert entry.facts.style == INK


async def test_a_refusal_queues_nothing(entrance, behind):
    before = await behind.count(JOURNAL)

    await refused(entrance, image_id=str(uuid4()))

    assert await behind.count(JOURNAL) == before


# What only HTTP has: the picture along with the words.


def encoded(picture: bytes = PICTURE) -> str:
    return base64.b64encode(picture).decode()


async def submitted(api: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await api.post("/edit-image/", json={"prompt": "blue", **fields})


def drawn(kind: str) -> bytes:
    written = io.BytesIO()
    Image.open(io.BytesIO(PICTURE)).save(written, kind)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "bmp", "tiff"])
@pytest.mark.parametrize("says", ["", "data:image/gif;base64,", "data:;base64,"])
async def test_the_type_of_a_picture_is_what_its_bytes_are(api, behind, kind: str, says: str):
    picture = drawn(kind)

    answer = await submitted(api, image=says + encoded(picture))

    original = (await behind.last(answer.json()["edit_id"])).facts.original
    assert original is not None
    assert original.content_type == f"image/{kind}"
    assert original.size_bytes == len(picture)


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (hostile.gif(), "UNSUPPORTED_IMAGE"),
        (hostile.heic(), "UNSUPPORTED_IMAGE"),
        (hostile.truncated_jpeg(), "INVALID_IMAGE"),
        (hostile.png_header(200_000, 200_000), "IMAGE_TOO_LARGE"),
        (b"not a picture", None),
    ],
    ids=["GIF", "HEIC", "truncated", "too many pixels", "text"],
)
async def test_what_is_no_whole_picture_of_an_allowed_kind_is_refused(api, behind, picture, code):
    answer = await submitted(api, image=f"data:image/jpeg;base64,{encoded(picture)}")

    assert answer.status_code == 400
    assert code is None or answer.json()["error_code"] == code


@pytest.mark.parametrize(
    "image", ["@@@", encoded()[:-3], encoded() + "\n!", "data:image/png,plain", "data:;base64,"]
)
async def test_base64_is_decoded_strictly(api, behind, image: str):
    answer = await submitted(api, image=image)

    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_IMAGE"


async def test_the_answer_tells_where_to_look_and_what_allows_to_cancel(api, behind):
    answer = (await submitted(api, image=encoded())).json()

    base, path = str(api.base_url).rstrip("/"), f"/edit/{answer['edit_id']}"
    assert set(answer) == {"edit_id", "polling_url", "status_url", "events_url", "edit_token"}
    assert UUID(answer["edit_id"])
    assert answer["polling_url"] == path
    assert answer["status_url"] == f"{base}{path}"
    assert answer["events_url"] == f"{base}{path}/events"
    token = {"X-Edit-Token": answer["edit_token"]}
    async with httpx.AsyncClient(base_url=base) as anybody:
        assert (await anybody.post(f"{path}/cancel", headers=token)).status_code == 202


async def test_a_form_says_the_same_in_text(api, behind):
    fields = {"prompt": "blue", "output_format": "png", "enhance": "false"}

    answer = await api.post("/edit-image", data=fields, files={"image": ("x.gif", PICTURE)})

    facts = (await behind.last(answer.json()["edit_id"])).facts
    assert (facts.options.output_format, facts.options.enhance) == ("png", False)
    assert facts.original is not None
    assert facts.original.content_type == "image/jpeg"


async def test_an_accepted_edit_can_be_read_at_every_gateway_at_once(api, behind, doors):
    answers = await asyncio.gather(*(submitted(api, image=encoded()) for _ in range(10)))

    reads = [await api.get(answer.json()["polling_url"]) for answer in answers]

    assert {read.json()["status"] for read in reads} == {"pending"}
    assert {read.json()["message"] for read in reads} == {"Your edit is queued..."}


async def test_a_picture_of_too_many_bytes_is_refused(api, behind):
    answer = await submitted(api, image=encoded(PICTURE + b"\0" * (20 * 1024 * 1024)))

    assert answer.status_code == 413
