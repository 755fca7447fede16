"""Reading and writing by reference: nothing leaves or enters a store without its digest."""

import asyncio
from collections.abc import Callable
from typing import Final

from contracts.objects import ObjectRef, digest
from services.chassis.objects.port import CorruptObjectError, MissingObjectError, ObjectStore

_INLINE_BYTES: Final = 1024 * 1024
"""Up to here SHA-256 takes about a millisecond, less than a thread is worth."""


async def fetch(store: ObjectStore, ref: ObjectRef) -> bytes:
    """The referenced bytes, verified. Raises MissingObjectError or CorruptObjectError."""
    data = await store.get(ref.key)
    if data is None:
        raise MissingObjectError(f"{ref.key} is not in the store")
    if len(data) != ref.size_bytes:
        raise CorruptObjectError(f"{ref.key} has {len(data)} bytes, expected {ref.size_bytes}")
    if await _digest(data) != ref.sha256:
        raise CorruptObjectError(f"{ref.key} does not have the digest of its reference")
    return data


async def store_bytes(
    store: ObjectStore, data: bytes, *, content_type: str, key: Callable[[str], str]
) -> ObjectRef:
    """Put the bytes under the key that is built from their SHA-256, and answer the reference."""
    sha256 = await _digest(data)
    ref = ObjectRef(key=key(sha256), content_type=content_type, size_bytes=len(data), sha256=sha256)
    await store.put(ref.key, data, content_type=content_type)
    return ref


async def _digest(data: bytes) -> str:
    if len(data) <= _INLINE_BYTES:
        return digest(data)
    return await asyncio.to_thread(digest, data)
