"""An emulator as a process: its socket, its end, and connections that an app may cut."""

import os
import signal
import socket
import sys
import threading
from typing import Final

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT: Final = "emulator.transport"
"""The ASGI extension that holds the connection's transport."""

# Longer than any answer of a test; more connections than a bench holds open.
KEEP_ALIVE_SECONDS: Final = 120
BACKLOG: Final = 4096
# A held answer must not delay the end.
GRACE_SECONDS: Final = 1


def serve(app: ASGIApp, *, host: str, port: int, leashed: bool) -> None:
    """Serve until SIGTERM and print the address first; leashed: also until the input closes."""
    listening = socket.create_server((host, port), backlog=BACKLOG)
    if leashed:
        threading.Thread(target=_end_with_input, daemon=True).start()
    config = Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    _Announced(config).run(sockets=[listening])


class CuttableProtocol(HttpToolsProtocol):
    """Gives every request the transport it came by, for answers that end with a cut."""

    def on_message_begin(self) -> None:
        """See HttpToolsProtocol."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class _Announced(Server):
    """Prints its address once it can be called."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or []:
            host, port = listening.getsockname()[:2]
            print(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}", flush=True)


def _end_with_input() -> None:
    # The other end of the pipe closes however its owner dies.
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
