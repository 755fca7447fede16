"""A TCP proxy that stands still at a chosen moment, so that a process can be killed exactly there.

Bytes from the client are searched for markers; the piece that holds them is not passed on, nor is
anything after it on any connection, until `release`.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

BUFFER_BYTES = 64 * 1024
OVERLAP_BYTES = 64
"""A marker may lie across two pieces."""


class HoldingProxy:
    """In front of one local port; runs on a thread of its own."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._markers: tuple[bytes, ...] = ()
        self.held = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def hold_at(self, *markers: bytes) -> None:
        """Stand still before passing on the first piece that has all of these in it."""
        self.held.clear()
        self._markers = markers

    def release(self) -> None:
        """Pass everything on again; what was held belongs to connections that are gone."""
        self._markers = ()
        self._open.set()
        self.held.clear()

    @property
    def port(self) -> int:
        """Where clients connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def start(self) -> None:
        """Listen. Raises TimeoutError."""
        self._thread.start()
        if not self._started.wait(10):
            raise TimeoutError("the proxy did not start")

    def close(self) -> None:
        """Cut every connection and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        self._started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there, to_there = await asyncio.open_connection("127.0.0.1", self._upstream)
            ways = (self._pass_on(reader, to_there, is_watched=True), self._pass_on(there, writer))
            running = [asyncio.create_task(way) for way in ways]
            try:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                writer.close()
                to_there.close()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_watched: bool = False
    ) -> None:
        tail = b""
        while piece := await source.read(BUFFER_BYTES):
            if is_watched:
                if await self._was_held(tail + piece):
                    return
                tail = piece[-OVERLAP_BYTES:]
            sink.write(piece)
            await sink.drain()

    async def _was_held(self, seen: bytes) -> bool:
        if self._markers and all(marker in seen for marker in self._markers):
            self._markers = ()
            self._open.clear()
            self.held.set()
        if self._open.is_set():
            return False
        while not self._open.is_set():
            # A thread's event: there is nothing to await on.
            await asyncio.sleep(0.01)
        return True


@contextlib.contextmanager
def holding(port: int) -> Iterator[HoldingProxy]:
    """The proxy in front of the port, closed with the block."""
    proxy = HoldingProxy(port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
