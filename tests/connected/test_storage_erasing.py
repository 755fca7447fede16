"""Jobs that are forgotten, on a real bus, a real record and a real store."""

import asyncio
import os
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import DeadLetter
from contracts.journal import Enhanced, JournalEntry, Kind, Raw, Stage
from contracts.objects import ObjectRef, digest, job_folder, thumb_key, upload_key
from contracts.queries import ErasureQuestion
from contracts.subjects import DEAD_LETTERS, FEED, JOURNAL, dead_letter_subject, journal_subject
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.errors import PermanentError, RefusedError, UnavailableError
from services.chassis.journal import JetStreamJournal, Recorded
from services.chassis.limits import Policy, Quota, is_held
from services.chassis.objects import DirectoryStore
from services.storage.adapters.erasures import PostgresErasures
from services.storage.adapters.forgetting import Forgetting, forgetting_on
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.projector import kept_to
from services.storage.domain.erasing import LATE, Eraser, Wanted
from services.storage.domain.record import rows_of
from services.storage.handlers import forgetting as forget
from services.storage.settings import RetentionSettings
from tests.connected.places import eventually
from tests.connected.storage_running import appended, fed, stage_of, storage_running
from tests.samples import PREFIX, job, reference
from tests.servers import NatsServer

RESULT = (Stage.AI_PROCESSING, Stage.UPLOADING_RESULT, Stage.COMPLETED)
PICTURE = b"pixels"


@dataclass
class MemoryOpinions:
    """Feedback in memory; with `away` set it cannot be asked."""

    said: dict[UUID, str] = field(default_factory=dict)
    ratings_kept: list[UUID] = field(default_factory=list)
    away: bool = False
    refuses: bool = False

    async def forget(self, job_id: UUID, *, keep_rating: bool) -> int:
        if self.away:
            raise UnavailableError("feedback is away")
        if self.refuses:
            raise PermanentError(ErrorCode.INTERNAL_ERROR, "Something is wrong.")
        if keep_rating:
            self.ratings_kept.append(job_id)
        return 0 if self.said.pop(job_id, None) is None else 1


@dataclass
class World:
    """Storage's forgetting, and everything that it forgets from."""

    bus: Bus
    tables: Database
    store: DirectoryStore
    opinions: MemoryOpinions
    parts: Forgetting

    async def asked(self, job_id: UUID) -> Any:
        """What the gateway is answered."""
        question = ErasureQuestion(job_id=job_id)
        return await forget.on_erasure_question(question, eraser=self.parts.eraser)

    async def again(self) -> int:
        """One turn of the loop."""
        return await forget.forget_again(eraser=self.parts.eraser, erasures=self.parts.erasures)

    async def later(self, pause: timedelta) -> None:
        """So much time passes for what is being forgotten."""
        await self.tables.execute(
            "UPDATE erasures SET wanted_at = wanted_at - $1::interval,"
            " sweep_at = sweep_at - $1::interval, until = until - $1::interval",
            pause,
        )

    async def put(self, ref: ObjectRef | None) -> ObjectRef:
        assert ref is not None
        await self.store.put(ref.key, PICTURE, content_type=ref.content_type)
        return ref

    async def lived(self, *stages: Stage, **work: Any) -> Recorded:
        """A job with a picture of each role, at the last of the stages, in the record too."""
        opened = job(**work)
        await self.put(opened.facts.original)
        last = await appended(self.bus, opened)
        raw = await self.put(reference(PICTURE, job_id=opened.job_id, role="raw"))
        facts = {
            "enhanced": Enhanced(instruction="blue", prompt="make it very blue"),
            "raw": Raw(image=raw, provider="local", model="libvips"),
            "result": await self.put(reference(PICTURE, job_id=opened.job_id, role="result")),
        }
        for stage in stages:
            last = await appended(self.bus, last.entry.advance(stage, work=facts), last)
        await PostgresJobs(self.tables).keep(rows_of([last]))
        return last

    async def keys(self, entry: JournalEntry) -> list[str]:
        folder = job_folder(PREFIX, entry.kind, entry.job_id)
        return [stored.key async for stored in self.store.list(f"{folder}/")]

    async def wanted(self) -> int:
        count: int = await self.tables.fetchval("SELECT count(*) FROM erasures")
        return count


@pytest.fixture
async def world(empty_bus: Bus, storage_tables: Database, tmp_path: Path) -> World:
    store, opinions = DirectoryStore(tmp_path / "objects"), MemoryOpinions()
    parts = forgetting_on(empty_bus, storage_tables, store, prefix=PREFIX)
    eraser = Eraser(replace(parts.eraser.at, opinions=opinions))
    return World(empty_bus, storage_tables, store, opinions, replace(parts, eraser=eraser))


async def test_everything_of_a_job_is_removed_and_named(world: World) -> None:
    uploaded = upload_key(PREFIX, uuid4(), sha256=digest(PICTURE), content_type="image/jpeg")
    await world.store.put(uploaded, PICTURE, content_type="image/jpeg")
    done = await world.lived(*RESULT, upload_key=uploaded)
    assert done.entry.facts.result is not None
    small = [thumb_key(done.entry.facts.result.key), thumb_key(uploaded)]
    for key in small:
        await world.store.put(key, b"small", content_type="image/webp")
    world.opinions.said[done.entry.job_id] = "too blue"
    await letter(world.bus, done.entry.job_id)

    erasure = await world.asked(done.entry.job_id)

    assert (erasure.journal_entries, erasure.feedback, erasure.dead_letters) == (4, 1, 1)
    assert erasure.words == ("prompt", "enhanced_prompt")
    assert erasure.objects == ("original", "raw", "result", "thumb", "upload")
    assert erasure.remaining == ()
    assert await world.keys(done.entry) == []
    assert [await world.store.get(key) for key in (uploaded, *small)] == [None] * 3
    assert not world.opinions.said
    assert (await world.bus.js.stream_info(DEAD_LETTERS)).state.messages == 0


async def test_what_is_left_in_the_journal_and_the_record_is_empty(world: World) -> None:
    done = await world.lived(*RESULT, prompt="a word of mine", owner="somebody")
    job_id = done.entry.job_id

    await world.asked(job_id)

    state = (await world.bus.js.stream_info(JOURNAL, subjects_filter="journal.*")).state
    assert (state.subjects or {})[journal_subject(job_id)] == 1
    last = await JetStreamJournal(world.bus).last(job_id)
    assert last is not None
    assert (last.entry.stage, last.entry.work) == (Stage.ERASED, None)
    row = await world.tables.fetchrow("SELECT j::text AS text FROM jobs j")
    assert row is not None
    assert not any(word in row["text"] for word in ("word of mine", "somebody", "very blue"))


async def test_an_erased_job_keeps_its_place_in_its_chain(world: World) -> None:
    parent = uuid4()
    opened = job()
    public = opened.public.model_copy(update={"parent_job_id": parent, "chain_position": 3})
    await appended(world.bus, opened.model_copy(update={"public": public}))

    erasure = await world.asked(opened.job_id)

    assert erasure.job.entry.public.parent_job_id == parent
    assert erasure.job.entry.public.chain_position == 3


async def test_nothing_is_written_after_an_erasure_whoever_was_at_work(world: World) -> None:
    working = await world.lived(Stage.AI_PROCESSING)

    await world.asked(working.entry.job_id)

    late = await JetStreamJournal(world.bus).append(
        working.entry.follow(), judged=working, message_id="late"
    )
    assert late is None


async def test_a_job_under_way_ends_as_cancelled_for_those_who_follow_the_feed(
    world: World, own_nats: NatsServer
) -> None:
    working = await world.lived(Stage.AI_PROCESSING)

    await world.asked(working.entry.job_id)

    assert await fed(world.bus) == ["mizual.v1.job.cancelled"]
    async with storage_running(own_nats.url, world.tables):
        await eventually(lambda: has_stage(world.tables, working.entry.job_id, "erased"))
    assert await fed(world.bus) == ["mizual.v1.job.cancelled"]


async def test_a_job_that_is_erased_is_not_under_way_any_more(world: World) -> None:
    quota = Quota(world.bus, (Policy("active", 50, 960.0), Policy("daily", 5, 86_400.0)))
    taken = await quota.take("somebody", token="job")
    running = await world.lived(Stage.AI_PROCESSING, quota=taken.slots)

    await world.asked(running.entry.job_id)

    assert [await is_held(world.bus, slot) for slot in taken.slots] == [False, True]


async def test_a_job_that_was_told_is_not_told_again(world: World, own_nats: NatsServer) -> None:
    done = await world.lived(*RESULT)
    async with storage_running(own_nats.url, world.tables):
        await eventually(lambda: has_kept(world.bus, done.sequence))
    before = await fed(world.bus)
    await world.bus.js.purge_stream(FEED)

    await world.asked(done.entry.job_id)

    assert before == ["mizual.v1.job.accepted", "mizual.v1.job.completed"]
    assert (await world.bus.js.stream_info(FEED)).state.messages == 0


async def test_an_ending_that_is_on_record_and_was_not_told_yet_is_told(world: World) -> None:
    done = await world.lived(*RESULT)

    await world.asked(done.entry.job_id)

    assert await fed(world.bus) == ["mizual.v1.job.completed"]


async def test_an_erasure_holds_although_the_journal_was_made_anew(world: World) -> None:
    done = await world.lived(*RESULT)
    await world.tables.execute("UPDATE jobs SET sequence = 1000000")
    await world.bus.js.purge_stream(JOURNAL)

    await world.asked(done.entry.job_id)

    assert await stage_of(world.tables, done.entry.job_id) == "erased"


async def test_a_job_that_never_ended_and_left_the_journal_is_kept_no_longer_either(
    world: World,
) -> None:
    lost = await world.lived(Stage.AI_PROCESSING)
    await world.bus.js.purge_stream(JOURNAL)
    await world.tables.execute("UPDATE jobs SET updated_at = updated_at - interval '31 days'")

    await forget.expire(erasures=world.parts.erasures, periods=RetentionSettings().periods)
    await world.again()

    assert await stage_of(world.tables, lost.entry.job_id) == "erased"
    assert await world.keys(lost.entry) == []


async def test_a_part_that_refuses_does_not_keep_the_others(world: World) -> None:
    done = await world.lived(*RESULT)
    await letter(world.bus, done.entry.job_id)
    world.opinions.refuses = True

    erasure = await world.asked(done.entry.job_id)

    assert (erasure.remaining, erasure.dead_letters) == (("feedback",), 1)


async def test_a_job_that_the_journal_forgot_is_erased_from_the_record(world: World) -> None:
    done = await world.lived(*RESULT)
    await world.bus.js.purge_stream(JOURNAL)

    erasure = await world.asked(done.entry.job_id)

    assert erasure.objects == ("original", "raw", "result")
    assert await stage_of(world.tables, done.entry.job_id) == "erased"


async def test_a_job_that_is_unknown_is_not_found(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        await world.asked(uuid4())

    assert refused.value.code is ErrorCode.EDIT_NOT_FOUND


async def test_asking_again_removes_and_names_what_was_left(world: World) -> None:
    done = await world.lived(*RESULT)
    world.opinions.said[done.entry.job_id] = "too blue"
    world.opinions.away = True
    await world.asked(done.entry.job_id)
    world.opinions.away = False

    again = await world.asked(done.entry.job_id)

    assert (again.journal_entries, again.words, again.objects) == (0, (), ())
    assert (again.feedback, again.remaining) == (1, ())


async def test_what_cannot_be_reached_is_named_and_removed_later(world: World) -> None:
    done = await world.lived(*RESULT)
    world.opinions.said[done.entry.job_id] = "too blue"
    world.opinions.away = True

    erasure = await world.asked(done.entry.job_id)
    assert erasure.remaining == ("feedback",)

    world.opinions.away = False
    await world.later(timedelta(minutes=1))
    assert await world.again() == 1
    assert not world.opinions.said


async def test_what_a_late_worker_stores_is_removed_too(world: World) -> None:
    working = await world.lived(Stage.AI_PROCESSING)
    await world.asked(working.entry.job_id)
    await world.put(reference(b"late", job_id=working.entry.job_id, role="raw"))

    await world.later(timedelta(minutes=1))
    await world.again()

    assert await world.keys(working.entry) == []


async def test_a_job_is_looked_after_until_no_worker_can_be_late(world: World) -> None:
    done = await world.lived(*RESULT)
    await world.asked(done.entry.job_id)
    await world.later(timedelta(minutes=1))
    await world.again()
    assert await world.wanted() == 1

    await world.later(LATE)
    await world.again()

    assert await world.wanted() == 0


async def test_the_places_of_a_task_that_nobody_sees_to_its_end_are_given_back(
    world: World,
) -> None:
    quota = Quota(world.bus, (Policy("flux", 24, 360.0),))
    taken = await quota.take("account", token="task")
    working = await world.lived(Stage.AI_PROCESSING, places=taken.slots)

    await world.asked(working.entry.job_id)
    assert await is_held(world.bus, taken.slots[0])
    await world.later(timedelta(minutes=2))
    await world.again()

    assert not await is_held(world.bus, taken.slots[0])


async def test_an_erasure_that_was_cut_off_at_once_is_carried_out(world: World) -> None:
    done = await world.lived(*RESULT)
    before = utcnow() - timedelta(minutes=1)
    await world.parts.erasures.want(
        Wanted(done.entry.job_id, Kind.EDIT), before, until=before + LATE
    )

    await world.again()

    assert await stage_of(world.tables, done.entry.job_id) == "erased"
    assert await world.keys(done.entry) == []


async def test_two_processes_never_look_after_the_same_job_at_once(world: World) -> None:
    done = await world.lived(*RESULT)
    before = utcnow() - timedelta(minutes=1)
    await world.parts.erasures.want(Wanted(done.entry.job_id, Kind.EDIT), before, until=before)

    claims = await asyncio.gather(
        *(world.parts.erasures.claim(utcnow(), limit=10) for _ in range(8))
    )

    assert sorted(claims, key=len) == [*([[]] * 7), [Wanted(done.entry.job_id, Kind.EDIT)]]


async def test_jobs_are_kept_for_their_time_and_their_ratings_for_longer(world: World) -> None:
    old, young, working = [await world.lived(*stages) for stages in (RESULT, RESULT, RESULT[:1])]
    await world.tables.execute(
        "UPDATE jobs SET ended_at = ended_at - interval '31 days' WHERE job_id = $1",
        old.entry.job_id,
    )

    found = await forget.expire(erasures=world.parts.erasures, periods=RetentionSettings().periods)
    await world.again()

    assert found == 1
    assert world.opinions.ratings_kept == [old.entry.job_id]
    stages = [await stage_of(world.tables, one.entry.job_id) for one in (old, young, working)]
    assert stages == ["erased", "completed", "ai_processing"]


async def test_pictures_that_belong_to_nobody_are_removed_after_a_day(world: World) -> None:
    known = await world.lived(*RESULT)
    only_in_the_journal = await appended(world.bus, job())
    await world.put(only_in_the_journal.entry.facts.original)
    stray = await world.put(reference(job_id=uuid4()))
    uploaded = upload_key(PREFIX, uuid4(), sha256=digest(PICTURE), content_type="image/jpeg")
    await world.store.put(uploaded, PICTURE, content_type="image/jpeg")
    await world.store.put(thumb_key(uploaded), b"small", content_type="image/webp")

    removed = [
        await world.parts.orphans.sweep(utcnow() + timedelta(hours=hours)) for hours in (23, 25)
    ]

    assert removed == [0, 3]
    assert await world.store.get(stray.key) is None
    assert await world.store.get(uploaded) is None
    assert len(await world.keys(known.entry)) == 3
    assert len(await world.keys(only_in_the_journal.entry)) == 1


async def test_the_small_copy_of_an_upload_goes_with_it_however_young(
    world: World, tmp_path: Path
) -> None:
    uploaded = upload_key(PREFIX, uuid4(), sha256=digest(PICTURE), content_type="image/jpeg")
    await world.store.put(uploaded, PICTURE, content_type="image/jpeg")
    at = utcnow() - timedelta(hours=23)
    os.utime(tmp_path / "objects" / uploaded, (at.timestamp(), at.timestamp()))
    await world.store.put(thumb_key(uploaded), b"small", content_type="image/webp")

    removed = await world.parts.orphans.sweep(utcnow() + timedelta(hours=2))

    assert removed == 1
    assert await world.store.get(thumb_key(uploaded)) is None


async def test_a_record_that_knows_hardly_any_job_is_not_believed(world: World) -> None:
    strays = [await world.put(reference(job_id=uuid4())) for _ in range(11)]

    removed = await world.parts.orphans.sweep(utcnow() + timedelta(hours=25))

    assert removed == 0
    assert all([await world.store.head(stray.key) for stray in strays])


async def test_one_process_of_many_sweeps_everything(storage_tables: Database) -> None:
    erasures, now = PostgresErasures(storage_tables), utcnow()
    every = timedelta(hours=6)

    first = await asyncio.gather(*(erasures.begin("orphans", now) for _ in range(8)))
    await erasures.ended("orphans", now, every=every)
    later = [await erasures.begin("orphans", now + every * at) for at in (0.5, 1)]

    assert sorted(first) == [False] * 7 + [True]
    assert later == [False, True]


async def letter(bus: Bus, job_id: UUID) -> None:
    """A dead letter of the job."""
    body = DeadLetter(
        job_id=job_id,
        durable="d",
        subject="s",
        sequence=1,
        deliveries=1,
        reason="r",
        occurred_at=utcnow(),
    )
    await bus.publish(dead_letter_subject("d", job_id), body, message_id=str(job_id))


async def has_kept(bus: Bus, sequence: int) -> bool:
    return await kept_to(bus) >= sequence


async def has_stage(tables: Database, job_id: UUID, stage: str) -> bool:
    return await stage_of(tables, job_id) == stage
