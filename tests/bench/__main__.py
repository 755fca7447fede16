"""Every measurement, as a table: `python -m tests.bench`, or some: `--only gateway providers`."""

import argparse
import asyncio
import resource
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from tests.bench import cutouts, measures, providers, record, tasks, variations
from tests.bench.kinds import isolation
from tests.bench.table import heading, show
from tests.stack import UNLIMITED, RealStack, real_stack

ADMIN_TOKEN = "bench-admin-token"
STREAMS = (2_000, 10_000)
LOCAL: Final = ("memory", "edit", "gateway", "input", "streams")
"""Parts that share one system with local providers."""
PROVIDERS: Final = ("latency", "tasks", "trouble")
"""Parts in front of emulated providers, each with systems of its own."""
RECORD: Final = "record"
"""The record with a million jobs, in a system of its own."""
ISOLATION: Final = "isolation"
"""Edits beside background removals, in a system of its own with two renderers."""
VARIATION: Final = "variation"
"""The local variation, without a system."""
CUTOUT: Final = "cutout"
"""Removing backgrounds, in processes alone."""
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {"local": LOCAL, "providers": PROVIDERS}


async def main(wanted: Collection[str]) -> int:
    """Measure these parts; the figures are for a reader, so the exit status is 0."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if not set(LOCAL).isdisjoint(wanted):
        with (
            tempfile.TemporaryDirectory(prefix="mizual-bench-") as folder,
            real_stack(Path(folder), ADMIN_TOKEN=ADMIN_TOKEN, **UNLIMITED) as system,
        ):
            await _local(system, wanted)
    await _providers(wanted)
    if CUTOUT in wanted:
        heading("backgrounds removed without a model")
        show(*await cutouts.cutouts())
    if RECORD in wanted:
        heading(f"a record of {record.JOBS:,} jobs, while entries arrive")
        show(*await record.record())
    if ISOLATION in wanted:
        heading("edits beside background removals, two renderer processes")
        show(*await isolation())
    if VARIATION in wanted:
        heading("a picture in the light and colours of another")
        show(*variations.costs(), *variations.likenesses())
    return 0


async def _local(system: RealStack, wanted: Collection[str]) -> None:
    if "memory" in wanted:
        heading("memory")
        show(*await measures.idle_memory(system))
    if "edit" in wanted:
        heading("one edit of the bundled photo, local providers")
        show(*await measures.overhead(system))
    if "gateway" in wanted:
        heading("gateway")
        show(*await measures.status_reads(system))
        show(*await measures.post_latency(system, paused=True))
        show(*await measures.post_latency(system, paused=False))
    if "input" in wanted:
        heading("bad input")
        show(*await measures.bad_input(system))
    if "streams" in wanted:
        heading("event streams")
        for count in STREAMS:
            show(*await measures.event_streams(system, count))


async def _providers(wanted: Collection[str]) -> None:
    if "latency" in wanted:
        heading("one edit of the bundled photo, emulated providers")
        for language in ("gemini", "openai"):
            show(*await providers.steady(language))
        show(*await providers.uneven("gemini"))
    if "tasks" in wanted:
        heading("tasks under way at Flux, one renderer process")
        for webhooks in (False, True):
            show(*await tasks.many_tasks(webhooks=webhooks))
    if "trouble" in wanted:
        heading("a provider that fails")
        show(*await tasks.trouble())


def _wanted() -> set[str]:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=(*GROUPS, *LOCAL, *PROVIDERS, RECORD, ISOLATION, VARIATION, CUTOUT),
        default=(*GROUPS, RECORD, ISOLATION, VARIATION, CUTOUT),
        help="these parts, or groups of them (local, providers)",
    )
    asked: list[str] = parser.parse_args().only
    return {part for name in asked for part in GROUPS.get(name, (name,))}


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_wanted())))
