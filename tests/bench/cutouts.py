"""What removing a background takes, and how well its subject is found, where it is known."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import numpy as np

from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import finish
from services.renderer.adapters.cutters import Choice, ProcessCutter, open_cutter
from services.renderer.domain.editing import Source
from services.renderer.settings import RendererSettings
from tests.bench.table import Figure, p50
from tests.subjects import BACKGROUNDS, Drawn, bust, encoded, mug, overlap
from tests.unit.chassis import drawn

RUNS: Final = 5
SIDES: Final = {1: 1000, 4: 2000, 12: 3464}
"""Megapixels -> pixels a side."""
REACH_MILLISECONDS: Final = {1: "<= 500"}
LEAST_OVERLAP: Final = {"plain": 98, "gradient": 98, "noise": 95}
COLOURS: Final = np.random.default_rng(11).integers(10, 246, (20, 3))
"""Drawn by lot, the same ones every time."""
COLOURS_SIDE: Final = 500


async def cutouts() -> list[Figure]:
    """By the cutter that needs no model, each size in a process of its own."""
    return [
        *[figure for megapixels in SIDES for figure in await _sized(megapixels)],
        *[await _overlap(background) for background in BACKGROUNDS],
        *[await _colours(background) for background in BACKGROUNDS],
    ]


async def _sized(megapixels: int) -> list[Figure]:
    data = encoded(mug("gradient", SIDES[megapixels]).pixels, suffix=".jpg")
    name = f"a cutout of {megapixels} megapixels"
    async with _cutter() as (cutter, pid):
        taken = [await _milliseconds(cutter, data) for _ in range(RUNS)]
        peak = _peak_mib(pid)
    whole = f"the same, decoded and encoded {_finished(data):.0f} ms"
    reach = REACH_MILLISECONDS.get(megapixels, "")
    largest = "<= 400" if megapixels == max(SIDES) else ""
    return [
        Figure(name, p50(taken), "ms", reach, whole),
        Figure("  peak memory of its process", peak, "MiB", largest),
    ]


async def _overlap(background: str) -> Figure:
    """The worse of two subjects."""
    async with _cutter() as (cutter, _):
        found = [await _found(cutter, draw(background)) for draw in (mug, bust)]
    name = f"a subject before {background}: intersection over union"
    return Figure(name, 100 * min(found), "%", f">= {LEAST_OVERLAP[background]}")


async def _colours(background: str) -> Figure:
    """The share of a subject's colours with which it is found as well as it should be."""
    async with _cutter() as (cutter, _):
        found = [
            await _found(cutter, mug(background, COLOURS_SIDE, colour=(int(r), int(g), int(b))))
            for r, g, b in COLOURS
        ]
    least = LEAST_OVERLAP[background]
    share = sum(100 * overlapping >= least for overlapping in found) / len(found)
    name = f"  of {len(found)} random colours before {background}, found so well"
    return Figure(name, 100 * share, "%", "", f"the worst {100 * min(found):.1f} %")


@asynccontextmanager
async def _cutter() -> AsyncIterator[tuple[ProcessCutter, int]]:
    settings = RendererSettings(worker_concurrency=1)
    async with open_cutter(settings, Choice("local", "grabcut", None, "measured")) as cutter:
        assert isinstance(cutter, ProcessCutter)
        yield cutter, cutter.pids[0]


async def _milliseconds(cutter: ProcessCutter, data: bytes) -> float:
    begun = time.perf_counter()
    await cutter.cut(_source(data))
    return (time.perf_counter() - begun) * 1000


async def _found(cutter: ProcessCutter, scene: Drawn) -> float:
    edited = await cutter.cut(_source(encoded(scene.pixels, suffix=".jpg")))
    return overlap(np.asarray(drawn.opened(edited.data).numpy())[..., 3], scene.subject)


def _source(data: bytes) -> Source:
    return Source(data=data, content_type="image/jpeg", width_pixels=1, height_pixels=1)


def _finished(data: bytes) -> float:
    begun = time.perf_counter()
    finish(data, ImageLimits(), content_type="image/png")
    return (time.perf_counter() - begun) * 1000


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
