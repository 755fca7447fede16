"""One operation of a provider's API as an ASGI endpoint, with whatever fault a request meets."""

import asyncio
import dataclasses
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from tests.emulators.core import calls
from tests.emulators.core.calls import JSON_TYPE, Call, RefusedError, Reply, TooLargeError
from tests.emulators.core.desk import Desk
from tests.emulators.core.faults import Fault
from tests.emulators.core.serving import TRANSPORT

Work = Callable[[Call], Awaitable[Reply]]
TOO_LARGE: Final = Reply(status=413, body=b"Content Too Large", headers={"connection": "close"})
# Linger for no time at all: the kernel sends a reset.
NO_LINGER: Final = struct.pack("ii", 1, 0)


class Operation:
    """Reads the request, remembers it, and answers it as the handler or the fault says."""

    def __init__(self, name: str, desk: Desk[Any], work: Work) -> None:
        self._name = name
        self._desk = desk
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            call = await calls.read(scope, receive)
        except TooLargeError:
            await calls.answer(send, TOO_LARGE)
            return
        if call is None:
            return
        self._desk.ledger.connections.add(tuple(scope["client"]))
        self._desk.ledger.remember(self._name, call)
        target = f"{call.path}?{call.query}"
        call.fault = self._desk.faults.take(self._name, target, call.body)
        if call.fault is None:
            await self._answer(send, await self._worked(call))
        else:
            await self._fail(call, call.fault, _Wire(scope, receive, send))

    async def _fail(self, call: Call, fault: Fault, wire: "_Wire") -> None:
        if fault.cut == "before":
            await self._cut(wire, fault)
            return
        reply = await self._faulty(call, fault)
        if fault.hold:
            await self._desk.gate.wait()
        await asyncio.sleep(fault.delay_seconds)
        if fault.cut == "midway":
            await calls.answer(wire.send, reply, share=0.5)
        if fault.cut is not None:
            await self._cut(wire, fault)
            return
        await self._answer(wire.send, reply)

    async def _faulty(self, call: Call, fault: Fault) -> Reply:
        change = self._desk.changes.get(fault.preset or "")
        if change is not None:
            reply = change(await self._worked(call))
        elif fault.replaces and not fault.processed:
            reply = self._preset(call, fault)
        else:
            worked = await self._worked(call)
            reply = self._preset(call, fault) if fault.preset else worked
        return _adjusted(reply, fault)

    def _preset(self, call: Call, fault: Fault) -> Reply:
        make = self._desk.answers.get(fault.preset or "")
        return make(call) if make else Reply()

    async def _worked(self, call: Call) -> Reply:
        try:
            return await self._work(call)
        except RefusedError as refused:
            return refused.reply

    async def _answer(self, send: Send, reply: Reply) -> None:
        self._desk.ledger.counts[f"{self._name}:{reply.status}"] += 1
        await calls.answer(send, reply)

    async def _cut(self, wire: "_Wire", fault: Fault) -> None:
        self._desk.ledger.counts[f"{self._name}:cut"] += 1
        await wire.cut(reset=fault.reset)


@dataclasses.dataclass(frozen=True, slots=True)
class _Wire:
    """The three ends of one request's connection."""

    scope: Scope
    receive: Receive
    send: Send

    async def cut(self, *, reset: bool) -> None:
        """End the connection and return once it has ended, so that nobody answers after all."""
        transport = self.scope["extensions"][TRANSPORT]["transport"]
        if reset:
            end = transport.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            transport.abort()
        else:
            transport.close()
        while (await self.receive())["type"] != "http.disconnect":
            continue


def _adjusted(reply: Reply, fault: Fault) -> Reply:
    """The reply with what the fault says of it."""
    headers = {**reply.headers}
    body = reply.body
    if isinstance(fault.body, str):
        body = fault.body.encode()
    elif fault.body is not None:
        body = json.dumps(fault.body).encode()
        headers["content-type"] = JSON_TYPE
    return dataclasses.replace(
        reply,
        status=fault.status or reply.status,
        body=body,
        headers=headers | fault.headers,
        bytes_per_second=fault.bytes_per_second or reply.bytes_per_second,
    )
