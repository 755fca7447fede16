"""Language models and vendors in a test's hands."""

from dataclasses import dataclass, field

from contracts.journal import Enhanced
from contracts.objects import ObjectRef
from services.chassis.errors import MizualError
from services.enhancer.adapters.vendor import Said
from services.enhancer.domain.instruction import Instruction


@dataclass(slots=True)
class WillingModel:
    """Makes every sentence louder, and remembers what it was shown."""

    shown: list[ObjectRef | None] = field(default_factory=list)

    async def enhance(self, prompt: str, *, original: ObjectRef | None) -> Enhanced:
        self.shown.append(original)
        loud = prompt.upper()
        return Enhanced(instruction=loud, prompt=loud, provider="willing", model="loud-1")


@dataclass(slots=True)
class FailingModel:
    """Raises, and counts how often it was asked."""

    error: Exception
    asked: int = 0

    async def enhance(self, prompt: str, *, original: ObjectRef | None) -> Enhanced:
        self.asked += 1
        raise self.error


@dataclass(slots=True)
class ScriptedVendor:
    """Gives its answers in order, the last one for ever; an error is raised."""

    answers: list[Said | MizualError]
    name: str = "scripted"
    model: str = "scripted-1"
    asked: list[tuple[str, str, bytes | None]] = field(default_factory=list)

    async def ask(self, told: Instruction, prompt: str, picture: bytes | None) -> Said:
        self.asked.append((told.version, prompt, picture))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, MizualError):
            raise answer
        return answer
