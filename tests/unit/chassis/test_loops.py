"""Loops go on whatever their cycles raise, and stop when told."""

import asyncio

import pytest

from services.chassis.errors import UnavailableError
from services.chassis.hold import to_its_end
from services.chassis.loops import PAUSE_MAX_SECONDS, Loops, pause_after


async def test_a_loop_goes_on_after_any_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.loops.PAUSE_BASE_SECONDS", 0.001)
    raised = [UnavailableError("away"), KeyError("a mistake of ours")]
    done = asyncio.Event()

    async def cycle() -> None:
        if raised:
            raise raised.pop(0)
        done.set()

    loops = Loops()
    loops.add("work", cycle, every_seconds=0.001)
    await loops.start()
    async with asyncio.timeout(5):
        await done.wait()
    await loops.stop()


async def test_stopping_lets_the_cycle_under_way_end_and_closes_after_it() -> None:
    events: list[str] = []
    begun = asyncio.Event()

    async def cycle() -> None:
        begun.set()
        await asyncio.sleep(0.01)
        events.append("cycle ended")

    async def close() -> None:
        events.append("closed")

    loops = Loops()
    loops.add("work", cycle, every_seconds=60, close=close)
    await loops.start()
    await begun.wait()
    await loops.stop()

    assert events == ["cycle ended", "closed"]


async def test_a_cycle_that_does_not_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.loops.STOP_SECONDS", 0.01)
    begun = asyncio.Event()

    async def cycle() -> None:
        begun.set()
        await asyncio.Event().wait()

    loops = Loops()
    loops.add("work", cycle)
    await loops.start()
    await begun.wait()

    async with asyncio.timeout(5):
        await loops.stop()


async def test_what_may_not_be_cut_off_is_waited_for_when_all_else_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.chassis.loops.STOP_SECONDS", 0.01)
    monkeypatch.setattr("services.chassis.loops.CUT_SECONDS", 0.01)
    begun, closed = asyncio.Event(), asyncio.Event()
    events: list[str] = []

    async def pay() -> None:
        begun.set()
        await closed.wait()
        events.append("paid")

    async def close() -> None:
        events.append("closed")
        closed.set()

    loops = Loops()
    loops.add("work", lambda: to_its_end(pay()), close=close)
    await loops.start()
    await begun.wait()
    async with asyncio.timeout(5):
        await loops.stop()

    assert events == ["closed", "paid"]


async def test_a_failure_is_logged_once_and_so_is_the_recovery(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("services.chassis.loops.PAUSE_BASE_SECONDS", 0.0001)
    left = 3
    done = asyncio.Event()

    async def cycle() -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise UnavailableError("away")
        if left == -2:
            done.set()

    loops = Loops()
    loops.add("work", cycle, every_seconds=0.0001)
    await loops.start()
    async with asyncio.timeout(5):
        await done.wait()
    await loops.stop()

    assert [record.message for record in caplog.records] == ["loop_failed", "loop_recovered"]


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = [pause_after(failures) for failures in range(1, 50)]

    assert pauses == sorted(pauses)
    assert pauses[0] == 1
    assert pauses[-1] == PAUSE_MAX_SECONDS
