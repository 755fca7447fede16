"""`/_control/`: how a test tells an emulator what to do and asks it what it saw."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.emulators.core.desk import Desk

Counters = Callable[[], dict[str, JsonValue]]
Handler = Callable[[Request], Awaitable[JsonValue]]
ROOT: Final = "/_control"


class Control:
    """The control API of one emulator; the provider's own counters stand beside the common."""

    def __init__(
        self, desk: Desk[Any], *, counters: Counters, on_reset: Callable[[], None]
    ) -> None:
        self._desk = desk
        self._own_counters = counters
        self._on_reset = on_reset

    def routes(self) -> list[BaseRoute]:
        """See the module."""
        return [
            _route("behaviour", self._behaviour, "GET", "PUT"),
            _route("faults", self._faults, "POST"),
            _route("counters", self._counters, "GET"),
            _route("requests", self._requests, "GET"),
            _route("release", self._release, "POST"),
            _route("clock", self._clock, "POST"),
            _route("reset", self._reset, "POST"),
            _route("{action}", self._act, "POST"),
        ]

    async def _behaviour(self, request: Request) -> JsonValue:
        if request.method == "PUT":
            self._desk.behave(await request.json())
        known: JsonValue = self._desk.behaviour.model_dump(mode="json")
        return known

    async def _faults(self, request: Request) -> JsonValue:
        self._desk.arm(await request.json())
        return {}

    async def _counters(self, _: Request) -> JsonValue:
        desk = self._desk
        common: dict[str, JsonValue] = {
            "held": desk.gate.waiting,
            "connections": len(desk.ledger.connections),
            "received": dict(desk.ledger.received),
            "answers": dict(desk.ledger.counts),
        }
        return common | self._own_counters()

    async def _requests(self, request: Request) -> JsonValue:
        return [*self._desk.ledger.requests(request.query_params.get("operation"))]

    async def _release(self, _: Request) -> JsonValue:
        self._desk.gate.release()
        return {}

    async def _clock(self, request: Request) -> JsonValue:
        self._desk.clock.ahead_seconds = float((await request.json())["ahead_seconds"])
        return {}

    async def _reset(self, _: Request) -> JsonValue:
        self._desk.reset()
        self._on_reset()
        return {}

    async def _act(self, request: Request) -> JsonValue:
        action = self._desk.actions.get(request.path_params["action"])
        if action is None:
            raise ValueError("there is no such action")
        return await action(await request.json())


def _route(name: str, handler: Handler, *methods: str) -> Route:
    async def guarded(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except (ValueError, KeyError) as wrong:
            return JSONResponse({"detail": str(wrong)}, 422)

    return Route(f"{ROOT}/{name}", guarded, methods=methods)
