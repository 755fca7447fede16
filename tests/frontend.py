"""A frontend as it is in use: what it sends, what its browser lets it read, when it gives up."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

ORIGIN = "https://frontend.example"
POLL_SECONDS = 2.0
PAUSES = (1.5, 3.0, 6.0)
SIMPLE_HEADERS = {"cache-control", "content-language", "content-length", "content-type",
                  "expires", "last-modified", "pragma"}  # fmt: skip
READ = ("status", "processing_stage", "message", "progress_percent", "is_complete", "is_error",
        "edited_image_url")  # fmt: skip
"""Every field that it reads of a status."""

Sleep = Callable[[float], Awaitable[object]]


class CrossOriginError(Exception):
    """The browser does not let the page have the answer."""


class Browser:
    """`fetch()` of a page of another origin, without credentials."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def fetch(
        self, url: str, method: str = "GET", *, json: dict | None = None, cache: str = "default"
    ) -> httpx.Response:
        """The answer with the headers that the page may read. Raises CrossOriginError."""
        headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
        if cache == "no-store":
            headers |= {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        if json is not None:
            await self._preflight(url, method, "content-type")
        self._client.cookies.clear()
        answer = await self._client.request(
            method, url, json=json, headers=headers, follow_redirects=True
        )
        _allow(answer)
        exposed = _names(answer, "Access-Control-Expose-Headers") | SIMPLE_HEADERS
        readable = [(k, v) for k, v in answer.headers.items() if k in exposed]
        return httpx.Response(answer.status_code, headers=readable, content=answer.content)

    async def _preflight(self, url: str, method: str, *names: str) -> None:
        asked = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ",".join(names),
        }
        answer = await self._client.options(url, headers=asked)
        _allow(answer)
        if not answer.is_success or method.lower() not in _names(
            answer, "Access-Control-Allow-Methods"
        ):
            raise CrossOriginError(f"{method} is not allowed")
        if not set(names) <= _names(answer, "Access-Control-Allow-Headers"):
            raise CrossOriginError(f"{names} are not allowed")


class Frontend:
    """What a person sees of it: a message, a percentage, a picture."""

    def __init__(self, client: httpx.AsyncClient, *, sleep: Sleep = asyncio.sleep) -> None:
        self.browser = Browser(client)
        self.shown: list[str] = []
        self.waited: list[float] = []
        self.picture: str | None = None
        self.failed = False
        self._url = str(client.base_url).rstrip("/")
        self._sleep = sleep

    async def edit(self, prompt: str, image: str, **parent: str | None) -> str | None:
        """Submit and watch to the end; the id, None when the submission was refused."""
        edit_id = await self.submit(prompt, image, **parent)
        if edit_id is not None:
            await self.watch(edit_id)
        return edit_id

    async def submit(self, prompt: str, image: str, **parent: str | None) -> str | None:
        """The id of the edit; a refusal shows its `detail`."""
        body = {"prompt": prompt, "image": image, **parent}
        pauses = iter(PAUSES)
        while True:
            answer = await self.browser.fetch(f"{self._url}/edit-image/", "POST", json=body)
            if answer.is_success:
                return str(answer.json()["edit_id"])
            pause = next(pauses, None)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or pause is None:
                break
            self.waited.append(float(answer.headers.get("retry-after", pause)))
            await self._sleep(self.waited[-1])
        detail = answer.json()["detail"]
        assert isinstance(detail, str)
        self.shown.append(detail)
        return None

    async def watch(self, edit_id: str) -> None:
        """Poll until it ended; any answer but a good one ends polling, and nothing is shown."""
        while True:
            answer = await self.browser.fetch(f"{self._url}/edit/{edit_id}")
            if not answer.is_success:
                return
            status = {name: answer.json()[name] for name in READ}
            self.shown.append(str(status["message"]))
            if self._has_ended(status):
                return
            await self._sleep(POLL_SECONDS)

    async def data_url(self) -> str:
        """The picture that is shown, as what a follow-up sends or a download saves."""
        assert self.picture is not None
        answer = await self.browser.fetch(self.picture, cache="no-store")
        assert answer.is_success, answer.text
        return data_url(answer.content, answer.headers["content-type"])

    def _has_ended(self, status: dict[str, Any]) -> bool:
        if status["is_complete"] and not status["is_error"] and status["edited_image_url"]:
            self.picture = str(status["edited_image_url"])
            return True
        self.failed = bool(status["is_error"]) or status["status"] == "failed"
        return self.failed


def data_url(data: bytes, content_type: str = "image/jpeg") -> str:
    """Bytes as a page holds a picture."""
    return f"data:{content_type};base64,{base64.b64encode(data).decode()}"


def _allow(answer: httpx.Response) -> None:
    if answer.headers.get("Access-Control-Allow-Origin") not in {"*", ORIGIN}:
        raise CrossOriginError(f"{answer.request.url} is not for this origin")


def _names(answer: httpx.Response, header: str) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get(header, "").split(",")}
