"""Steps of the shapes that the pipeline has, with tasks that succeed."""

from collections.abc import Awaitable, Callable
from typing import Any

from contracts.events import EditRequested
from contracts.journal import Enhanced, Handle, JournalEntry, Raw, Stage
from services.chassis.handler import Task
from services.chassis.hold import Hold
from services.chassis.step import Facts, Retries, Step
from tests.samples import job, reference
from tests.unit.chassis.rules.world import World

ENHANCED = Enhanced(instruction="Tint the picture blue.")
POST_SECONDS = 20.0


async def _own_words(entry: JournalEntry) -> Facts:
    return {"work": {"enhanced": Enhanced(instruction=entry.facts.prompt)}}


ENHANCE = Step(
    event=EditRequested,
    durable="enhancer_edit_requested",
    stages=(Stage.ENHANCING_PROMPT,),
    needs=lambda _: True,
    done=lambda work: work.enhanced is not None,
    who="The language service",
    retries={Stage.ENHANCING_PROMPT: Retries(2, 3.0)},
    fallback=_own_words,
)
RENDER = Step(
    event=EditRequested,
    durable="renderer_edit_enhanced",
    stages=(Stage.FETCHING_IMAGE, Stage.AI_PROCESSING),
    needs=lambda work: work.enhanced is not None,
    done=lambda work: work.raw is not None,
    who="The image service",
    retries={Stage.FETCHING_IMAGE: Retries(2, 5.0)},
)
SUBMIT = Step(
    event=EditRequested,
    durable="renderer_edit_enhanced",
    stages=(Stage.FETCHING_IMAGE, Stage.AI_PROCESSING),
    needs=lambda work: work.enhanced is not None,
    done=lambda work: work.handle is not None,
    who="The image service",
)
FINISH = Step(
    event=EditRequested,
    durable="storage_edit_rendered",
    stages=(Stage.UPLOADING_RESULT,),
    needs=lambda work: work.raw is not None,
    done=lambda work: work.result is not None,
    who="Our storage",
    retries={Stage.UPLOADING_RESULT: Retries(3, 2.0)},
)


def raw() -> Raw:
    return Raw(image=reference(b"rendered", role="raw"), provider="local", model="local")


def enhancing() -> World:
    return World(ENHANCE, job(), lambda _: _enhance)


def rendering() -> World:
    return World(RENDER, job(enhanced=ENHANCED), _render)


def finishing() -> World:
    return World(FINISH, job(enhanced=ENHANCED, raw=raw()), _finish)


def submitting(step: Step = SUBMIT) -> World:
    return World(step, job(enhanced=ENHANCED), _submit)


def submitting_whole(step: Step) -> World:
    return World(step, job(enhanced=ENHANCED), _submit_whole)


def raising(step: Step, error: Exception, **work: Any) -> World:
    async def task(_: Hold) -> None:
        raise error

    return World(step, job(**{"enhanced": ENHANCED, **work}), lambda _: task)


ALL: dict[str, Callable[[], World]] = {
    "enhance": enhancing,
    "render": rendering,
    "finish": finishing,
}


async def _enhance(hold: Hold) -> None:
    await hold.record(enhanced=ENHANCED)


def _render(world: World) -> Task:
    async def task(hold: Hold) -> None:
        await hold.enter(Stage.AI_PROCESSING)
        fact = raw()
        async with world.gate("put"):
            world.objects.add(fact.image.key)
        await hold.record(raw=fact)

    return task


def _finish(world: World) -> Task:
    async def task(hold: Hold) -> None:
        result = reference(b"final", role="result")
        async with world.gate("put"):
            world.objects.add(result.key)
        await hold.complete(result=result)

    return task


def _posting(world: World) -> Callable[[], Awaitable[Handle]]:
    async def post() -> Handle:
        async with world.gate("post"):
            world.posts += 1
        return Handle(provider="flux", task_id=f"task-{world.posts}")

    return post


def _submit(world: World) -> Task:
    async def task(hold: Hold) -> None:
        await hold.enter(Stage.AI_PROCESSING)
        await hold.submit(_posting(world), timeout=POST_SECONDS)

    return task


def _submit_whole(world: World) -> Task:
    async def keep(_: Handle) -> Facts:
        fact = raw()
        async with world.gate("put"):
            world.objects.add(fact.image.key)
        return {"raw": fact}

    async def task(hold: Hold) -> None:
        await hold.enter(Stage.AI_PROCESSING)
        await hold.submit_whole(_posting(world), keep, timeout=POST_SECONDS)

    return task
