"""Backgrounds removed by the running system, whatever becomes of the processes that do it."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests import api
from tests.stack import RealStack
from tests.subjects import bust, encoded, ground, mug, overlap
from tests.unit.chassis import drawn

WORKER = b"services.renderer.adapters.cutout_worker"


async def submitted(gateway: httpx.AsyncClient, picture: bytes) -> str:
    answer = await gateway.post("/api/remove-background", files={"image": ("it.jpg", picture)})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    return str(answer.json()["job_id"])


async def ended(gateway: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(api.PATIENCE_SECONDS):
        while True:
            told = dict((await gateway.get(f"/api/jobs/{job_id}")).json())
            if told["is_complete"] or told["is_error"]:
                return told
            await asyncio.sleep(0.05)


async def result(gateway: httpx.AsyncClient, told: dict[str, Any]) -> np.ndarray:
    answer = await gateway.get(told["result_url"])
    answer.raise_for_status()
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(drawn.opened(answer.content).numpy())


def workers(system: RealStack) -> list[int]:
    """The processes under this system's renderer that remove backgrounds."""
    owner = system.parts["renderer"].pid
    return [int(found.name) for found in Path("/proc").glob("[0-9]*") if _is_one(found, owner)]


def _is_one(process: Path, owner: int) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return WORKER in words and int(parent) == owner


async def test_a_background_is_removed_and_the_result_is_a_png_of_the_same_size(gateway):
    scene = mug("gradient", 700)

    told = await ended(gateway, await submitted(gateway, encoded(scene.pixels, suffix=".jpg")))

    assert told["status"] == "completed", told
    assert (told["provider"], told["model"]) == ("local", "grabcut")
    found = await result(gateway, told)
    assert found.shape == (700, 700, 4)
    assert overlap(found[..., 3], scene.subject) >= 0.98


async def test_a_picture_without_a_subject_fails_and_says_so(gateway):
    empty = encoded(ground("plain", 300).astype(np.uint8))

    told = await ended(gateway, await submitted(gateway, empty))

    assert told["status"] == "failed"
    assert told["error_code"] == "NO_OBJECT_FOUND"
    assert "Nothing in this picture stands out" in told["message"]


async def test_jobs_are_done_although_the_processes_are_killed_meanwhile(gateway, system):
    pictures = [encoded(bust("plain", 500 + 10 * number).pixels) for number in range(4)]
    jobs = [await submitted(gateway, picture) for picture in pictures]

    killed = workers(system)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    stories = await asyncio.gather(*(ended(gateway, job) for job in jobs))

    assert killed
    assert not set(killed) & set(workers(system))
    assert [told["status"] for told in stories] == ["completed"] * 4
