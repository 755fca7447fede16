"""Starting is for the current attempt alone; what is proven done is not done again."""

from contracts.events import EditRendered
from contracts.journal import Handle, Stage
from services.chassis.announce import event_id
from tests.samples import job
from tests.unit.chassis.rules.steps import ENHANCED, POST_SECONDS, raw, rendering, submitting
from tests.unit.chassis.rules.world import COPY, MESSAGE, Actor, World, paused_at

TAKEN = 1
"""The operation that takes the stage: read, append."""


async def overtaken(world: World) -> Actor:
    """A first delivery that goes on after a second one has taken its stage; the second pauses."""
    slow, running = await paused_at(world, TAKEN)
    newer = Actor("newer", pause_after=TAKEN)
    also = world.start(newer, sequence=COPY)
    await newer.paused.wait()
    slow.resume.set()
    await running
    assert world.last.facts.attempt == 2
    stage, posts = world.last.stage, world.posts
    newer.resume.set()
    await also
    assert stage is Stage.FETCHING_IMAGE
    assert posts == 0
    return slow


async def test_an_overtaken_handler_enters_no_stage_and_makes_nothing():
    world = rendering()

    slow = await overtaken(world)

    assert "put" not in slow.operations
    assert world.announced


async def test_an_overtaken_handler_submits_nothing():
    world = submitting()

    async def task(hold):
        async def post():
            world.posts += 1
            return Handle(provider="flux", task_id="task")

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    await overtaken(world)

    assert world.posts == 1


async def test_a_job_beyond_the_step_is_acked_and_not_announced_again():
    world = rendering()
    judged = world.journal.peek(world.job_id)
    later = judged.entry.advance(Stage.UPLOADING_RESULT, work={"raw": raw()})
    world.journal._store(later, judged, "later")

    await world.deliver(Actor("late"))

    assert MESSAGE in world.acked
    assert not world.publisher.stored


def test_the_id_of_an_event_depends_on_nothing_but_the_job_and_the_event():
    entry = job(enhanced=ENHANCED, raw=raw())

    assert event_id(EditRendered, entry) == f"{entry.job_id}:edit.rendered"
    assert event_id(EditRendered, entry) == event_id(EditRendered, entry.follow())
