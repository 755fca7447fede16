"""A workshop out of fakes: places that are counted, pictures in memory, a provider that obeys."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.base import utcnow
from contracts.journal import Handle, JournalEntry, Raw, Slot
from contracts.queries import ModelAbilities
from services.chassis.errors import UnavailableError
from services.chassis.step import Facts
from services.renderer.domain.editing import Edited, Made, Ready, Running, Source, Wish
from services.renderer.domain.polling import PollTimer
from services.renderer.domain.studio import Studio
from services.renderer.domain.workshop import Workshop
from tests.samples import reference

FLUX = ModelAbilities(name="flux-2-pro", provider="flux")
GEMINI = ModelAbilities(name="gemini-3-pro-image", provider="gemini")
LOCAL = ModelAbilities(name="libvips", provider="local")
RAW = reference(b"rendered", role="raw")
EDITED = Edited(
    data=b"rendered",
    content_type="image/jpeg",
    width_pixels=4,
    height_pixels=3,
    provider="flux",
    model="flux-2-pro",
)


@dataclass
class CountedPlaces:
    """So many places; the same token has the same one."""

    most: int = 24
    taken: dict[str, Slot] = field(default_factory=dict)
    freed: set[int] = field(default_factory=set)
    first: int = 1
    then: Callable[[], None] = lambda: None
    """What happens right after one was taken."""

    @property
    def used(self) -> int:
        return len({slot.sequence for slot in self.taken.values()} - self.freed)

    async def take(self, model: str, *, token: str) -> tuple[Slot, ...]:
        if token not in self.taken and self.used >= self.most:
            raise UnavailableError("as many tasks are under way as the account allows")
        slot = self.taken.setdefault(
            token, Slot(policy="flux", sequence=len(self.taken) + self.first)
        )
        self.then()
        return (slot,)

    async def are_held(self, slots: tuple[Slot, ...]) -> bool:
        return all(slot.sequence not in self.freed for slot in slots)

    async def free(self, slots: tuple[Slot, ...]) -> None:
        self.freed.update(slot.sequence for slot in slots)


class MemoryPictures:
    """The job's pictures; the raw one is there once it was kept."""

    def __init__(self) -> None:
        self.kept = 0
        self.away = 0
        """How many more times the store is away when something is to be kept."""
        self.fetched = 0
        self.examples: tuple[Source, ...] = ()
        self.small = False

    async def source(self, job: JournalEntry) -> Source:
        self.fetched += 1
        return Source(data=b"o", content_type="image/jpeg", width_pixels=4, height_pixels=3)

    async def references(self, job: JournalEntry, *, are_small: bool) -> tuple[Source, ...]:
        self.small = are_small
        return self.examples

    async def keep(self, job: JournalEntry, edited: Edited) -> Raw:
        if self.away:
            self.away -= 1
            raise UnavailableError("the store is away")
        self.kept += 1
        return Raw(image=RAW, provider=edited.provider, model=edited.model, note=edited.note)

    async def find(self, job: JournalEntry) -> Facts | None:
        if not self.kept:
            return None
        return {"raw": Raw(image=RAW, provider="flux", model="flux-2-pro")}


class ObedientFlux:
    """Takes every task, unless `refuses`; says what it is told to say of it."""

    name = "flux"
    submit_seconds = 20.0

    def __init__(self) -> None:
        self.refuses: Exception | None = None
        self.says: Running | Ready | Exception = Ready("https://delivery.bfl.ai/x", 4.0)
        self.wishes: list[Wish] = []
        self.submissions = 0
        self.polls = 0
        self.then: Callable[[], None] = lambda: None
        """What happens while a task is handed in."""
        self.in_hand = 0
        self.most_in_hand = 0
        self.sends = asyncio.Event()
        """Whether downloads come to their end."""
        self.sends.set()

    async def prepare(self, source: Source, wish: Wish) -> bytes:
        self.wishes.append(wish)
        return b"body"

    async def submit(self, body: bytes, *, model: str) -> Handle:
        self.then()
        if self.refuses is not None:
            raise self.refuses
        self.submissions += 1
        task_id = f"task-{self.submissions}"
        return Handle(
            provider="flux", task_id=task_id, model=model, submitted_at=utcnow(), cost_credits=4.5
        )

    async def poll(self, task: Handle) -> Running | Ready:
        self.polls += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    async def download(self, task: Handle, ready: Ready) -> Edited:
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        await self.sends.wait()
        self.in_hand -= 1
        return EDITED


class ObedientGemini:
    """Answers at once; `pool_full` is how many more times its pictures have to wait."""

    name = "gemini"

    def __init__(self) -> None:
        self.edits = 0
        self.pool_full = 0
        self.refuses: Exception | None = None
        self.answered = asyncio.Event()
        self.answered.set()

    async def edit(self, source: Source, wish: Wish) -> Edited:
        await self.make((source,), wish)
        return EDITED

    async def prepare(self, source: Source, wish: Wish) -> tuple[Source, ...]:
        self._wait_for_the_pool()
        return (source, *wish.references)

    async def make(self, sent: tuple[Source, ...], wish: Wish) -> Made:
        self.edits += 1
        if self.refuses is not None:
            raise self.refuses
        await self.answered.wait()
        return Made(EDITED.data, EDITED.model)

    async def check(self, made: Made) -> Edited:
        self._wait_for_the_pool()
        return EDITED

    def _wait_for_the_pool(self) -> None:
        if self.pool_full:
            self.pool_full -= 1
            raise UnavailableError("too many pictures are waiting")


@dataclass
class Fakes:
    """A workshop and the fakes in it."""

    flux: ObedientFlux = field(default_factory=ObedientFlux)
    gemini: ObedientGemini = field(default_factory=ObedientGemini)
    places: CountedPlaces = field(default_factory=CountedPlaces)
    pictures: MemoryPictures = field(default_factory=MemoryPictures)
    models: tuple[ModelAbilities, ...] = (FLUX, GEMINI, LOCAL)

    @property
    def shop(self) -> Workshop:
        studio = Studio(
            models=self.models,
            paid={GEMINI.name: self.gemini},
            tasks={FLUX.name: self.flux},
            free={LOCAL.name: self.gemini},
        )
        return Workshop(
            studio=studio, pictures=self.pictures, places=self.places, timer=PollTimer()
        )
