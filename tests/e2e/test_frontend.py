"""The whole system as the frontend in use needs it, from another origin."""

import asyncio
import base64
from collections.abc import AsyncIterator

import httpx
import pytest

from tests import api, hostile
from tests.frontend import Browser, CrossOriginError, Frontend, data_url
from tests.pictures import chroma, photo, pixels, plain
from tests.stack import RealStack

PHOTO = data_url(photo())


async def hurried(seconds: float) -> None:
    """Polls far faster than the page, which changes nothing but the time."""
    await asyncio.sleep(min(seconds, 0.05))


@pytest.fixture
async def page(gateway: httpx.AsyncClient) -> AsyncIterator[Frontend]:
    async with asyncio.timeout(api.PATIENCE_SECONDS):
        yield Frontend(gateway, sleep=hurried)


@pytest.mark.parametrize("parent", [{}, {"parent_edit_uuid": None}], ids=["absent", "null"])
async def test_a_first_edit_is_submitted_watched_and_shown(page: Frontend, parent: dict):
    await page.edit("black and white", PHOTO, **parent)

    assert page.picture is not None
    assert page.picture.startswith("http")
    assert page.shown[-1] == "Edit completed successfully!"


async def test_the_picture_can_be_taken_from_the_other_origin_and_edited_further(page: Frontend):
    first = await page.edit("black and white", PHOTO)
    shown = await page.data_url()

    await page.edit("rotate it right", shown, parent_edit_uuid=first)

    header, _, body = (await page.data_url()).partition(",")
    result = base64.b64decode(body)
    assert header == "data:image/jpeg;base64"
    assert chroma(result) == 0
    before, after = pixels(photo()).shape, pixels(result).shape
    assert after[:2] == (before[1], before[0])


async def test_an_edit_that_fails_shows_why(page: Frontend):
    await page.edit("put a hat on the dog", PHOTO)

    assert page.failed
    assert page.picture is None
    assert "rotate" in page.shown[-1]


async def test_an_edit_that_is_cancelled_elsewhere_ends_the_polling(
    page: Frontend, system: RealStack, gateway: httpx.AsyncClient
):
    edit = await api.submit(gateway)
    token = {"X-Edit-Token": edit["edit_token"]}

    await gateway.post(f"{edit['polling_url']}/cancel", headers=token)
    await page.watch(edit["edit_id"])

    assert page.failed != (page.picture is not None)


@pytest.mark.parametrize(
    ("prompt", "image", "parent"),
    [
        ("", PHOTO, None),
        ("x" * 1001, PHOTO, None),
        ("blue", "", None),
        ("blue", "data:image/png;base64,%%%", None),
        ("blue", data_url(hostile.gif(), "image/gif"), None),
        ("blue", data_url(hostile.truncated_jpeg()), None),
        ("blue", data_url(hostile.png_header(200_000, 200_000), "image/png"), None),
        ("blue", data_url(photo() + b"\0" * 25_000_000), None),
        ("blue", PHOTO, "7"),
        ("blue", PHOTO, "7b0f7b1e-6c43-4a61-9f0a-2f4f8f1c9a10"),
    ],
    ids=range(10),
)
async def test_every_refusal_is_one_sentence_that_can_be_shown(
    page: Frontend, prompt: str, image: str, parent: str | None
):
    assert await page.submit(prompt, image, parent_edit_uuid=parent) is None

    (shown,) = page.shown
    assert len(shown) > 10
    assert "{" not in shown


@pytest.mark.parametrize("kind", ["png", "webp"])
async def test_the_type_is_what_the_bytes_are_whatever_the_data_url_says(page: Frontend, kind: str):
    picture = plain(64, 48, suffix=f".{kind}")

    await page.edit("make it blue", data_url(picture, "image/jpeg"))

    assert page.picture is not None


async def test_an_edit_that_ended_can_be_read_again_and_shows_the_same_picture(
    page: Frontend, gateway: httpx.AsyncClient
):
    edit_id = await page.edit("make it blue", PHOTO)
    assert edit_id is not None
    first = page.picture

    await page.watch(edit_id)

    assert page.picture == first
    assert (await gateway.head(str(first))).status_code == 200


async def test_a_picture_without_its_signature_is_not_shown_to_anybody(page: Frontend):
    await page.edit("make it blue", PHOTO)
    assert page.picture is not None

    bare = await page.browser.fetch(page.picture.partition("?")[0])

    assert bare.status_code == 403
    assert isinstance(bare.json()["detail"], str)


async def test_the_browser_of_these_tests_is_as_strict_as_a_browser():
    def closed(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"edit_id": "1"})

    transport = httpx.MockTransport(closed)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        with pytest.raises(CrossOriginError):
            await Browser(client).fetch("http://x/edit/1")
