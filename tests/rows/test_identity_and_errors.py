"""Who somebody is, what they may, and how everything is refused."""

from uuid import uuid4

import httpx
import pytest

from tests import api
from tests.rows.doors import ADMIN, USER, HttpDoor, completed, image_of

PROBLEM = {"type", "title", "status", "detail", "error_code", "timestamp", "request_id"}


async def history(client: httpx.AsyncClient, **headers: str) -> list[str]:
    answer = await client.get("/api/history", headers=headers)
    return [item["uuid"] for item in answer.json()["items"]]


async def recorded(client: httpx.AsyncClient, edit: str, **headers: str) -> list[str]:
    """The history, once it has the edit."""
    for _ in range(400):
        if edit in (found := await history(client, **headers)):
            return found
    raise AssertionError("the record never had it")


async def test_a_session_cookie_is_minted_with_the_first_answer_and_owns_what_follows(house):
    async with api.client(house.url) as visitor, api.client(house.url) as stranger:
        given = await api.submit(visitor)

        assert len(visitor.cookies) == 1
        assert given["edit_id"] in await recorded(visitor, given["edit_id"])
        assert await history(stranger) == []


async def test_a_forged_cookie_is_nobodys(house):
    async with api.client(house.url) as visitor, api.client(house.url) as forger:
        given = await api.submit(visitor)
        (cookie,) = visitor.cookies.jar
        forger.cookies.set(cookie.name, f"{cookie.value}x")

        assert (await forger.delete(given["polling_url"])).status_code == 404


async def test_a_platforms_user_is_an_owner_with_the_right_token_alone(client):
    user = {**USER, "X-User-Id": f"user-{uuid4().hex}"}
    given = await api.submit(client, headers=user)
    client.cookies.clear()

    assert await recorded(client, given["edit_id"], **user) == [given["edit_id"]]
    assert await history(client, **{**user, "X-Platform-Token": "guessed"}) == []
    assert await history(client, **{**user, "X-Tenant-Id": "another"}) == []


async def test_a_status_is_read_by_whoever_holds_its_id(house, client):
    given = await api.submit(client)

    async with api.client(house.url) as stranger:
        assert (await stranger.get(given["polling_url"])).status_code == 200


async def test_a_request_id_is_taken_over_returned_and_follows_the_job(client, bus):
    name = f"request-{uuid4().hex}"
    answer = await client.post(
        "/edit-image/",
        json={"prompt": "make it blue", "image_id": await image_of(client)},
        headers={"X-Request-Id": name},
    )
    edit = answer.json()["edit_id"]
    await api.followed(client, edit)

    assert answer.headers["x-request-id"] == name
    journal = await bus.js.get_last_msg("JOURNAL", f"journal.{edit}")
    assert name.encode() in (journal.data or b"")


async def test_a_request_without_an_id_is_given_one(client):
    answers = [await client.get("/health") for _ in range(2)]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing/here", None, 404),
        ("PUT", "/edit-image/", None, 405),
        ("POST", "/edit-image/", {"prompt": "x", "image": "no base64!"}, 400),
        ("POST", "/edit-image/", {"prompt": ""}, 422),
        ("POST", "/feedback/", {"rating": "secret-canary"}, 422),
        ("GET", "/edit/nonsense", None, 404),
        ("GET", "/api/history?limit=0", None, 422),
    ],
)
async def test_every_error_is_a_problem_with_the_documented_fields(
    client, method: str, path: str, body: dict | None, status: int
):
    answer = await client.request(method, path, json=body)

    told = answer.json()
    assert (answer.status_code, told["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(told) >= PROBLEM
    assert isinstance(told["detail"], str)
    assert told["request_id"] == answer.headers["x-request-id"]
    assert "secret-canary" not in answer.text


async def test_a_body_of_another_type_is_415(client):
    answer = await client.post(
        "/edit-image/", content="make it blue", headers={"Content-Type": "text/plain"}
    )

    assert answer.status_code == 415


async def test_a_foreign_page_may_not_act_in_a_visitors_name(client):
    given = await api.submit(client)

    answer = await client.delete(given["polling_url"], headers={"Sec-Fetch-Site": "cross-site"})

    assert (answer.status_code, answer.json()["error_code"]) == (403, "FORBIDDEN")


async def test_image_links_open_from_anywhere_in_parts_and_not_when_changed(client):
    edit = await completed(client, HttpDoor(client))
    link = (await api.status(client, edit))["edited_image_url"]

    whole = await client.get(link, headers={"Origin": "https://elsewhere.example"})
    part = await client.get(link, headers={"Range": "bytes=0-9"})
    changed = await client.get(link.replace("exp=", "exp=1"))

    assert whole.headers["access-control-allow-origin"] == "*"
    assert "max-age" in whole.headers["cache-control"]
    assert (part.status_code, part.content) == (206, whole.content[:10])
    assert changed.status_code == 403


async def test_the_store_away_is_503_with_a_time_to_come_again(house, client):
    given = await api.submit(client)
    await api.ended(client, given["edit_id"])
    house.parts["storage"].kill()
    try:
        answer = await client.delete(given["polling_url"], headers=ADMIN)
        status = await client.get(given["polling_url"])
    finally:
        house.parts["storage"].start()

    assert (answer.status_code, status.status_code) == (503, 200)
    assert int(answer.headers["retry-after"]) > 0
