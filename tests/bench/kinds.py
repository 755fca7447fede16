"""Edits beside many background removals, when two renderers have a role each."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx

from contracts.journal import Kind
from tests import api, kinds
from tests.bench.edits import one_edit
from tests.bench.table import Figure, p50
from tests.pictures import drawn_object
from tests.stack import UNLIMITED, real_stack

CUTOUTS: Final = 40
EDITS: Final = 10
SIDES_PIXELS: Final = (2400, 1700)
"""About four megapixels."""


async def isolation() -> list[Figure]:
    """Ten edits alone, then with forty background removals queued before them, then alone again."""
    picture = drawn_object(*SIDES_PIXELS)
    with (
        tempfile.TemporaryDirectory(prefix="mizual-bench-") as folder,
        real_stack(Path(folder), RENDERER_ROLES="edit,variation", **UNLIMITED) as system,
    ):
        system.add_renderer("cutout")
        async with api.client(system.url) as client:
            await kinds.ended(client, await kinds.start(client, Kind.CUTOUT, picture=picture))
            alone = await _edits(system.url)
            begun = time.perf_counter()
            queued = [
                await kinds.start(client, Kind.CUTOUT, picture=picture) for _ in range(CUTOUTS)
            ]
            beside = await _edits(system.url)
            left = CUTOUTS - await _completed(client, queued)
            await asyncio.gather(*(kinds.ended(client, job_id) for job_id in queued))
            each = (time.perf_counter() - begun) / CUTOUTS
            alone += await _edits(system.url)
    share = p50(beside) / p50(alone)
    note = f"{p50(beside):.0f} ms and {p50(alone):.0f} ms; {left} of {CUTOUTS} were left then"
    return [
        Figure("edits beside background removals, to edits alone", share, "", "<= 1.5", note),
        Figure("one background removal of 4 MP, of many", each, "s"),
    ]


async def _edits(url: str) -> list[float]:
    return [(await one_edit(url)).milliseconds for _ in range(EDITS)]


async def _completed(client: httpx.AsyncClient, job_ids: list[str]) -> int:
    told = [await kinds.job(client, job_id) for job_id in job_ids]
    return sum(job["is_complete"] for job in told)
