"""The outermost layer: request ids, cross-origin rules, the hot paths, every error as a problem.

The status of an edit and its stream are matched here: they are nearly all requests there are, and
what the framework does for the others would double their cost.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from prometheus_client import Histogram
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.errors import ErrorCode
from services.chassis.bus import to_bytes
from services.chassis.errors import MizualError
from services.chassis.telemetry import bound
from services.gateway.domain.origins import Origins
from services.gateway.domain.problems import RefusalError, trouble_of
from services.gateway.routes.visit import SCOPE_KEY, House, Visit

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]

REQUEST_SECONDS: Final = Histogram(
    "mizual_http_request_seconds",
    "Time to the first byte of an answer",
    ["route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
EXPOSED: Final = b"Retry-After, RateLimit, RateLimit-Policy, X-Request-Id"
_METHODS: Final = b"GET, HEAD, POST, DELETE, OPTIONS"
_HEADERS: Final = (
    b"Content-Type, Idempotency-Key, X-Request-Id, X-Edit-Token, X-Admin-Token, X-User-Id, "
    b"X-Tenant-Id, X-Platform-Token, Last-Event-ID, Cache-Control, Range, If-None-Match"
)
_PREFLIGHT_SECONDS: Final = b"600"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_READING: Final = frozenset({"GET", "HEAD"})
_COOKIE_SECONDS: Final = 365 * 86_400


class Hot:
    """A path that is answered before the framework sees it."""

    def __init__(self, path: str, endpoint: Endpoint) -> None:
        self.path = path
        self.endpoint = endpoint
        self.pattern = re.compile(path.replace("{job_id}", "(?P<job_id>[^/]+)") + "/?")


class Door:
    """ASGI middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, *, house: House, origins: Origins, hot: Sequence[Hot], secure: bool
    ) -> None:
        self._app = app
        self._house = house
        self._origins = origins
        self._hot = hot
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = scope[SCOPE_KEY] = Visit(scope, self._house)
        answer = _Answer(self, scope, visit, send)
        with bound(request_id=visit.request_id):
            try:
                await self._inner(scope, visit)(scope, receive, answer)
            except Exception as error:
                if answer.started:
                    raise
                if not isinstance(error, MizualError):
                    log.exception("request_failed")
                response = problem_response(error, visit.request_id)
                await response(scope, receive, answer)

    def cross_origin(self, visit: Visit) -> list[tuple[bytes, bytes]]:
        """The headers by which a browser lets a page of another origin read the answer."""
        origin = visit.header(b"origin")
        if origin is not None and self._origins.allows(origin):
            return [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-expose-headers", EXPOSED),
                (b"vary", b"Origin"),
            ]
        if self._origins.anybody:
            varies = [(b"vary", b"Origin")] if self._origins.allowed else []
            return [
                (b"access-control-allow-origin", b"*"),
                (b"access-control-expose-headers", EXPOSED),
                *varies,
            ]
        return [(b"vary", b"Origin")]

    def is_foreign(self, visit: Visit) -> bool:
        """Whether somebody else's page sent the request."""
        return self._origins.foreign(
            origin=visit.header(b"origin"),
            fetch_site=visit.header(b"sec-fetch-site"),
            own=tuple({_origin(visit.base), _origin(visit.reached)}),
        )

    def cookie(self, session: str) -> bytes:
        """The header that lets the client keep its session."""
        secure = "; Secure" if self._secure else ""
        name = self._house.cookie_name
        return (
            f"{name}={session}; Path=/; Max-Age={_COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}"
        ).encode()

    def _inner(self, scope: Scope, visit: Visit) -> ASGIApp:
        method: str = scope["method"]
        if method in _READING:
            return self._hot_path(scope) or self._app
        if method == "OPTIONS" and visit.header(b"access-control-request-method"):
            return _PREFLIGHT
        if method not in _SAFE:
            self._refuse_foreign(visit)
        return self._app

    def _hot_path(self, scope: Scope) -> ASGIApp | None:
        for hot in self._hot:
            if match := hot.pattern.fullmatch(scope["path"]):
                scope["path_params"] = match.groupdict()
                scope["mizual.path"] = hot.path
                return _served(hot.endpoint)
        return None

    def _refuse_foreign(self, visit: Visit) -> None:
        if visit.session is not None and self.is_foreign(visit):
            raise RefusalError(
                403, ErrorCode.FORBIDDEN, "This page may not act in the visitor's name."
            )


class _Answer:
    """The `send` of one request: adds our headers to the start of its answer."""

    __slots__ = ("_begun", "_door", "_ended", "_scope", "_send", "_visit", "started")

    def __init__(self, door: Door, scope: Scope, visit: Visit, send: Send) -> None:
        self._door = door
        self._scope = scope
        self._visit = visit
        self._send = send
        self._begun = time.perf_counter()
        self._ended = False
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self._complete(message)
        elif self._scope["method"] == "HEAD":
            await self._end()
            return
        await self._send(message)

    async def _end(self) -> None:
        # A stream would go on for ever, and nobody reads it: a body that is over tells it so.
        if not self._ended:
            self._ended = True
            await self._send({"type": "http.response.body", "body": b""})

    def _complete(self, message: Message) -> None:
        headers = [
            (b"x-request-id", self._visit.request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        own = {name for name, _ in message["headers"]}
        if b"access-control-allow-origin" not in own:
            headers += self._door.cross_origin(self._visit)
        # A form of a foreign page brings no cookie along: a fresh one would replace the visitor's.
        if self._visit.cookie is not None and not self._door.is_foreign(self._visit):
            headers.append((b"set-cookie", self._door.cookie(self._visit.cookie)))
        message["headers"] = [*message["headers"], *headers]
        route = self._scope.get("mizual.path") or getattr(self._scope.get("route"), "path", "none")
        elapsed = time.perf_counter() - self._begun
        REQUEST_SECONDS.labels(route, message["status"]).observe(elapsed)


def problem_response(error: Exception, request_id: str) -> Response:
    """Any error as `application/problem+json`."""
    trouble = trouble_of(error, request_id)
    return Response(
        to_bytes(trouble.problem),
        trouble.status,
        {**trouble.headers, "Cache-Control": "no-store"},
        media_type="application/problem+json",
    )


def _served(endpoint: Endpoint) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return serve


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


_PREFLIGHT: Final[ASGIApp] = Response(
    status_code=204,
    headers={
        "Access-Control-Allow-Methods": _METHODS.decode(),
        "Access-Control-Allow-Headers": _HEADERS.decode(),
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS.decode(),
    },
)
