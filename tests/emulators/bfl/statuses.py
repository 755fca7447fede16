"""What a poll says of a task, and with which HTTP status."""

from typing import Final

from pydantic import JsonValue

from tests.emulators.bfl.behaviour import BflBehaviour, fault_of
from tests.emulators.bfl.tasks import ENDINGS, FAILURES, NOT_FOUND, READY, Task
from tests.emulators.core.calls import Call, Reply, as_json

REASONS: Final = "Moderation Reasons"
DEFAULT_REASONS: Final = ("Safety Filter",)


def said_of(
    task: Task | None, call: Call, result: JsonValue, *, how: BflBehaviour, now: float
) -> Reply:
    """The answer to a poll; the result is for a task that is ready."""
    fault = fault_of(call)
    word = fault.outcome or (task.status(now) if task else NOT_FOUND)
    if task is None or word == NOT_FOUND:
        return as_json(_body(call.asked["id"], NOT_FOUND), how.not_found_status)
    reasons = fault.reasons or task.reasons
    body = _body(
        task.id,
        word,
        result=result if word == READY else None,
        progress=_progress(task, word, now) if how.progress == "linear" else None,
        details=_details(word, reasons),
    )
    return as_json(body, how.failed_status if word in FAILURES else 200)


def final_result(task: Task, sample: str) -> dict[str, JsonValue]:
    """What a task that is ready holds."""
    ended = task.ended or task.began
    result: dict[str, JsonValue] = {"sample": sample, "prompt": task.prompt}
    if task.seed is not None:
        result |= {"seed": task.seed, "start_time": task.began, "end_time": ended}
    return result | {"duration": round(ended - task.began, 3)}


def _body(
    task_id: str,
    status: str,
    *,
    result: JsonValue = None,
    progress: float | None = None,
    details: JsonValue = None,
) -> dict[str, JsonValue]:
    return {
        "id": task_id,
        "status": status,
        "result": result,
        "progress": progress,
        "details": details,
        "preview": None,
    }


def _progress(task: Task, word: str, now: float) -> float | None:
    return None if word in ENDINGS else round(task.share(now), 2)


def _details(word: str, reasons: tuple[str, ...]) -> JsonValue:
    if word.endswith("Moderated"):
        return {REASONS: [*(reasons or DEFAULT_REASONS)]}
    return None
