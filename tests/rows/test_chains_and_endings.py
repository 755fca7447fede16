"""`GET /chain/{uuid}`, `POST /edit/{uuid}/cancel` and `DELETE /edit/{uuid}`."""

from uuid import uuid4

import httpx
import pytest

from tests import api
from tests.rows.doors import ADMIN, Door, HttpDoor, completed


@pytest.fixture
def http(client: httpx.AsyncClient) -> HttpDoor:
    return HttpDoor(client)


async def chain(client: httpx.AsyncClient, edit: str) -> dict:
    answer = await client.get(f"/chain/{edit}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_chain_is_the_path_from_the_root_to_the_asked_edit(client, door: Door):
    root = await completed(client, door)
    second = await completed(client, door, parent=root)
    branch = await completed(client, door, parent=root)
    third = await completed(client, door, parent=second)

    told = await chain(client, third)
    beside = await chain(client, branch)

    assert (told["edit_uuid"], told["chain_length"]) == (third, 3)
    members = told["chain_history"]
    assert [member["edit"]["uuid"] for member in members] == [root, second, third]
    assert [member["chain_position"] for member in members] == [1, 2, 3]
    assert [member["parent_edit_uuid"] for member in members] == [None, root, second]
    assert members[-1]["edit"] == await api.status(client, third)
    assert [member["edit"]["uuid"] for member in beside["chain_history"]] == [root, branch]


async def test_an_edit_alone_is_a_chain_of_one(client, http):
    edit = await completed(client, http)

    assert (await chain(client, edit))["chain_length"] == 1


async def test_an_erased_member_keeps_its_place_and_its_follow_up_its_own_source(client, http):
    root = await completed(client, http)
    follow_up = await completed(client, http, parent=root)
    await client.delete(f"/edit/{root}", headers=ADMIN)

    first, second = (await chain(client, follow_up))["chain_history"]

    assert (first["edit"], first["erased"], first["chain_position"]) == (None, True, 1)
    assert second["edit"]["uuid"] == follow_up
    assert (await client.get(second["edit"]["original_image_url"])).status_code == 200


@pytest.mark.parametrize("edit", [str(uuid4()), "nonsense"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/chain/{}"), ("POST", "/edit/{}/cancel"), ("DELETE", "/edit/{}")]
)
async def test_an_unknown_edit_is_404(client, edit: str, method: str, path: str):
    answer = await client.request(method, path.format(edit), headers=ADMIN)

    assert (answer.status_code, answer.json()["error_code"]) == (404, "EDIT_NOT_FOUND")


async def test_cancelling_what_has_ended_changes_nothing_and_is_200(client):
    given = await api.submit(client)
    final = await api.ended(client, given["edit_id"])

    answer = await client.post(f"{given['polling_url']}/cancel")

    assert (answer.status_code, answer.json()) == (200, final)


async def test_erasing_answers_200_with_what_was_removed(client):
    given = await api.submit(client)
    await api.ended(client, given["edit_id"])

    answer = await client.delete(given["polling_url"])

    told = answer.json()
    assert (answer.status_code, told["uuid"], told["erased"]) == (200, given["edit_id"], True)
    assert told["removed"]["objects"] == ["original", "raw", "result"]
    assert told["removed"]["words"] == ["prompt", "enhanced_prompt"]
    assert told["removed"]["journal_entries"] > 1
    assert told["remaining"] == []


@pytest.mark.parametrize("call", ["cancel", "erase"])
async def test_cancel_and_erase_need_the_owner_the_operator_or_the_edits_token(
    house, client, call: str
):
    given = await api.submit(client)
    await api.ended(client, given["edit_id"])
    method, path = {
        "cancel": ("POST", f"{given['polling_url']}/cancel"),
        "erase": ("DELETE", given["polling_url"]),
    }[call]

    async with api.client(house.url) as stranger:
        by_stranger = await stranger.request(method, path)
        by_token = await stranger.request(
            method, path, headers={"X-Edit-Token": given["edit_token"]}
        )

    assert (by_stranger.status_code, by_token.status_code) == (404, 200)
