"""Writers, vendors and what they look at, in a test's hands."""

from dataclasses import dataclass, field, replace

from contracts.journal import Enhanced
from contracts.styles import Guide, Style
from services.chassis.errors import MizualError
from services.enhancer.adapters.local import Composer
from services.enhancer.adapters.vendor import Said
from services.enhancer.domain.brief import Brief, Seen
from services.enhancer.domain.enhancing import Desk, Writer
from services.enhancer.domain.question import Question


@dataclass(slots=True)
class WillingModel:
    """Makes every sentence louder, and remembers what it was told."""

    told: list[Brief] = field(default_factory=list)

    async def write(self, brief: Brief) -> Enhanced:
        self.told.append(brief)
        loud = brief.words.upper()
        return Enhanced(instruction=loud, prompt=loud, provider="willing", model="loud-1")


@dataclass(slots=True)
class FailingModel:
    """Raises, and counts how often it was asked."""

    error: Exception
    asked: int = 0

    async def write(self, brief: Brief) -> Enhanced:
        self.asked += 1
        raise self.error


@dataclass(slots=True)
class ScriptedVendor:
    """Gives its answers in order, the last one for ever; an error is raised."""

    answers: list[Said | MizualError]
    name: str = "scripted"
    model: str = "scripted-1"
    asked: list[Question] = field(default_factory=list)

    def using(self, model: str) -> "ScriptedVendor":
        return replace(self, model=model)

    async def ask(self, question: Question) -> Said:
        self.asked.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, MizualError):
            raise answer
        return answer


@dataclass(frozen=True, slots=True)
class Sight:
    """Sees what it is given, whatever the job."""

    pictures: tuple[bytes, ...] = ()
    hints: str = ""

    async def at(self, brief: Brief) -> Seen:
        return Seen(pictures=self.pictures, layout=self.hints if brief.is_variation else "")

    async def layout(self, brief: Brief) -> str:
        return self.hints if brief.is_variation else ""


@dataclass(slots=True)
class Shelf:
    """Guides by the id of their style; an error is raised first."""

    guides: dict[str, Guide] = field(default_factory=dict)
    error: MizualError | None = None

    async def of(self, style: Style) -> Guide | None:
        if self.error:
            raise self.error
        return self.guides.get(style.id)


def desk(writer: Writer, *, shelf: Shelf | None = None, hints: str = "") -> Desk:
    """Everything that instructions are written with, around this writer."""
    return Desk(guides=shelf or Shelf(), writer=writer, composer=Composer(Sight(hints=hints)))
