"""The web page as a gateway process serves it."""

import httpx
import pytest

from services.gateway.routes.web import PAGE, web_files
from tests.connected.gateways import UNLIMITED, Gateway

FRONT = UNLIMITED
FILES = web_files()
BESIDE = sorted(FILES.keys() - {PAGE})


@pytest.mark.parametrize("path", ["/ui", "/ui/", "/"])
async def test_the_page_is_at_its_address_and_at_the_root(api: httpx.AsyncClient, path: str):
    answer = await api.get(path)

    assert answer.status_code == 200
    assert answer.content == FILES[PAGE].data
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src")


async def test_the_page_names_a_visitor_once(doors: list[Gateway]):
    async with doors[0].client() as visitor:
        first, second = await visitor.get("/ui"), await visitor.get("/ui")

    assert "HttpOnly" in first.headers["Set-Cookie"]
    assert "Set-Cookie" not in second.headers


@pytest.mark.parametrize("name", BESIDE)
async def test_each_file_comes_as_what_it_is(api: httpx.AsyncClient, name: str):
    answer = await api.get(f"/static/{name}")

    assert answer.content == FILES[name].data
    assert answer.headers["Content-Type"] == FILES[name].content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/ui", "/static/app.js", "/favicon.ico"])
async def test_who_has_a_file_is_told_so(api: httpx.AsyncClient, path: str):
    etag = (await api.get(path)).headers["ETag"]

    same = await api.get(path, headers={"If-None-Match": f'"old", W/{etag}'})
    other = await api.get(path, headers={"If-None-Match": '"old"'})

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == etag
    assert other.status_code == 200


@pytest.mark.parametrize("path", ["/ui", "/static/style.css", "/favicon.ico"])
async def test_head_tells_the_same_and_sends_nothing(api: httpx.AsyncClient, path: str):
    get, head = await api.get(path), await api.head(path)

    told = ("Content-Type", "Content-Length", "ETag", "Cache-Control")
    assert [head.headers[name] for name in told] == [get.headers[name] for name in told]
    assert not head.content


@pytest.mark.parametrize(
    "name",
    [
        *("index.html", "app.js.map", "APP.JS", "%2e%2e"),
        *("..%2fweb.py", "%2e%2e%2froutes%2fweb.py", "..%5cmain.py", "%2fetc%2fpasswd"),
        *("app.js%00", "web/app.js", ""),
    ],
)
async def test_nothing_else_is_served(api: httpx.AsyncClient, name: str):
    answer = await api.get(f"/static/{name}")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is nothing at this address."
