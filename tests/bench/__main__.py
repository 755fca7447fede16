"""Every measurement on one running system: `python -m tests.bench`, as a table."""

import asyncio
import resource
import sys
import tempfile
from pathlib import Path

from tests.bench import measures
from tests.bench.table import heading, show
from tests.stack import UNLIMITED, real_stack

ADMIN_TOKEN = "bench-admin-token"
STREAMS = (2_000, 10_000)


async def main() -> int:
    """Measure everything; the figures are for a reader, so the exit status is 0."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with (
        tempfile.TemporaryDirectory(prefix="mizual-bench-") as folder,
        real_stack(Path(folder), ADMIN_TOKEN=ADMIN_TOKEN, **UNLIMITED) as system,
    ):
        heading("memory")
        show(*await measures.idle_memory(system))
        heading("one edit of the bundled photo, local providers")
        show(*await measures.overhead(system))
        heading("gateway")
        show(*await measures.status_reads(system))
        show(*await measures.post_latency(system, paused=True))
        show(*await measures.post_latency(system, paused=False))
        heading("bad input")
        show(*await measures.bad_input(system))
        heading("event streams")
        for count in STREAMS:
            show(*await measures.event_streams(system, count))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
