"""Who is at the other end of the connection, whatever the server made of forwarded addresses.

The server believes them by its command line and its environment. Whom to believe is ours to
decide, so the connection itself is asked, which uvicorn keeps beside its `send`.
"""

from typing import Final

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

LOOPBACK: Final = "127.0.0.1"
_KEY: Final = "mizual.peer"


class PeerApp(FastAPI):
    """An application that looks at the connection before any layer hides it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection = getattr(getattr(send, "__self__", None), "transport", None)
        ask = getattr(connection, "get_extra_info", None)
        scope[_KEY] = ask("peername") if callable(ask) else scope.get("client")
        await super().__call__(scope, receive, send)


def peer_of(scope: Scope) -> str:
    """The address at the other end; a socket without one is of this host."""
    peer = scope.get(_KEY)
    return str(peer[0]) if peer else LOOPBACK
