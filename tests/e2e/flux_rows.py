"""Every way for Flux to fail: handing in, asking for the task, fetching its result."""

from dataclasses import replace
from typing import Any, Final

from services.renderer.adapters.flux import Deadlines
from tests.e2e.failing import Row

DEADLINES: Final = Deadlines()

USUAL: Final = {"latency_seconds": 0.05, "polling_url_with_webhook": True}
"""Quick, and the usual answer though there is a webhook."""

UNKNOWN: Final = "could not find out"
REFUSED: Final = "refused this edit"
BUSY: Final = "cannot take your edit right now"
UNFINISHED: Final = "could not finish this edit"
UNUSABLE: Final = "cannot be used"
LOST: Final = "lost your edit"

# What their API says of a field that is wrong repeats what was in it.
ECHO: Final = [
    {
        "type": "less_than_equal",
        "loc": ["body", "safety_tolerance"],
        "msg": "Input should be less than or equal to 5",
        "input": "make it blue",
        "ctx": {"le": 5},
    }
]
MODERATION: Final = {"Moderation Reasons": ["Derivative Works Filter", "Safety Filter"]}
ELSEWHERE: Final = "https://elsewhere.example/sample.png"


def calls(submit: int, poll: int = 0, download: int = 0) -> dict[str, int]:
    """The requests about one job."""
    all_of_them = {"submit": submit, "poll": poll, "download": download}
    return {name: number for name, number in all_of_them.items() if number}


def refused(name: str, code: str, says: str, *, alert: bool = False, **fault: Any) -> Row:
    """A submission that is refused: one call, and the end."""
    return Row(
        name=name,
        faults=({"operation": "submit", **fault},),
        calls=calls(1),
        tasks=0,
        code=code,
        says=says,
        outcome=f"submit:{code.lower()}",
        alert=alert,
    )


def uncertain(name: str, **fault: Any) -> Row:
    """A submission of which nobody knows whether it was accepted: it is not repeated."""
    return Row(
        name=name,
        faults=({"operation": "submit", **fault},),
        calls=calls(1),
        code="PROVIDER_UNCERTAIN",
        says=UNKNOWN,
        outcome="submit:transient",
    )


def put_off(name: str, *, seconds: int = 1, **fault: Any) -> Row:
    """A submission that was certainly not accepted: it waits, and is made again."""
    return Row(
        name=name,
        faults=({"operation": "submit", **fault},),
        calls=calls(2, 1, 1),
        pauses=(("waiting", seconds),),
        outcome="submit:transient",
    )


def taken(name: str, *, how: dict[str, object] | None = None, **fault: Any) -> Row:
    """An unusual answer to a submission that is as good as any."""
    faults = ({"operation": "submit", **fault},) if fault else ()
    return Row(name=name, faults=faults, how=how or {}, calls=calls(1, 1, 1), tasks=1)


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


def unusable(name: str, *, counted: str = "download:ok", **fault: Any) -> Row:
    """A result that is no picture, or one that nobody should open."""
    plain = fetched(name, **fault)
    return replace(plain, code="RESULT_INVALID", says=UNUSABLE, outcome=counted)


REFUSED_OR_TAKEN: Final = (
    taken("a good day"),
    taken("no polling address beside a webhook", how={"polling_url_with_webhook": False}),
    taken("no costs told", how={"costs_are_told": False}),
    taken("a polling address elsewhere", how={"polling_host": "elsewhere.example"}),
    refused("400", "PROVIDER_FAILED", REFUSED, status=400, body={"detail": "make it blue?"}),
    refused("401", "PROVIDER_AUTH", BUSY, alert=True, status=401, body={"detail": "Who?"}),
    refused("402 no credits", "PROVIDER_CREDITS", BUSY, alert=True, preset="no_credits"),
    refused("403 wrong key", "PROVIDER_AUTH", BUSY, alert=True, preset="wrong_key"),
    refused(
        "403 no key",
        "PROVIDER_AUTH",
        BUSY,
        alert=True,
        status=403,
        body={"detail": "Not authenticated"},
    ),
    refused("404 no such model", "PROVIDER_FAILED", REFUSED, status=404, body={"detail": "No"}),
    refused("413 too large", "PROVIDER_FAILED", REFUSED, status=413, body="<html>413</html>"),
    refused("422 a field", "PROVIDER_FAILED", REFUSED, status=422, body={"detail": ECHO}),
    refused("422 a sentence", "PROVIDER_FAILED", REFUSED, status=422, body={"detail": "Mind!"}),
    refused(
        "moderated at once",
        "CONTENT_MODERATED",
        "refused this request (Derivative Works Filter, Safety Filter)",
        body={"id": "1", "status": "Request Moderated", "details": MODERATION},
    ),
)

UNSURE: Final = (
    put_off("429 without a pause", preset="too_many_tasks"),
    put_off("429 with a pause", seconds=2, preset="too_many_tasks", headers={"Retry-After": "2"}),
    put_off("503", preset="overloaded"),
    put_off("503 as a page", status=503, body="<html>503</html>"),
    uncertain("500", preset="server_error"),
    uncertain("500 as a page", preset="html_500"),
    uncertain("502 as a page after the work", preset="html_502", processed=True),
    uncertain("a page with 200", status=200, body="<html>Welcome</html>"),
    uncertain("broken JSON", preset="broken_json", processed=True),
    uncertain("an empty answer", preset="empty"),
    uncertain("an answer without a task", body={"status": "Pending"}),
    uncertain("a list", body=[]),
    uncertain("cut before the work", cut="before"),
    uncertain("reset before the work", cut="before", reset=True),
    uncertain("cut after the work", cut="after"),
    uncertain("cut within the answer", cut="midway"),
)

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
    unusable("no picture at all", preset="garbage"),
    unusable("half a picture", preset="truncated"),
    unusable("an empty file", preset="empty_file"),
    unusable("a page", body="<html>Not here</html>"),
    unusable("a drawing", body="<svg xmlns='http://www.w3.org/2000/svg'/>"),
    unusable("too many bytes", counted="download:result_invalid", preset="oversized"),
    unusable("endless bytes", counted="download:result_invalid", preset="oversized_unsized"),
    unusable("a bomb", preset="bomb"),
)


REPEATED: Final = (
    Row(
        name="500, then accepted",
        faults=({"operation": "submit", "preset": "server_error"},),
        calls=calls(2, 1, 1),
        tasks=1,
        outcome="submit:transient",
    ),
    Row(
        name="cut after the work, then accepted",
        faults=({"operation": "submit", "cut": "after"},),
        calls=calls(2, 1, 1),
        tasks=2,
        outcome="submit:transient",
    ),
    Row(
        name="500 again and again",
        faults=({"operation": "submit", "preset": "server_error", "times": None},),
        calls=calls(2),
        tasks=0,
        code="PROVIDER_UNCERTAIN",
        says=UNKNOWN,
        outcome="submit:transient",
    ),
)
"""With PROVIDER_UNCERTAIN_REPEATS=1."""


def _later(name: str, *faults: dict[str, Any], says: str = "", **more: Any) -> Row:
    """What strikes a task that is under way; how often it is asked for is left to chance."""
    counted = {"submit": 1, **more.pop("calls", {})}
    code = "PROVIDER_FAILED" if says else None
    return Row(
        name=name, faults=faults, calls=counted, is_patient=True, code=code, says=says, **more
    )


_UNKNOWN: Final = {"operation": "poll", "times": None}
_GONE: Final = {"operation": "download", "times": None}

SLOW: Final = (
    _later("unknown for good", {**_UNKNOWN, "outcome": "Task not found"}, says=LOST),
    _later(
        "unknown for good, with 200",
        {**_UNKNOWN, "body": {"id": "1", "status": "Task not found"}},
        says=LOST,
    ),
    _later("unknown for good, as a page", {**_UNKNOWN, "status": 404, "body": "<p>?"}, says=LOST),
    _later(
        "a result that has expired",
        {**_GONE, "preset": "expired"},
        calls={"download": 2},
        says=LOST,
    ),
    _later(
        "a result that was deleted",
        {**_GONE, "status": 404, "body": "<p>?"},
        calls={"download": 2},
        says=LOST,
    ),
    _later(
        "an address that has expired",
        {"operation": "download", "preset": "expired"},
        calls={"download": 2},
    ),
    _later(
        "a poll beyond the deadline",
        {"operation": "poll", "delay_seconds": DEADLINES.poll + 1},
        calls={"download": 1},
        outcome="poll:timeout",
    ),
    _later(
        "a transfer beyond the deadline",
        {"operation": "download", "delay_seconds": DEADLINES.download + 1},
        calls={"download": 2},
        outcome="download:timeout",
    ),
    _later(
        "a transfer that trickles",
        {"operation": "download", "bytes_per_second": 10},
        calls={"download": 2},
        outcome="download:timeout",
    ),
    Row(
        name="a submission beyond the deadline",
        faults=({"operation": "submit", "delay_seconds": DEADLINES.submit + 1},),
        calls=calls(1),
        code="PROVIDER_UNCERTAIN",
        says=UNKNOWN,
        outcome="submit:timeout",
    ),
)
"""Each takes up to a minute: the collector looks twice, longer than one look may take apart."""
