"""The styles as a gateway process tells them."""

import pytest

from tests.connected.gateways import INK, REFERENCE, UNLIMITED, gateway, others, until_ready
from tests.pictures import pixels
from tests.servers import nats_server

FRONT = UNLIMITED
PICTURE = "/api/styles/ink/reference"


@pytest.mark.parametrize("path", ["/api/styles", "/api/styles/"])
async def test_the_styles_are_told_as_storage_has_them(api, behind, path: str):
    answer = await api.get(path)

    assert answer.json() == {
        "styles": [
            {"id": "ink", "name": "Ink and paper", "has_reference": True},
            {"id": "words", "name": "Words alone", "has_reference": False},
        ]
    }


async def test_a_reference_picture_is_anybodys_and_is_kept_for_a_while(api, behind):
    whole = await api.get(PICTURE)
    known = await api.get(PICTURE, headers={"If-None-Match": whole.headers["ETag"]})

    assert (whole.status_code, whole.content) == (200, REFERENCE)
    assert whole.headers["Content-Type"] == "image/jpeg"
    assert whole.headers["Access-Control-Allow-Origin"] == "*"
    assert whole.headers["Cache-Control"] == "public, max-age=300"
    assert known.status_code == 304
    assert INK.reference is not None
    assert INK.reference.sha256[:16] in whole.headers["ETag"]


async def test_a_small_copy_of_it_is_a_webp(api, behind):
    answer = await api.get(PICTURE, params={"size": "thumb"})

    assert answer.headers["Content-Type"] == "image/webp"
    assert pixels(answer.content).shape[:2] == (64, 96)


@pytest.mark.parametrize(
    ("style", "code", "detail"),
    [
        ("noir", "STYLE_NOT_FOUND", "The style was not found."),
        ("No Style!", "STYLE_NOT_FOUND", "The style was not found."),
        ("words", "IMAGE_NOT_FOUND", "This style has no reference picture."),
    ],
)
async def test_what_is_not_there_is_said(api, behind, style: str, code: str, detail: str):
    answer = await api.get(f"/api/styles/{style}/reference")

    assert (answer.status_code, answer.json()["error_code"]) == (404, code)
    assert answer.json()["detail"] == detail


async def test_styles_that_were_never_heard_of_are_asked_for_later(tmp_path):
    with nats_server(tmp_path) as server, gateway(tmp_path, server.url, **UNLIMITED) as door:
        async with others(server.url) as behind, door.client() as api:
            behind.styles = None
            await until_ready(door)

            answer = await api.get("/api/styles")

    assert (answer.status_code, answer.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "2"
    assert "styles are not known" in answer.json()["detail"]
