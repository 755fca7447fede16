"""What a process of ours and its parent say to each other over pipes.

A frame is a head of JSON and a body of bytes, each with its length in front. Nothing in it can run:
the process that decodes untrusted pictures is not to be trusted more than they are.
"""

import json
import struct
from asyncio import StreamReader
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeAlias

from services.chassis.images.limits import MAX_RAW_BYTES

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = MAX_RAW_BYTES

Json: TypeAlias = str | int | float | None

_LENGTHS: Final = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    head: Mapping[str, Json]
    body: bytes = b""


def write(file: BinaryIO, frame: Frame) -> None:
    """Send a frame. Raises OSError when nobody reads any more."""
    file.write(opening(frame))
    file.write(frame.body)
    file.flush()


def opening(frame: Frame) -> bytes:
    """All of a frame but its body, which is sent right behind."""
    head = json.dumps(dict(frame.head)).encode()
    return _LENGTHS.pack(len(head), len(frame.body)) + head


def read(file: BinaryIO) -> Frame:
    """The next frame. Raises EOFError at the end, and ValueError for what is none."""
    head, body = _lengths(_exactly(file, _LENGTHS.size))
    return Frame(_head(_exactly(file, head)), _exactly(file, body))


async def receive(reader: StreamReader) -> Frame:
    """The same from an asynchronous pipe; IncompleteReadError is an EOFError."""
    head, body = _lengths(await reader.readexactly(_LENGTHS.size))
    return Frame(_head(await reader.readexactly(head)), await reader.readexactly(body))


def _lengths(raw: bytes) -> tuple[int, int]:
    head, body = _LENGTHS.unpack(raw)
    if head > MAX_HEAD_BYTES or body > MAX_BODY_BYTES:
        raise ValueError(f"a frame of {head} and {body} bytes")
    return head, body


def _head(raw: bytes) -> dict[str, Json]:
    head = json.loads(raw)
    if not isinstance(head, dict):
        raise ValueError("a frame's head is no object")  # noqa: TRY004 - see read
    return head


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data
