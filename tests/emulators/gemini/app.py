"""The API as an app: models that write and models that draw, and the control API beside them."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pydantic import JsonValue
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from tests.emulators.core.calls import Call, RefusedError, Reply, as_json
from tests.emulators.core.control import Control
from tests.emulators.core.desk import Desk
from tests.emulators.core.operation import Operation
from tests.emulators.core.pictures import (
    COLOURS,
    TYPES,
    BadPictureError,
    Look,
    Size,
    Studio,
    blank,
    colour_of,
)
from tests.emulators.core.structured import instruction, written
from tests.emulators.gemini import errors, requests
from tests.emulators.gemini.behaviour import GeminiBehaviour
from tests.emulators.gemini.models import IMAGE_TOKENS, SIDES, VERSIONS, Model, find
from tests.emulators.gemini.requests import Wanted
from tests.emulators.gemini.responses import CHARACTERS_PER_TOKEN, candidate, said, tokens_of

OPERATIONS: Final = ("generate", "stream", "model", "unknown")
MODEL: Final = "/{version}/models/{model}"
# Sides of results are multiples of it.
MULTIPLE: Final = 32
# Which colour a thought has does not matter, as long as it is another one.
THOUGHT: Final = COLOURS["grey"]


def build_app() -> ASGIApp:
    """One project of the Gemini API."""
    return Gemini().app()


class Gemini:
    """One project: its desk and its pictures."""

    def __init__(self) -> None:
        self._desk = Desk(GeminiBehaviour(), operations=OPERATIONS, answers=errors.ANSWERS)
        self._studio = Studio()

    def app(self) -> ASGIApp:
        """Its routes."""
        desk = self._desk
        generate = Operation("generate", desk, self._generate)
        stream = Operation("stream", desk, self._generate)
        model = Operation("model", desk, self._describe)
        return Router(
            [
                Route(f"{MODEL}:generateContent", generate, methods=["POST"]),
                Route(f"{MODEL}:streamGenerateContent", stream, methods=["POST"]),
                *Control(desk, counters=self._counters, on_reset=lambda: None).routes(),
                Route(MODEL, model, methods=["GET"]),
            ],
            default=Operation("unknown", desk, self._unknown),
            redirect_slashes=False,
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        yield
        self._studio.close()

    async def _generate(self, call: Call) -> Reply:
        how = self._desk.behaviour
        self._check_key(call)
        model = self._model(call)
        if len(call.body) > how.max_request_bytes:
            limit = how.max_request_bytes
            raise errors.refused(f"Request payload size exceeds the limit: {limit} bytes.")
        wanted = requests.read(call, model, self._studio)
        await asyncio.sleep(self._desk.latency())
        if wanted.draw:
            parts = await self._drawn(wanted)
            return said(call, candidate(call, parts, tokens=IMAGE_TOKENS[wanted.image_size]))
        return said(call, self._written(call, wanted))

    async def _describe(self, call: Call) -> Reply:
        self._check_key(call)
        model = self._model(call)
        methods = ["generateContent", "countTokens"]
        name = f"models/{model.name}"
        return as_json({"name": name, "version": "001", "supportedGenerationMethods": methods})

    async def _unknown(self, call: Call) -> Reply:
        return errors.error(404, f"Requested entity was not found: {call.path}")

    def _check_key(self, call: Call) -> None:
        presented = call.headers.get("x-goog-api-key")
        if presented is None:
            raise RefusedError(errors.no_key())
        if presented != self._desk.behaviour.key:
            raise RefusedError(errors.wrong_key())

    def _model(self, call: Call) -> Model:
        version, name = call.parameters["version"], call.parameters["model"]
        model = find(version, name) if version in VERSIONS else None
        if model is None:
            raise RefusedError(errors.unknown_model(version, name))
        return model

    def _written(self, call: Call, wanted: Wanted) -> dict[str, JsonValue]:
        text = written(
            wanted.sentence,
            schema=wanted.schema,
            as_json=wanted.as_json,
            instead=self._desk.behaviour.answer,
        )
        if wanted.max_tokens is None or tokens_of(text) <= wanted.max_tokens:
            return candidate(call, [{"text": text}])
        begun = text[: wanted.max_tokens * CHARACTERS_PER_TOKEN]
        return candidate(call, [{"text": begun}], finish="MAX_TOKENS")

    async def _drawn(self, wanted: Wanted) -> list[dict[str, JsonValue]]:
        how = self._desk.behaviour
        source, look = self._look(wanted)
        picture = await self._picture(source, look)
        parts: list[dict[str, JsonValue]] = []
        if how.with_thought:
            thought = await self._picture(source, Look(look.size, look.kind, THOUGHT))
            parts += [{"text": "Looking at the picture.", "thought": True}]
            parts += [{**thought, "thought": True}]
        if how.with_text:
            parts.append({"text": f"Here it is: {instruction(wanted.sentence)}"})
        return [*parts, {**picture, "thoughtSignature": secrets.token_urlsafe(24)}]

    def _look(self, wanted: Wanted) -> tuple[str, Look]:
        """What to start from, and what it becomes."""
        how = self._desk.behaviour
        size = _size(wanted, keeps=how.keeps_size)
        if wanted.pictures:
            source = wanted.pictures[0].digest
        else:
            source, _ = self._studio.keep(blank(size))
        return source, Look(size, how.picture_type, colour_of(wanted.sentence))

    async def _picture(self, source: str, look: Look) -> dict[str, JsonValue]:
        try:
            data = await self._studio.edited(source, look)
        except BadPictureError:
            raise errors.refused(requests.UNREADABLE) from None
        encoded = base64.b64encode(data or b"").decode()
        return {"inlineData": {"mimeType": TYPES[look.kind], "data": encoded}}

    def _counters(self) -> dict[str, JsonValue]:
        received = self._desk.ledger.received
        return {"posts": received["generate"] + received["stream"]}


def _size(wanted: Wanted, *, keeps: bool) -> Size:
    first = wanted.pictures[0].size if wanted.pictures else Size(1, 1)
    if keeps and wanted.pictures and wanted.ratio is None:
        return first
    width, height = (
        map(int, wanted.ratio.split(":")) if wanted.ratio else (first.width, first.height)
    )
    side = SIDES[wanted.image_size]
    wide = min(max((width / height) ** 0.5, 1 / 8**0.5), 8**0.5)
    return Size(_stepped(side * wide), _stepped(side / wide))


def _stepped(side: float) -> int:
    return max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE)
