"""The API as an app: submissions, polls, samples, credits, and the control API beside them."""

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from pydantic import JsonValue
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp

from tests.emulators.bfl import refusals, samples, statuses, submissions
from tests.emulators.bfl.behaviour import BflBehaviour, BflFault, fault_of
from tests.emulators.bfl.models import MODELS, Model
from tests.emulators.bfl.refusals import detail
from tests.emulators.bfl.samples import Samples, carries
from tests.emulators.bfl.submissions import megapixels
from tests.emulators.bfl.tasks import READY, Task, Tasks
from tests.emulators.bfl.webhooks import Webhooks
from tests.emulators.core.calls import Call, RefusedError, Reply, as_json
from tests.emulators.core.control import Control
from tests.emulators.core.desk import Desk
from tests.emulators.core.operation import Operation, Work
from tests.emulators.core.pictures import BadPictureError, Studio

OPERATIONS: Final = ("submit", "poll", "download", "credits", "unknown")
KONTEXT_MAX: Final = "flux-kontext-max"
POLLING: Final = "/v1/get_result"
OTHER_NAMES: Final = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def build_app() -> ASGIApp:
    """One account of Black Forest Labs."""
    return Bfl().app()


class Bfl:
    """One account: its desk, its tasks, its money."""

    def __init__(self) -> None:
        self._desk = Desk(
            BflBehaviour(),
            operations=OPERATIONS,
            answers=refusals.ANSWERS,
            changes=samples.CHANGES,
            fault_type=BflFault,
        )
        self._desk.actions["finish"] = self._finish
        self._tasks = Tasks(self._desk.clock.now, self._ended)
        self._samples = Samples(self._desk.clock)
        self._studio = Studio()
        self._webhooks = Webhooks()
        self._spent = 0.0
        self._refused: Counter[int] = Counter()
        self._counts: Counter[str] = Counter()

    def app(self) -> ASGIApp:
        """Its routes; the most frequent first."""
        desk = self._desk
        unknown = Operation("unknown", desk, self._unknown)
        return Router(
            [
                self._route(POLLING, "poll", self._poll, "GET"),
                *(self._submissions(model) for model in MODELS),
                self._route(samples.PATH, "download", self._download, "GET"),
                self._route("/v1/credits", "credits", self._credits, "GET"),
                *Control(desk, counters=self._counters, on_reset=self._reset).routes(),
            ],
            default=unknown,
            redirect_slashes=False,
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        yield
        self._tasks.clear()
        self._studio.close()
        await self._webhooks.close()

    def _route(self, path: str, name: str, work: Work, method: str) -> BaseRoute:
        return Route(path, Operation(name, self._desk, work), methods=[method])

    def _submissions(self, model: Model) -> BaseRoute:
        async def submit(call: Call) -> Reply:
            try:
                return await self._submit(call, model)
            except RefusedError as refused:
                self._refused[refused.reply.status] += 1
                raise

        return self._route(model.path, "submit", submit, "POST")

    async def _submit(self, call: Call, model: Model) -> Reply:
        how = self._desk.behaviour
        submissions.check_key(call, how.key)
        inputs = submissions.read_inputs(call, model)
        sent = submissions.take_pictures(inputs, model, self._studio)
        task = submissions.order(call, model, inputs, sent, self._desk)
        self._admit(task)
        for fault in fault_of(call).then:
            self._desk.arm({**fault, "match": task.id})
        self._tasks.begin(task)
        self._counts["submissions"] += 1
        if how.webhook_early and task.webhook_url:
            self._tasks.end(task)
            await self._webhooks.send(task, self._result(task), how)
        return self._accepted(task)

    def _admit(self, task: Task) -> None:
        how, name = self._desk.behaviour, task.model.name
        if self._left() < task.cost:
            raise RefusedError(detail(402, refusals.NO_CREDITS))
        crowded = name == KONTEXT_MAX and self._tasks.active_of(name) >= how.kontext_max_limit
        if crowded or self._tasks.active >= how.active_limit:
            raise RefusedError(detail(429, refusals.TOO_MANY_TASKS))

    def _accepted(self, task: Task) -> Reply:
        how = self._desk.behaviour
        body: dict[str, JsonValue] = {"id": task.id}
        if task.webhook_url:
            body |= {"status": "Pending", "webhook_url": task.webhook_url}
        if not task.webhook_url or how.polling_url_with_webhook:
            host = _host(task.host, how.polling_host)
            body["polling_url"] = f"http://{host}{POLLING}?id={task.id}"
        told = how.costs_are_told
        return as_json(
            body
            | {
                "cost": task.cost if told else None,
                "input_mp": megapixels(task.input_pixels) if told else None,
                "output_mp": megapixels(task.look.size.pixels) if told else None,
            }
        )

    async def _poll(self, call: Call) -> Reply:
        asked = call.asked.get("id")
        if asked is None:
            return detail(422, [{"type": "missing", "loc": ["query", "id"], "input": None}])
        self._counts["polls"] += 1
        task = self._tasks.find(asked)
        if task is not None:
            self._tasks.polled(task)
        result = self._result(task) if task else None
        now = self._desk.clock.now()
        return statuses.said_of(task, call, result, how=self._desk.behaviour, now=now)

    async def _download(self, call: Call) -> Reply:
        self._counts["downloads"] += 1
        if carries(call, self._desk.behaviour.key):
            self._counts["key_leaks"] += 1
            raise RefusedError(detail(400, "The key has no business here"))
        self._samples.check(call)
        task = self._tasks.find(call.parameters["task_id"])
        if task is None:
            return samples.gone()
        kind = fault_of(call).picture_type or task.look.kind
        look = dataclasses.replace(task.look, kind=kind)
        try:
            data = await self._studio.edited(task.source, look)
        except BadPictureError:
            data = None
        return samples.picture(data, kind) if data else samples.gone()

    async def _credits(self, call: Call) -> Reply:
        submissions.check_key(call, self._desk.behaviour.key)
        return as_json({"credits": round(self._left(), 2)})

    async def _unknown(self, _: Call) -> Reply:
        return detail(404, "Not Found")

    def _left(self) -> float:
        return self._desk.behaviour.credits - self._spent

    def _result(self, task: Task) -> dict[str, JsonValue] | None:
        if task.ended is None or task.outcome != READY:
            return None
        how = self._desk.behaviour
        seconds = task.model.sample_seconds if how.sample_seconds is None else how.sample_seconds
        host = _host(task.host, how.sample_host)
        return statuses.final_result(task, self._samples.address(task, host=host, seconds=seconds))

    def _ended(self, task: Task) -> None:
        if task.outcome == READY:
            self._spent += task.cost
        if task.webhook_url and not self._desk.behaviour.webhook_early:
            self._webhooks.start(task, self._result(task), self._desk.behaviour)

    async def _finish(self, _: Mapping[str, JsonValue]) -> JsonValue:
        return {"finished": self._tasks.end_all()}

    def _counters(self) -> dict[str, JsonValue]:
        counts = {name: self._counts[name] for name in ("submissions", "polls", "downloads")}
        return {
            **counts,
            "key_leaks": self._counts["key_leaks"],
            "submissions_refused": {str(status): n for status, n in self._refused.items()},
            "polls_of_one_task_max": self._tasks.polls_max,
            "active": self._tasks.active,
            "active_max": self._tasks.active_max,
            "credits_spent": round(self._spent, 2),
            "webhooks_sent": self._webhooks.sent,
            "webhooks_failed": self._webhooks.failed,
        }

    def _reset(self) -> None:
        self._tasks.clear()
        self._webhooks.clear()
        self._spent = 0.0
        self._refused.clear()
        self._counts.clear()


def _host(asked: str, configured: str | None) -> str:
    """Where to go next, on the port that the caller came to."""
    name, _, port = asked.rpartition(":") if ":" in asked else (asked, "", "")
    chosen = configured or OTHER_NAMES.get(name, name)
    return f"{chosen}:{port}" if port else chosen
