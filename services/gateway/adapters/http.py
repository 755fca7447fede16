"""The HTTP protocol with a bound on the head of a request: its bytes, its fields, its time.

The server's own reading of a head has none: one endless header field is copied anew with each
packet, and a connection that says nothing stays open for ever.
`uvicorn --http services.gateway.adapters.http:BoundedHttp …`
"""

from asyncio import TimerHandle, Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 100
HEAD_SECONDS: Final = 20.0
"""From the connection, or the first byte of a further request, to the end of its head."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedHttp(HttpToolsProtocol):
    """Answers 431 to a head that is too large and hangs up on one that does not come."""

    _in_head = True
    _head_bytes = 0
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Read, unless the head has grown too large."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._deadline is None:
                self._await_head()
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """Go on with the request, unless it has too many fields."""
        self._in_head, self._head_bytes = False, 0
        self._stop_waiting()
        if len(self.headers) > MAX_FIELDS:
            self._refuse()
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take the body of a request that was accepted."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the head of the next request."""
        self._in_head = True
        if not self.transport.is_closing():
            super().on_message_complete()

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
