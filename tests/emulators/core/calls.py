"""One request as a handler sees it, one answer as a handler gives it, and the wire between."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from tests.emulators.core.faults import Fault

# Eight pictures of 12 MB in base64.
MAX_BODY_BYTES: Final = 128 * 1024 * 1024
JSON_TYPE: Final = "application/json"
# Small enough that a slow answer is slow in many steps.
STEPS_PER_SECOND: Final = 10
CHUNK_BYTES: Final = 256 * 1024


class TooLargeError(Exception):
    """A body beyond MAX_BODY_BYTES."""


@dataclass
class Call:
    """A request, read to its end."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    parameters: Mapping[str, str]
    """From the path."""
    fault: Fault | None = None

    @cached_property
    def json(self) -> Any:
        """The body. Raises ValueError when it is no JSON."""
        return json.loads(self.body)

    @property
    def asked(self) -> dict[str, str]:
        """From the query."""
        return dict(parse_qsl(self.query))

    @property
    def host(self) -> str:
        """Name and port as the caller wrote them."""
        return self.headers.get("host", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `sized` says its length in front, and a rate makes it slow."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sized: bool = True
    bytes_per_second: int | None = None


class RefusedError(Exception):
    """Ends a handler with the answer it carries."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """The value as a JSON answer."""
    kind = {"content-type": JSON_TYPE}
    return Reply(
        status=status, body=json.dumps(value).encode(), headers={**kind, **(headers or {})}
    )


def as_html(status: int, title: str) -> Reply:
    """A page of some proxy on the way."""
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(status=status, body=page.encode(), headers={"content-type": "text/html"})


async def read(scope: Scope, receive: Receive) -> Call | None:
    """The request, or None when its sender left. Raises TooLargeError."""
    body = await _body(receive)
    if body is None:
        return None
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
        body=body,
        parameters=scope.get("path_params", {}),
    )


async def answer(send: Send, reply: Reply, *, share: float = 1.0) -> None:
    """Send the reply, or the first share of its body and then nothing more."""
    await send({"type": "http.response.start", "status": reply.status, "headers": _headers(reply)})
    if share == 1 and not reply.bytes_per_second and len(reply.body) <= CHUNK_BYTES:
        await send({"type": "http.response.body", "body": reply.body})
        return
    wanted = reply.body[: int(len(reply.body) * share)]
    for chunk in _chunks(wanted, reply.bytes_per_second):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if reply.bytes_per_second:
            await asyncio.sleep(1 / STEPS_PER_SECOND)
    if share == 1:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _body(receive: Receive) -> bytes | None:
    whole = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        whole += cast("bytes", message.get("body", b""))
        if len(whole) > MAX_BODY_BYTES:
            raise TooLargeError
        if not message.get("more_body"):
            return bytes(whole)


def _headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in reply.headers.items()]
    if reply.sized:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    return headers


def _chunks(body: bytes, bytes_per_second: int | None) -> Iterator[bytes]:
    size = max(1, bytes_per_second // STEPS_PER_SECOND) if bytes_per_second else CHUNK_BYTES
    for start in range(0, len(body), size):
        yield body[start : start + size]
