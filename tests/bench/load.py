"""Load from a process of its own: `python -m tests.bench.load reads|streams …` prints JSON."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import uvloop

from tests.streams import event_stream

OPENING_AT_ONCE = 100


async def reads(urls: list[str], *, connections: int, seconds: float) -> dict[str, float]:
    """Status reads over kept-alive connections for so long: how many a second."""
    over = time.monotonic() + seconds
    counts = await asyncio.gather(
        *(_read_until(urls[n % len(urls)], over) for n in range(connections))
    )
    return {"per_second": sum(counts) / seconds}


async def streams(urls: list[str], *, count: int, seconds: float) -> dict[str, object]:
    """Hold so many streams open; the latencies of what arrives, from the time within each entry."""
    latencies: list[float] = []
    begun = asyncio.Event()
    opening = asyncio.Semaphore(OPENING_AT_ONCE)
    opened = 0

    async def follow(url: str) -> None:
        nonlocal opened
        async with opening:
            connection = event_stream(url)
            stream = await connection.__aenter__()
            opened += 1
        async for frame in stream:
            reason = json.loads(frame.data)["retry_reason"]
            if begun.is_set() and reason:
                latencies.append((time.time() - float(reason)) * 1000)

    tasks = [asyncio.create_task(follow(urls[n % len(urls)])) for n in range(count)]
    while opened < count:
        await asyncio.sleep(0.05)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun.set()
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"latencies": latencies}


async def _read_until(url: str, over: float) -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    count = 0
    while time.monotonic() < over:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count


def main() -> None:
    """Run one kind of load and print what was measured."""
    options = json.loads(sys.stdin.readline())
    kinds: dict[str, Callable[..., Coroutine[Any, Any, object]]] = {
        "reads": reads,
        "streams": streams,
    }
    print(json.dumps(uvloop.run(kinds[sys.argv[1]](**options))), flush=True)


if __name__ == "__main__":
    main()
