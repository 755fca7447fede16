"""The API as an app, with the control API beside it."""

import asyncio
import dataclasses
import secrets
from typing import Final

from pydantic import JsonValue
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from tests.emulators.core.calls import Call, RefusedError, Reply, as_json
from tests.emulators.core.control import Control
from tests.emulators.core.desk import Answer, Desk
from tests.emulators.core.operation import Operation
from tests.emulators.core.structured import written
from tests.emulators.openai import errors, requests
from tests.emulators.openai.behaviour import MODELS, OpenAIBehaviour
from tests.emulators.openai.responses import CHARACTERS_PER_TOKEN, incomplete, response, text_part

OPERATIONS: Final = ("respond", "model", "unknown")
REQUEST_ID: Final = "x-request-id"


def build_app() -> ASGIApp:
    """One project of OpenAI's API."""
    return OpenAI().app()


class OpenAI:
    """One project."""

    def __init__(self) -> None:
        answers = {name: _identified_answer(answer) for name, answer in errors.ANSWERS.items()}
        self._desk = Desk(OpenAIBehaviour(), operations=OPERATIONS, answers=answers)

    def app(self) -> ASGIApp:
        """Its routes."""
        desk = self._desk
        respond = Operation("respond", desk, self._respond)
        model = Operation("model", desk, self._describe)
        return Router(
            [
                Route("/v1/responses", respond, methods=["POST"]),
                Route("/v1/models/{model}", model, methods=["GET"]),
                *Control(desk, counters=self._counters, on_reset=lambda: None).routes(),
            ],
            default=Operation("unknown", desk, self._unknown),
            redirect_slashes=False,
        )

    async def _respond(self, call: Call) -> Reply:
        try:
            return _identified(await self._answered(call))
        except RefusedError as refused:
            return _identified(refused.reply)

    async def _answered(self, call: Call) -> Reply:
        self._check_key(call)
        wanted = requests.read(call)
        self._check_model(str(call.json.get("model")))
        await asyncio.sleep(self._desk.latency())
        text = written(
            wanted.sentence,
            schema=wanted.schema,
            as_json=wanted.as_json,
            instead=self._desk.behaviour.answer,
        )
        if wanted.max_tokens is None or len(text) // CHARACTERS_PER_TOKEN <= wanted.max_tokens:
            return as_json(response(call, [text_part(text)]))
        begun = text[: wanted.max_tokens * CHARACTERS_PER_TOKEN]
        return as_json(incomplete(call, "max_output_tokens", begun))

    async def _describe(self, call: Call) -> Reply:
        self._check_key(call)
        name = call.parameters["model"]
        self._check_model(name)
        return _identified(as_json({"id": name, "object": "model", "owned_by": "system"}))

    async def _unknown(self, call: Call) -> Reply:
        return _identified(errors.error(404, f"Invalid URL ({call.method} {call.path})"))

    def _check_key(self, call: Call) -> None:
        scheme, _, presented = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not presented:
            raise RefusedError(errors.no_key())
        if presented != self._desk.behaviour.key:
            raise RefusedError(errors.wrong_key(presented))

    def _check_model(self, name: str) -> None:
        if name not in MODELS and name not in self._desk.behaviour.models:
            raise RefusedError(errors.unknown_model(name))

    def _counters(self) -> dict[str, JsonValue]:
        return {"posts": self._desk.ledger.received["respond"]}


def _identified_answer(answer: Answer) -> Answer:
    return lambda call: _identified(answer(call))


def _identified(reply: Reply) -> Reply:
    """Every answer has a number to complain about."""
    headers = {REQUEST_ID: f"req_{secrets.token_hex(16)}", "openai-version": "2020-10-01"}
    return dataclasses.replace(reply, headers=headers | dict(reply.headers))
