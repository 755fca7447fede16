"""One picture through the public API, from nothing: start, edit, watch, keep the result, stop."""

import asyncio
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from deploy.local import home, ports, stack
from deploy.local.client import Edit, Status, follow, submit
from deploy.local.errors import StackError
from deploy.local.output import to_files
from deploy.local.run import running, until_stopped

PHOTO: Final = Path(__file__).with_name("photo.jpg")
PROMPT: Final = "make it blue"
KEPT: Final = frozenset({"lock"})
MAX_SLUG_CHARACTERS: Final = 40
ENDINGS: Final = frozenset({"completed", "failed", "cancelled"})
LAST_LINES: Final = 20
SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class Order:
    """What to edit, how, and the folder for the result."""

    photo: Path
    prompt: str
    out: Path


def main(order: Order, *, is_emulated: bool = False) -> int:
    """Run the demo; 0 with a result, 1 without. Raises StackError when the stack fails."""
    if not order.photo.is_file():
        raise StackError(f"there is no picture at {order.photo}: name one with PHOTO=")
    settings = stack.user_settings()
    folder = stack.home_of(settings) / "demo"
    with home.occupied(folder) as lock:
        _empty(folder)
        settings |= _out_of_the_way()
        parts = stack.build(folder, settings, is_emulated=is_emulated)
        try:
            return asyncio.run(_run(parts, order, folder=folder, lock=lock))
        except StackError as error:
            sys.stderr.write(_last_lines(folder / "logs" / f"{error.part}.log"))
            raise


def slug(prompt: str) -> str:
    """A prompt as part of a file name."""
    letters = (c if c.isascii() and c.isalnum() else " " for c in prompt.lower())
    return "-".join("".join(letters).split())[:MAX_SLUG_CHARACTERS].strip("-") or "edit"


def table(stages: Mapping[str, float]) -> str:
    """Seconds by stage, with their sum."""
    rows = [(name, seconds) for name, seconds in stages.items() if name not in ENDINGS]
    rows.append(("in all", sum(stages.values())))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {seconds:8.3f} s" for name, seconds in rows)


async def _run(parts: stack.Stack, order: Order, *, folder: Path, lock: int) -> int:
    outcome: list[int] = []

    async def work() -> None:
        outcome.append(await _demonstrate(parts, order, folder=folder, lock=lock))

    stopped = await until_stopped(asyncio.create_task(work()))
    return 130 if stopped else outcome[0]


async def _demonstrate(parts: stack.Stack, order: Order, *, folder: Path, lock: int) -> int:
    logs = folder / "logs"
    begun = time.monotonic()
    print(f"starting the stack (logs in {_short(logs)})", flush=True)
    async with running(parts, to_files(logs), lock=lock):
        print(f"ready after {time.monotonic() - begun:.1f} s at {parts.gateway.url}", flush=True)
        return await _edit(parts.gateway.url, order)


async def _edit(url: str, order: Order) -> int:
    print(f"{order.photo.name}: {order.prompt!r}", flush=True)
    async with httpx.AsyncClient(
        base_url=url, timeout=httpx.Timeout(30), trust_env=False
    ) as client:
        try:
            edit = await submit(client, order.photo, order.prompt)
            last, stages = await _watch(client, edit)
            if last.edited_image_url is None:
                print(f"no result: {last.message}")
                return 1
            path = await _keep(client, last.edited_image_url, order)
        except httpx.HTTPError as error:
            raise StackError(f"the gateway at {url} did not answer as it should: {error}") from None
    print(f"\n{_short(path)}\n{_what_was_done(last)}\n\n{table(stages)}", flush=True)
    return 0


async def _watch(client: httpx.AsyncClient, edit: Edit) -> tuple[Status, dict[str, float]]:
    begun = time.monotonic()
    stages: dict[str, float] = {}
    last: Status | None = None
    async for status in follow(client, edit):
        before, last = last, status
        if before:
            # The journal's clock: what happened before the stream was open counts too.
            stage, spent = before.processing_stage, status.updated_at - before.updated_at
            stages[stage] = stages.get(stage, 0) + spent.total_seconds()
        if before and before.shown == status.shown:
            continue
        now = time.monotonic() - begun
        print(f"  {now:6.2f} s  {status.processing_stage:<18} {status.message}", flush=True)
    if last is None:
        raise StackError("the gateway's stream of stages ended before it began")
    return last, stages


async def _keep(client: httpx.AsyncClient, url: str, order: Order) -> Path:
    answer = (await client.get(url, follow_redirects=True)).raise_for_status()
    kind = answer.headers.get("content-type", "").partition(";")[0]
    name = f"{order.photo.stem}-{slug(order.prompt)}.{SUFFIXES.get(kind, 'img')}"
    return await asyncio.to_thread(_write, order.out / name, answer.content)


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    return part.rename(path)


def _what_was_done(last: Status) -> str:
    maker = " ".join(word for word in (last.provider, last.model) if word)
    said = last.note or last.enhanced_prompt or last.message
    return f"{said} ({maker})" if maker else said


def _out_of_the_way() -> dict[str, str]:
    first = ports.free(1 + len(stack.WORKERS))
    return {"GATEWAY_HOST": ports.LOOPBACK, "GATEWAY_PORT": str(first), "GATEWAY_WORKERS": "1"}


def _empty(folder: Path) -> None:
    """Each demo begins with nothing; the last one's logs stay until then."""
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name not in KEPT:
            entry.unlink()


def _last_lines(log: Path) -> str:
    lines = log.read_text().splitlines() if log.is_file() else []
    return "".join(f"{line}\n" for line in lines[-LAST_LINES:])


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
