import asyncio
import os
import signal
from pathlib import Path

import pytest

from deploy.local.errors import StackError
from deploy.local.supervisor import Pauses, Supervisor
from tests.unit.deploy.processes import (
    HAS_A_CHILD,
    IGNORES_SIGTERM,
    SLEEPS,
    assert_all_end,
    lives,
    number_in,
    part,
)

QUICK = Pauses(first=0.01, longest=0.04)


class Heard:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def said_by(self, name: str) -> list[str]:
        return [line for speaker, line in self.lines if speaker == name]


async def until(heard: Heard, name: str, count: int) -> list[str]:
    async with asyncio.timeout(20):
        while len(heard.said_by(name)) < count:
            await asyncio.sleep(0.01)
    return heard.said_by(name)


async def test_a_part_that_died_is_started_again_after_pauses_that_grow() -> None:
    heard = Heard()

    async with Supervisor(heard, pauses=QUICK) as supervisor:
        await supervisor.start([part("weak", "raise SystemExit(3)")], within=20)
        said = await until(heard, "stack", 4)

    assert said[:4] == [
        f"weak ended with code 3: starting it again in {pause} s"
        for pause in ("0.01", "0.02", "0.04", "0.04")
    ]


async def test_a_killed_part_is_replaced_and_its_end_is_named() -> None:
    heard = Heard()

    async with Supervisor(heard, pauses=QUICK) as supervisor:
        await supervisor.start([part("sleeper", SLEEPS)], within=20)
        await until(heard, "sleeper", 1)
        os.kill(supervisor.pid("sleeper"), signal.SIGKILL)

        assert await until(heard, "sleeper", 2) == ["here", "here"]

    assert heard.said_by("stack") == ["sleeper was killed by SIGKILL: starting it again in 0.01 s"]


def test_a_part_that_lived_long_enough_is_forgiven() -> None:
    pauses = Pauses(first=1, longest=30, forgiven_after=60)

    assert pauses.following(0, lived=0) == 1
    assert pauses.following(16, lived=59) == 30
    assert pauses.following(16, lived=60) == 1


async def test_a_part_that_ends_before_it_is_ready_ends_the_start() -> None:
    broken = part("broken", "raise SystemExit(2)", ready=lambda _: False)

    async with Supervisor(Heard()) as supervisor:
        with pytest.raises(StackError, match="broken ended with code 2 before it was ready"):
            await supervisor.start([broken, part("other", SLEEPS)], within=20)


async def test_a_part_that_is_not_ready_in_time_says_what_it_lacks() -> None:
    slow = part("slow", SLEEPS, ready=lambda _: False, why_not=lambda: "no stream EVENTS")

    async with Supervisor(Heard()) as supervisor:
        with pytest.raises(StackError, match=r"slow was not ready within 0.1 s: no stream EVENTS"):
            await supervisor.start([slow], within=0.1)


async def test_a_command_that_fails_is_named() -> None:
    heard = Heard()

    async with Supervisor(heard) as supervisor:
        await supervisor.run(part("good", "print('done')"))
        with pytest.raises(StackError, match="bad ended with code 1"):
            await supervisor.run(part("bad", "raise SystemExit('no database')"))

    assert heard.lines == [("good", "done"), ("bad", "no database")]


async def test_a_part_that_will_not_end_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    deaf = part("deaf", IGNORES_SIGTERM, str(mark), ready=lambda _: mark.exists())
    heard = Heard()

    async with Supervisor(heard) as supervisor:
        await supervisor.start([deaf], within=20)
        pid = supervisor.pid("deaf")
        await supervisor.stop([deaf], within=0.2)

        assert not lives(pid)
    assert heard.said_by("stack") == ["deaf did not end by itself and is killed"]


async def test_what_a_part_started_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "child"
    parent = part("parent", HAS_A_CHILD, str(file), ready=lambda _: file.exists())

    async with Supervisor(Heard()) as supervisor:
        await supervisor.start([parent], within=20)
        child = number_in(file)
        assert lives(child)
        await supervisor.stop([parent], within=5)

    assert_all_end([child])


async def test_leaving_without_a_stop_ends_everything() -> None:
    async with Supervisor(Heard()) as supervisor:
        await supervisor.start([part("sleeper", SLEEPS)], within=20)
        pid = supervisor.pid("sleeper")

    assert_all_end([pid])


async def test_a_line_without_an_end_and_one_without_measure_arrive() -> None:
    heard = Heard()
    code = "print('x' * 200_000); print('last', end='')"

    async with Supervisor(heard) as supervisor:
        await supervisor.run(part("talker", code))

    said = heard.said_by("talker")
    assert "".join(said) == "x" * 200_000 + "last"
    assert said[-1] == "last"
    assert all(len(line) < 200_000 for line in said)
