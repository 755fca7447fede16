"""Every way for Flux to fail once it has a task: asking for it, fetching its result."""

from dataclasses import replace
from typing import Any, Final

from services.renderer.handlers.collecting import COLLECT_SECONDS
from tests.e2e.failing import Row
from tests.e2e.flux_rows import DEADLINES, ECHO, calls

UNFINISHED: Final = "could not finish this edit"
UNUSABLE: Final = "cannot be used"
LOST: Final = "lost your request"
ELSEWHERE: Final = "https://elsewhere.example/sample.png"


def ended(name: str, code: str, says: str, **fault: Any) -> Row:
    """A task that comes to a bad end: it is not tried again."""
    return Row(
        name=name,
        faults=({"operation": "submit", **fault},),
        calls=calls(1, 1),
        code=code,
        says=says,
        outcome=f"poll:{code.lower()}",
    )


def asked_again(name: str, *, counted: str = "poll:transient", **fault: Any) -> Row:
    """A poll that brings nothing: the task is asked for again, and nothing is handed in anew."""
    again = calls(1, 1 + fault.get("times", 1), 1)
    return Row(name=name, faults=({"operation": "poll", **fault},), calls=again, outcome=counted)


def operator_called(name: str, **fault: Any) -> Row:
    """A poll that only an operator can mend, after the task was paid: it is asked again."""
    return replace(asked_again(name, **fault), outcome=None, alert=True)


def fetched(name: str, **fault: Any) -> Row:
    """A strange result that is a picture all the same."""
    return Row(name=name, faults=({"operation": "download", **fault},), calls=calls(1, 1, 1))


def fetched_again(name: str, **fault: Any) -> Row:
    """A transfer that breaks: the task is asked for again, which gives a fresh address."""
    counted = "download:transient"
    return replace(fetched(name, **fault), calls=calls(1, 2, 2), outcome=counted)


def unusable(name: str, **fault: Any) -> Row:
    """A result that nobody should open."""
    counted = "download:result_invalid"
    return replace(fetched(name, **fault), code="RESULT_INVALID", says=UNUSABLE, outcome=counted)


WORDS: Final = ("Pending", "Reasoning", "Generating", "Queued", "Processing", "Dreaming")

ASKING: Final = (
    *(asked_again(f"status {word}", counted="poll:ok", outcome=word) for word in WORDS),
    asked_again("unknown for a moment", counted="poll:ok", outcome="Task not found", times=2),
    asked_again(
        "unknown for a moment, with 200",
        counted="poll:ok",
        body={"id": "1", "status": "Task not found"},
    ),
    ended(
        "the request moderated",
        "CONTENT_MODERATED",
        "refused this request (Derivative Works Filter, Safety Filter). Please change",
        outcome="Request Moderated",
        reasons=("Derivative Works Filter", "Safety Filter"),
    ),
    ended(
        "the result moderated",
        "CONTENT_MODERATED",
        "made a picture and withheld it (Safety Filter). Please change",
        outcome="Content Moderated",
    ),
    ended("status Error", "PROVIDER_FAILED", UNFINISHED, outcome="Error"),
    ended("status Failed", "PROVIDER_FAILED", UNFINISHED, outcome="Failed"),
    replace(
        ended("status Error with 503", "PROVIDER_FAILED", UNFINISHED),
        faults=({"operation": "poll", "outcome": "Error", "status": 503, "processed": True},),
    ),
    asked_again("a poll with 500", preset="server_error"),
    asked_again("a poll with 502 as a page", preset="html_502"),
    asked_again("a poll with 503", preset="overloaded"),
    asked_again("a poll with 429", preset="too_many_tasks", headers={"Retry-After": "1"}),
    asked_again("a poll with 422", status=422, body={"detail": ECHO}),
    asked_again("a poll with broken JSON", preset="broken_json"),
    asked_again("a poll with nothing in it", preset="empty"),
    asked_again("a poll that is cut", counted="poll:ok", cut="before"),
    asked_again("a poll that is cut within", cut="midway"),
    asked_again("Ready without a result", body={"id": "1", "status": "Ready", "result": None}),
    operator_called("a poll with 401", status=401, body={"detail": "Who?"}),
    operator_called("a poll with 402", preset="no_credits"),
    operator_called("a poll with 403", preset="wrong_key"),
    operator_called(
        "a result elsewhere", body={"id": "1", "status": "Ready", "result": {"sample": ELSEWHERE}}
    ),
)

FETCHING: Final = (
    fetched("a wrong content type", preset="wrong_type"),
    fetched("no content type", preset="no_type"),
    fetched("no length", preset="unsized"),
    fetched("PNG where JPEG was asked for", picture_type="png"),
    fetched("WebP where JPEG was asked for", picture_type="webp"),
    fetched_again("a transfer with 500", preset="server_error"),
    fetched_again("a transfer with 503", preset="overloaded"),
    fetched_again("a transfer that is sent elsewhere", preset="redirect"),
    # The client itself repeats a GET whose kept connection was closed under it.
    replace(fetched_again("a transfer that is cut", cut="before"), is_patient=True, outcome=None),
    fetched_again("a transfer that is cut within", cut="midway"),
    replace(
        unusable("a drawing", body="<svg xmlns='http://www.w3.org/2000/svg'/>"),
        outcome="download:ok",
    ),
    unusable("too many bytes", preset="oversized"),
    unusable("endless bytes", preset="oversized_unsized"),
)


def later(name: str, operation: str, *, downloads: int, **fault: Any) -> Row:
    """What strikes a task that is under way; how often it is asked for is left to chance."""
    counted = {"submit": 1, "download": downloads} if downloads else {"submit": 1}
    faults = ({"operation": operation, **fault},)
    return Row(name=name, faults=faults, calls=counted, is_patient=True)


def missed(name: str, operation: str, *, downloads: int = 0, **fault: Any) -> Row:
    """A task or a result that is not found: a person reads that it is looked for once more."""
    return replace(later(name, operation, downloads=downloads, **fault), pauses=LOOKED_FOR)


def lost(name: str, operation: str, *, downloads: int = 0, **fault: Any) -> Row:
    """The same for good."""
    row = missed(name, operation, downloads=downloads, times=None, **fault)
    return replace(row, code="PROVIDER_FAILED", says=LOST)


def no_picture(name: str, **fault: Any) -> Row:
    """A result that is none, at the second time too."""
    row = missed(name, "download", downloads=2, times=None, **fault)
    return replace(row, code="RESULT_INVALID", says=UNUSABLE, outcome="download:ok")


LOOKED_FOR: Final = (("waiting", round(COLLECT_SECONDS + 1)),)

SLOW: Final = (
    lost("unknown for good", "poll", outcome="Task not found"),
    lost("unknown for good, with 200", "poll", body={"id": "1", "status": "Task not found"}),
    lost("unknown for good, as a page", "poll", status=404, body="<p>?"),
    lost("a result that has expired", "download", downloads=2, preset="expired"),
    lost("a result that was deleted", "download", downloads=2, status=404, body="<p>?"),
    missed("an address that has expired", "download", downloads=2, preset="expired"),
    missed("a page for a while", "download", downloads=2, body="<html>Back soon</html>"),
    no_picture("no picture at all", preset="garbage"),
    no_picture("half a picture", preset="truncated"),
    no_picture("a bomb", preset="bomb"),
    no_picture("an empty file", preset="empty_file"),
    no_picture("a page", body="<html>Not here</html>"),
    replace(
        later("a poll beyond the deadline", "poll", downloads=1, delay_seconds=DEADLINES.poll + 1),
        outcome="poll:timeout",
    ),
    replace(
        later(
            "a transfer beyond the deadline",
            "download",
            downloads=2,
            delay_seconds=DEADLINES.download + 1,
        ),
        outcome="download:timeout",
    ),
    replace(
        later("a transfer that trickles", "download", downloads=2, bytes_per_second=10),
        outcome="download:timeout",
    ),
)
"""Each takes up to a minute: what is not found, or no picture, is looked for twice, further apart
than a look may take.
"""
