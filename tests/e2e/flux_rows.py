"""Every way for Flux to fail while a task is handed in."""

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


REFUSED_OR_TAKEN: Final = (
    taken("a good day"),
    taken("no polling address beside a webhook", how={"polling_url_with_webhook": False}),
    taken("no costs told", how={"costs_are_told": False}),
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
    replace(
        refused("404 no such model", "PROVIDER_FAILED", BUSY, alert=True, status=404),
        outcome="submit:provider_setup",
    ),
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

BEYOND: Final = (
    Row(
        name="a submission beyond the deadline",
        faults=({"operation": "submit", "delay_seconds": DEADLINES.submit + 1},),
        calls=calls(1),
        code="PROVIDER_UNCERTAIN",
        says=UNKNOWN,
        outcome="submit:timeout",
    ),
)
"""The answer comes when nobody waits for it any more."""
