"""The status of one job, or of all jobs of the caller, as Server-Sent Events."""

import asyncio
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contracts.errors import ErrorCode
from services.chassis.errors import UnavailableError
from services.gateway.domain.parts import Parts
from services.gateway.domain.problems import not_found
from services.gateway.domain.status import readable
from services.gateway.domain.stream import Stream
from services.gateway.domain.streams import Streams
from services.gateway.routes.visit import job_id_of, parts_of, visit_of

_DIGITS: Final = 19
"""Of the longest sequence."""

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


async def follow(request: Request, absent: ErrorCode) -> Response:
    """Follow a job: first what has happened, then every stage as it comes, to the end.

    Raises RefusalError (404 with the code `absent`, 429, 503) and UnavailableError.
    """
    visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request, absent)
    stream = parts.hub.join(job_id, client=visit.client, base=visit.base)
    try:
        return await _opened(parts, stream, job_id, _last_seen(request), absent)
    except BaseException:
        parts.hub.streams.leave(stream)
        raise


async def all_events(request: Request) -> Response:
    """Follow every job of the caller, whoever accepted it, until the client leaves.

    A caller without a name is given one, so that what it submits next is seen here.
    """
    visit, parts = visit_of(request), parts_of(request)
    stream = parts.owners.open(
        visit.caller.owner,
        client=visit.client,
        base=visit.base,
        after=_last_seen(request),
        is_new=visit.caller.minted is not None,
    )
    visit.remember()
    return EventStream(stream, parts.hub.streams)


async def _opened(
    parts: Parts, stream: Stream, job_id: UUID, after: int | None, absent: ErrorCode
) -> Response:
    try:
        history = await parts.hub.history(job_id)
    except UnavailableError:
        if parts.hub.known.last(job_id) is None:
            raise
        # An EventSource gives up for good on anything but 200: let it wait with us.
        parts.hub.resume_later(stream, after=after)
        return EventStream(stream, parts.hub.streams)
    if not history:
        # Past the journal's retention, or never there: the record knows.
        history = [await parts.jobs.status(job_id, absent=absent)]
    last = history[-1]
    if not readable(last.entry):
        raise not_found(absent)
    if last.entry.terminal and last.sequence == after:
        parts.hub.streams.leave(stream)
        return Response(status_code=204)
    parts.hub.resume(stream, history, after=after)
    return EventStream(stream, parts.hub.streams)


def _last_seen(request: Request) -> int | None:
    asked = request.headers.get("last-event-id") or request.query_params.get("last_event_id", "")
    known = asked.isascii() and asked.isdecimal() and len(asked) <= _DIGITS
    return int(asked) if known else None


class EventStream(Response):
    """A response that lasts as long as its stream; while nothing happens it waits in one place."""

    def __init__(self, stream: Stream, streams: Streams) -> None:
        self._stream = stream
        self._streams = streams

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send what is there, then leave the sending to the stream until either side ends it."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
            opening = self._stream.opening()
            await send({"type": "http.response.body", "body": opening, "more_body": True})
            self._stream.attach(send)
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            # We cancel a reader that is too far behind; who else cancels means it.
            if not self._stream.is_cut:
                raise
        finally:
            self._streams.leave(self._stream)
