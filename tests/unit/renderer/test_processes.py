"""Whatever a process of the pool does, whoever asked gets an answer or an error, and the next one
a process that works.
"""

import asyncio
import io
import os
import signal
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.chassis.errors import TransientError, UnavailableError
from services.renderer.adapters import frames
from services.renderer.adapters.frames import MAX_BODY_BYTES, MAX_HEAD_BYTES, Frame
from services.renderer.adapters.processes import (
    Bounds,
    Command,
    NotStartedError,
    ProcessPool,
    bare_environment,
)
from services.renderer.adapters.serving import NICENESS

PATIENCE_SECONDS = 20.0
PATIENT = Bounds(start=PATIENCE_SECONDS, job=PATIENCE_SECONDS, wait=PATIENCE_SECONDS)
SHORT_SECONDS = 0.4


def command(how: str = "work") -> Command:
    return Command((sys.executable, "-m", "tests.unit.renderer.odd_worker", how), "CUTOUT_PROVIDER")


@asynccontextmanager
async def pool(
    how: str = "work", *, processes: int = 1, **bounds: Any
) -> AsyncIterator[ProcessPool]:
    values = {"start": PATIENT.start, "job": PATIENT.job, "wait": PATIENT.wait, **bounds}
    opened = ProcessPool(command(how), processes=processes, bounds=Bounds(**values))
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


async def who(pool: ProcessPool) -> int:
    return int((await pool.run(Frame({}, b"who"))).head["pid"] or 0)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.01)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_question_is_answered_by_another_process_of_low_priority():
    async with pool() as opened:
        answer = await opened.run(Frame({"a": 1}, b"abc" * 1_000_000))
        told = await opened.run(Frame({}, b"who"))

    assert (answer.head, answer.body[:3]) == ({"a": 1}, b"cba")
    assert len(answer.body) == 3_000_000
    assert told.head["pid"] != os.getpid()
    assert told.head["nice"] == min(os.nice(0) + NICENESS, 19)


async def test_as_many_questions_are_worked_on_at_once_as_there_are_processes():
    async with pool(processes=2) as opened:
        pids = await asyncio.gather(*(who(opened) for _ in range(6)))

    assert len(set(pids)) == 2


@pytest.mark.parametrize("word", [b"die", b"nonsense"])
async def test_a_process_that_dies_or_talks_nonsense_is_an_error_and_replaced(word):
    async with pool() as opened:
        before = await who(opened)

        with pytest.raises(TransientError) as failed:
            await opened.run(Frame({}, word))

        assert not isinstance(failed.value, UnavailableError)
        assert await who(opened) != before
        assert not is_there(before)


async def test_a_process_that_takes_too_long_is_killed_and_replaced():
    async with pool(job=SHORT_SECONDS) as opened:
        before = await who(opened)

        with pytest.raises(TransientError, match="stopped after"):
            await opened.run(Frame({}, b"hang"))

        assert await who(opened) != before
        assert not is_there(before)


async def test_a_question_that_nobody_waits_for_any_more_costs_its_process():
    async with pool() as opened:
        before = await who(opened)
        asked = asyncio.create_task(opened.run(Frame({}, b"hang")))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

        assert (await opened.run(Frame({}, b"abc"))).body == b"cba"
        assert await who(opened) != before


async def test_a_process_that_was_killed_while_idle_is_replaced_without_an_error():
    async with pool() as opened:
        before = await who(opened)
        (worker,) = opened._workers
        os.kill(before, signal.SIGKILL)
        await until(lambda: not worker.is_alive)

        assert await who(opened) != before


async def test_more_than_so_many_questions_do_not_wait():
    async with pool(waiting=1) as opened:
        hanging = asyncio.create_task(opened.run(Frame({}, b"hang")))
        waiting = asyncio.create_task(opened.run(Frame({}, b"abc")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        with pytest.raises(UnavailableError, match="too many"):
            await opened.run(Frame({}, b"abc"))

        hanging.cancel()
        assert (await waiting).body == b"cba"


async def test_a_question_waits_for_so_long_and_uses_no_try():
    async with pool(wait=SHORT_SECONDS) as opened:
        hanging = asyncio.create_task(opened.run(Frame({}, b"hang")))
        await asyncio.sleep(0)

        with pytest.raises(UnavailableError, match="busy"):
            await opened.run(Frame({}, b"abc"))

        hanging.cancel()


async def test_what_a_library_prints_is_no_answer(capfd):
    async with pool() as opened:
        assert (await opened.run(Frame({"b": 2}, b"chatter"))).head == {"b": 2}
        assert (await opened.run(Frame({}, b"abc"))).body == b"cba"

    out, error = capfd.readouterr()
    assert out == ""
    assert "native part" in error


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("refuse", "U2NET_HOME: there is no such thing"),
        ("die", "CUTOUT_PROVIDER: its process ended with status 7 before it was ready"),
    ],
)
async def test_a_process_that_cannot_start_says_which_setting_is_at_fault(how, why):
    with pytest.raises(NotStartedError) as refused:
        async with pool(how):
            pass

    assert str(refused.value) == why


async def test_a_process_that_is_never_ready_is_given_up():
    with pytest.raises(NotStartedError, match="CUTOUT_PROVIDER: its process was not ready"):
        async with pool("hang", start=SHORT_SECONDS):
            pass


async def test_a_pool_is_not_ready_while_no_process_can_be_started(tmp_path):
    async with pool(f"once={tmp_path / 'started'}", wait=SHORT_SECONDS) as opened:
        opened.check()
        with pytest.raises(TransientError):
            await opened.run(Frame({}, b"die"))

        await until(lambda: not any(worker.is_alive for worker in opened._workers))
        with pytest.raises(UnavailableError):
            opened.check()
        with pytest.raises(UnavailableError):
            await opened.run(Frame({}, b"abc"))

        (tmp_path / "started").unlink()
        await until(lambda: any(worker.is_alive for worker in opened._workers))
        opened.check()


async def test_no_process_is_left_when_the_pool_is_closed():
    async with pool(processes=2) as opened:
        pids = {await who(opened) for _ in range(4)}
        hanging = asyncio.create_task(opened.run(Frame({}, b"hang")))
        await asyncio.sleep(0)

    assert not any(map(is_there, pids))
    with pytest.raises(TransientError):
        await hanging


SERVICE = """
import asyncio, os, signal, sys
from services.renderer.adapters.frames import Frame
from tests.unit.renderer.test_processes import pool, who

async def main():
    async with pool(processes=2) as opened:
        pids = {await who(opened) for _ in range(4)}
        busy = asyncio.create_task(opened.run(Frame({}, b"hang")))
        await asyncio.sleep(0.2)
        print(*pids, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_processes_end_with_a_service_that_is_killed_busy_or_not():
    ended = await asyncio.to_thread(
        subprocess.run,
        (sys.executable, "-c", SERVICE),
        capture_output=True,
        env=bare_environment(),
        check=False,
        timeout=60,
    )

    assert ended.returncode == -signal.SIGKILL, ended.stderr
    pids = [int(word) for word in ended.stdout.split()]
    assert len(pids) == 2
    await until(lambda: not any(map(is_there, pids)))


@pytest.mark.parametrize("name", ["BFL_API_KEY", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY"])
async def test_a_process_gets_no_setting_and_no_key(monkeypatch, name):
    monkeypatch.setenv(name, "sesame")
    monkeypatch.setenv("HARMLESS", "yes")
    async with pool() as opened:
        told = (await opened.run(Frame({}, b"secrets"))).head

    assert name not in told
    assert told["HARMLESS"] == "yes"


@pytest.mark.parametrize("lengths", [(2, MAX_BODY_BYTES + 1), (MAX_HEAD_BYTES + 1, 0)])
def test_a_frame_longer_than_any_picture_is_not_read(lengths):
    with pytest.raises(ValueError, match="a frame of"):
        frames.read(io.BytesIO(struct.pack(">II", *lengths) + b"{}"))


def test_a_frame_that_is_cut_off_is_none():
    whole = frames.opening(Frame({"a": 1}, b"abc")) + b"abc"

    assert frames.read(io.BytesIO(whole)) == Frame({"a": 1}, b"abc")
    for end in range(len(whole)):
        with pytest.raises(EOFError):
            frames.read(io.BytesIO(whole[:end]))
