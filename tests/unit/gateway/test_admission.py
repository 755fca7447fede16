"""Admission: one key one job, nothing taken or stored for a refusal."""

import asyncio
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Options, Slot, Stage
from contracts.objects import digest
from contracts.queries import Abilities, ModelAbilities
from contracts.styles import Style
from services.chassis.errors import PermanentError, UnavailableError
from services.chassis.images.picture import Picture
from services.chassis.journal import Recorded
from services.chassis.keyring import Keyring
from services.chassis.limits import LimitExceededError, Policy, Standing, Taken
from services.gateway.domain.admission import Admission, Rules
from services.gateway.domain.identity import Caller
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.known import Known
from services.gateway.domain.opening import Applicant
from services.gateway.domain.problems import PostponedError, RefusalError
from services.gateway.domain.sources import Sources
from services.gateway.domain.submission import Submission
from tests.fakes import MemoryJournal, MemoryPublisher
from tests.fakes_objects import MemoryStore
from tests.samples import job, reference

CALLER = Caller(owner="owner", scope="scope", client="client")
BLUE = Submission(prompt="make it blue", picture=b"pixels")


class TrustingChecker:
    """Takes everything but the word `bad` for a JPEG."""

    async def check(self, data: bytes) -> Picture:
        await asyncio.sleep(0)
        if data == b"bad":
            raise PermanentError(ErrorCode.INVALID_IMAGE, "Damaged.")
        return Picture(
            content_type="image/jpeg",
            width_pixels=4,
            height_pixels=3,
            stored_width_pixels=4,
            stored_height_pixels=3,
            size_bytes=len(data),
            sha256=digest(data),
            has_alpha=False,
        )


@dataclass
class Window:
    """A quota of so many places; a token takes the same place again."""

    places: int = 99
    taken: dict[str, Slot] = field(default_factory=dict)

    async def take(self, client: str, *, token: str) -> Taken:
        await asyncio.sleep(0)
        if token in self.taken:
            return Taken((self.taken[token],))
        if len(self.taken) >= self.places:
            raise LimitExceededError(Policy("daily", self.places, 86400), 60)
        slot = self.taken[token] = Slot(policy="daily", sequence=len(self.taken) + 1)
        return Taken((slot,), (slot,))

    async def give_back(self, slots: tuple[Slot, ...]) -> None:
        self.taken = {token: slot for token, slot in self.taken.items() if slot not in slots}

    async def standings(self, client: str) -> tuple[Standing, ...]:
        raise UnavailableError("nobody can tell")


@dataclass
class Archive:
    """The record; with `away` set it cannot be asked."""

    known: dict[UUID, JournalEntry] = field(default_factory=dict)
    away: bool = False

    async def find(self, job_id: UUID) -> Recorded | None:
        if self.away:
            raise UnavailableError("storage is away")
        entry = self.known.get(job_id)
        return Recorded(entry, 1) if entry else None


@dataclass
class Renderer:
    """An image service with one model, which keeps shapes; it counts how often it is asked."""

    away: bool = False
    asked: int = 0

    async def abilities(self) -> Abilities:
        self.asked += 1
        if self.away:
            raise PostponedError("Not known at the moment.", retry_after=2)
        return Abilities(models=(ModelAbilities(name="m", provider="p", seed=True),))


class MemoryStyles:
    """These styles."""

    def __init__(self, *styles: Style) -> None:
        self.styles = styles

    async def all(self) -> tuple[Style, ...]:
        return self.styles


class World:
    """Admission among fakes."""

    def __init__(self, *, places: int = 99, chain_limit: int = 2) -> None:
        self.journal = MemoryJournal()
        self.store = MemoryStore()
        self.window = Window(places)
        self.archive = Archive()
        self.publisher = MemoryPublisher()
        self.renderer = Renderer()
        self.overloaded = False
        self.styles = MemoryStyles()
        jobs = Jobs(self.journal, self.archive, Known())
        self.sources = Sources(self.store, TrustingChecker(), jobs, "preview")
        self.admission = Admission(
            jobs=jobs,
            journal=self.journal,
            places=self.window,
            sources=self.sources,
            styles=self.styles,
            image_service=self.renderer,
            publisher=self.publisher,
            job_ids=Keyring((b"k" * 40,)).job_ids,
            rules=Rules(deadline_seconds=900, chain_limit=chain_limit),
            overloaded=lambda _: self.overloaded,
        )

    async def admit(self, asked: Submission = BLUE, key: str | None = None) -> JournalEntry:
        return await self.admission.admit(
            asked, Applicant(caller=CALLER, request_id="r", idempotency_key=key)
        )

    async def uploaded(self, data: bytes) -> UUID:
        image_id = uuid4()
        await self.sources.upload(data, image_id)
        return image_id

    async def completed(self, **public: object) -> JournalEntry:
        result = reference(b"the result", role="result")
        await self.store.put(result.key, b"the result", content_type="image/jpeg")
        entry = job(result=result)
        entry = entry.model_copy(update={"public": entry.public.model_copy(update=public)})
        opened = await self.journal.append(entry, judged=None, message_id="a")
        done = entry.advance(Stage.COMPLETED)
        await self.journal.append(done, judged=opened, message_id="b")
        return done

    @property
    def untouched(self) -> bool:
        stored = self.journal.lines or self.store.contents or self.publisher.stored
        return not stored and not self.window.taken


async def test_an_accepted_job_is_stored_announced_and_pays_one_place():
    world = World()

    accepted = await world.admit()

    assert world.journal.entries(accepted.job_id) == [accepted]
    assert world.store.contents[accepted.facts.original.key] == b"pixels"
    assert accepted.facts.quota == (Slot(policy="daily", sequence=1),)
    assert (accepted.facts.deadline - accepted.public.created_at).total_seconds() == 900
    assert list(world.publisher.stored) == [f"{accepted.job_id}:edit.requested"]


async def test_one_key_is_one_job_however_many_ask_at_once():
    world = World(places=1)

    answers = await asyncio.gather(*(world.admit(key="k") for _ in range(50)))

    assert len({answer.job_id for answer in answers}) == 1
    assert len(world.journal.lines) == 1
    assert len(world.window.taken) == 1


async def test_a_request_that_fails_late_leaves_the_place_to_the_job_of_its_retry():
    world = World()
    keep, slow = world.sources.keep, asyncio.Event()

    async def kept(source, kind, job_id):
        if not slow.is_set():
            slow.set()
            await arrived.wait()
            raise UnavailableError("the store is away")
        return await keep(source, kind, job_id)

    arrived = asyncio.Event()
    world.sources.keep = kept
    first = asyncio.create_task(world.admit(key="k"))
    await slow.wait()

    accepted = await world.admit(key="k")
    arrived.set()
    with pytest.raises(UnavailableError):
        await first

    assert tuple(world.window.taken.values()) == accepted.facts.quota


async def test_a_known_key_is_answered_when_the_quota_is_used_up():
    world = World(places=1)
    first = await world.admit(key="k")

    again = await world.admit(key="k")

    assert again == first
    with pytest.raises(RefusalError) as refused:
        await world.admit(key="another")
    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "60"


async def test_too_many_jobs_under_way_are_refused_in_words_of_their_own():
    world = World()

    async def busy(_: str, *, token: str) -> Taken:
        raise LimitExceededError(Policy("active", 5, 960), 10)

    world.window.take = busy
    with pytest.raises(RefusalError, match="5 jobs under way") as refused:
        await world.admit()

    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "10"


async def test_what_is_left_is_told_only_if_somebody_can_tell():
    assert await World().admission.standings("client") == ()


async def test_a_picture_sent_along_and_the_same_one_uploaded_before_are_one_request():
    world = World()
    first = await world.admit(key="k")
    upload, other = await world.uploaded(b"pixels"), await world.uploaded(b"other pixels")

    assert await world.admit(Submission(prompt="make it blue", image_id=upload), "k") == first
    with pytest.raises(RefusalError):
        await world.admit(Submission(prompt="make it blue", image_id=other), "k")


@pytest.mark.parametrize("away", ["", "away"], ids=["the upload is gone", "the store is away"])
async def test_a_known_key_is_answered_without_the_upload(away: str):
    world = World()
    upload = await world.uploaded(b"pixels")
    asked = Submission(prompt="make it blue", image_id=upload)
    first = await world.admit(asked, "k")
    world.store.contents.clear()
    world.store.known.clear()
    world.store.away = away

    assert await world.admit(asked, "k") == first
    with pytest.raises(RefusalError) as refused:
        await world.admit(Submission(prompt="make it red", image_id=upload), "k")
    assert refused.value.code is ErrorCode.IDEMPOTENCY_KEY_REUSED


async def test_a_key_whose_last_place_another_request_took_meanwhile_finds_its_job():
    world, other = World(), World(places=1)
    theirs = await other.admit(key="k")

    async def beaten(_: str, *, token: str) -> tuple[Slot, ...]:
        world.journal.lines |= other.journal.lines
        raise LimitExceededError(Policy("daily", 1, 86400), 60)

    world.window.take = beaten

    assert await world.admit(key="k") == theirs


async def test_a_key_that_only_the_record_remembers_is_answered():
    world = World()
    first = await world.admit(key="k")
    world.archive.known[first.job_id] = first
    world.journal.lines.clear()

    assert await world.admit(key="k") == first
    assert not world.journal.lines


async def test_a_new_key_waits_for_the_record():
    world = World()
    world.archive.away = True

    with pytest.raises(UnavailableError):
        await world.admit(key="k")

    assert world.untouched


@pytest.mark.parametrize(
    "other",
    [
        Submission(prompt="make it red", picture=b"pixels"),
        Submission(prompt="make it blue", picture=b"other pixels"),
    ],
)
async def test_another_request_under_a_key_is_refused(other: Submission):
    world = World()
    await world.admit(key="k")

    with pytest.raises(RefusalError) as refused:
        await world.admit(other, key="k")

    assert refused.value.code is ErrorCode.IDEMPOTENCY_KEY_REUSED
    assert len(world.window.taken) == 1


async def test_a_bad_picture_costs_nothing():
    world = World()

    with pytest.raises(PermanentError):
        await world.admit(Submission(prompt="x", picture=b"bad"), key="k")

    assert world.untouched


async def test_an_option_that_the_model_cannot_honour_costs_nothing():
    world = World()

    with pytest.raises(RefusalError) as refused:
        await world.admit(replace(BLUE, options=Options(aspect_ratio="1:1")))

    assert refused.value.code is ErrorCode.OPTION_UNSUPPORTED
    assert world.untouched


async def test_an_option_that_the_model_honours_is_part_of_the_job():
    accepted = await World().admit(replace(BLUE, options=Options(model="m", seed=7)))

    assert (accepted.facts.options.model, accepted.facts.options.seed) == ("m", 7)


async def test_nothing_but_a_special_option_depends_on_the_renderer():
    world = World()
    world.renderer.away = True

    await world.admit()
    with pytest.raises(PostponedError):
        await world.admit(replace(BLUE, options=Options(seed=7)))

    assert world.renderer.asked == 1
    assert len(world.journal.lines) == len(world.window.taken) == 1


async def test_a_known_key_is_answered_whatever_the_renderer_can_do_by_now():
    world, seeded = World(), replace(BLUE, options=Options(seed=7))
    first = await world.admit(seeded, key="k")
    world.renderer.away = True

    assert await world.admit(seeded, key="k") == first
    assert world.renderer.asked == 1


async def test_a_store_that_is_away_costs_nothing():
    world = World()
    world.store.away = "away"

    with pytest.raises(UnavailableError):
        await world.admit()

    assert not world.window.taken
    assert not world.journal.lines


async def test_a_job_whose_announcement_fails_is_accepted_all_the_same():
    world = World()

    async def fail(*_: object, **__: object) -> None:
        raise UnavailableError("away")

    world.publisher.publish = fail

    accepted = await world.admit()

    assert accepted.job_id in world.journal.lines


async def test_an_answer_that_got_lost_is_found_in_the_journal():
    world = World()
    append = world.journal.append

    async def lose(*args, **kwargs) -> None:
        await append(*args, **kwargs)
        raise UnavailableError("timeout")

    world.journal.append = lose

    accepted = await world.admit()

    assert len(world.window.taken) == 1
    assert accepted.job_id in world.journal.lines


async def test_a_follow_up_edits_its_parents_result_under_its_own_key():
    world = World()
    parent = await world.completed()

    child = await world.admit(Submission(prompt="more", parent_id=parent.job_id))

    assert child.public.parent_job_id == parent.job_id
    assert child.public.chain_position == 2
    assert str(child.job_id) in child.facts.original.key
    assert world.store.contents[child.facts.original.key] == b"the result"


async def test_a_full_chain_takes_no_more():
    world = World(chain_limit=2)
    parent = await world.completed(chain_position=2)

    with pytest.raises(RefusalError) as refused:
        await world.admit(Submission(prompt="x", parent_id=parent.job_id))

    assert (refused.value.status, refused.value.code) == (400, ErrorCode.CHAIN_TOO_LONG)


async def test_a_parent_must_be_there_and_have_completed():
    world = World()
    pending = await world.admit()

    with pytest.raises(RefusalError) as unfinished:
        await world.admit(Submission(prompt="x", parent_id=pending.job_id))
    with pytest.raises(RefusalError) as unknown:
        await world.admit(Submission(prompt="x", parent_id=uuid4()))

    assert (unfinished.value.status, unknown.value.status) == (400, 404)


async def test_an_upload_and_a_result_are_found_by_their_id():
    world = World()
    done = await world.completed()
    upload = await world.uploaded(b"uploaded")

    assert (await world.sources.by_id(upload)).data == b"uploaded"
    assert (await world.sources.by_id(done.job_id)).data == b"the result"
    with pytest.raises(RefusalError) as unknown:
        await world.sources.by_id(uuid4())
    assert unknown.value.code is ErrorCode.IMAGE_NOT_FOUND


async def test_work_that_would_miss_its_deadline_is_not_taken_but_known_keys_are_answered():
    world = World()
    first = await world.admit(key="k")
    world.overloaded = True

    assert await world.admit(key="k") == first
    with pytest.raises(UnavailableError):
        await world.admit()


async def test_a_cancelled_job_has_one_ending():
    world = World()
    accepted = await world.admit()
    jobs = Jobs(world.journal, world.archive, Known())

    answers = await asyncio.gather(*(jobs.cancel(accepted.job_id) for _ in range(5)))

    assert [changed for _, changed in answers].count(True) == 1
    assert {recorded.entry.stage for recorded, _ in answers} == {Stage.CANCELLED}
    assert len(world.journal.entries(accepted.job_id)) == 2


async def test_a_replica_that_lags_takes_nothing_back():
    world, known = World(), Known()
    accepted = await world.admit()
    last = await world.journal.last(accepted.job_id)
    assert last is not None
    ahead = Recorded(accepted.advance(Stage.CANCELLED), last.sequence + 1)
    known.note(ahead)

    told = await Jobs(world.journal, world.archive, known).status(accepted.job_id)

    assert told.entry.stage is Stage.CANCELLED


async def test_the_last_known_status_is_told_while_the_bus_is_away():
    world, known, there = World(), Known(), [True]
    accepted = await world.admit()
    jobs = Jobs(world.journal, world.archive, known, connected=lambda: there[0])
    await jobs.status(accepted.job_id)
    there[0] = False

    assert (await jobs.status(accepted.job_id)).entry.job_id == accepted.job_id
    with pytest.raises(UnavailableError):
        await jobs.status(uuid4())
