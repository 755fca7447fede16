"""What every object store does: one suite for the fake, the directory and a real S3 server."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest

from contracts.objects import ObjectRef, digest, job_key
from services.chassis.objects import (
    CHUNK_BYTES,
    CorruptObjectError,
    InvalidKeyError,
    MissingObjectError,
    ObjectStore,
    fetch,
    store_bytes,
)

JOB: Final = UUID("6f1d6f3c-9f0e-4d0c-8f43-0b7f7d6f2a11")
PHOTO: Final = b"".join(hashlib.sha256(bytes([number])).digest() * 100 for number in range(100))
"""320 kB without two equal stretches side by side."""

HOSTILE: Final = [
    "",
    "/etc/passwd",
    "../../etc/passwd",
    f"preview/edit/{JOB}/../../{JOB}/raw-0123456789abcdef.jpg",
    f"preview/edit/{JOB}/raw-0123456789abcdef.jpg\n",
    f"preview/edit/{JOB}/raw-0123456789abcdef.jpg\x00",
    f"preview//{JOB}/raw-0123456789abcdef.jpg",
    f"preview\\edit\\{JOB}\\raw-0123456789abcdef.jpg",
    f"..%2fpreview/edit/{JOB}/raw-0123456789abcdef.jpg",
    f".incoming/edit/{JOB}/raw-0123456789abcdef.jpg",
    f"preview/edit/{JOB}/raw-0123456789ABCDEF.jpg",
]
RANGES: Final = [
    (0, 1),
    (0, len(PHOTO)),
    (7, 100_000),
    (100, None),
    (len(PHOTO) - 1, None),
    (10, len(PHOTO) + 999),
    (5, 5),
    (len(PHOTO), None),
    (len(PHOTO) + 5, len(PHOTO) + 9),
]


async def test_what_was_put_is_got_back(store: ObjectStore) -> None:
    key = _key(PHOTO)

    await store.put(key, PHOTO, content_type="image/jpeg")

    assert await store.get(key) == PHOTO


async def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    key = _key(b"")

    await store.put(key, b"", content_type="image/jpeg")

    assert await store.get(key) == b""
    assert await _streamed(store, key) == b""


async def test_the_head_tells_size_type_tag_and_time(store: ObjectStore) -> None:
    key = _key(PHOTO, content_type="image/png")
    await store.put(key, PHOTO, content_type="image/png")

    head = await store.head(key)

    assert head is not None
    assert (head.key, head.size_bytes, head.content_type) == (key, len(PHOTO), "image/png")
    assert head.etag[0] == head.etag[-1] == '"'
    assert head.modified.tzinfo is not None


async def test_a_key_is_created_once_and_never_overwritten(store: ObjectStore) -> None:
    key = _key(PHOTO)
    await store.put(key, PHOTO, content_type="image/jpeg")

    await store.put(key, b"something else", content_type="image/jpeg")

    assert await store.get(key) == PHOTO


async def test_ten_writers_at_once_leave_one_whole_object(store: ObjectStore) -> None:
    key = _key(PHOTO)
    copies = [bytes([number]) * 200_000 for number in range(10)]

    async def write(copy: bytes) -> bytes | None:
        await store.put(key, copy, content_type="image/jpeg")
        return await store.get(key)

    async with asyncio.timeout(60):
        seen = set(await asyncio.gather(*map(write, copies)))

    assert len(seen) == 1
    assert seen <= set(copies)
    assert [stored.key async for stored in store.list("")] == [key]


async def test_a_reader_never_sees_half_an_object(store: ObjectStore) -> None:
    key = _key(PHOTO)
    writing = asyncio.create_task(store.put(key, PHOTO, content_type="image/jpeg"))

    seen = set()
    while not writing.done():
        seen.add(await store.get(key))
        await asyncio.sleep(0)
    await writing

    assert seen <= {None, PHOTO}


async def test_what_was_never_put_is_missing(store: ObjectStore) -> None:
    key = _key(PHOTO)

    assert await store.get(key) is None
    assert await store.head(key) is None
    with pytest.raises(MissingObjectError):
        await anext(store.stream(key))
    with pytest.raises(MissingObjectError):
        await anext(store.stream(key, start=5, end=5))


async def test_a_stream_comes_in_bounded_chunks(store: ObjectStore) -> None:
    key = _key(PHOTO)
    await store.put(key, PHOTO, content_type="image/jpeg")

    chunks = [chunk async for chunk in store.stream(key)]

    assert b"".join(chunks) == PHOTO
    assert len(chunks) >= len(PHOTO) // CHUNK_BYTES
    assert max(map(len, chunks)) <= CHUNK_BYTES


async def test_a_range_is_half_open_like_a_slice(store: ObjectStore) -> None:
    key = _key(PHOTO)
    await store.put(key, PHOTO, content_type="image/jpeg")

    for start, end in RANGES:
        assert await _streamed(store, key, start=start, end=end) == PHOTO[start:end], (start, end)


async def test_a_reader_may_leave_a_stream_early(store: ObjectStore) -> None:
    key = _key(PHOTO)
    await store.put(key, PHOTO, content_type="image/jpeg")

    for _ in range(40):
        async for chunk in store.stream(key):
            assert PHOTO.startswith(chunk)
            break

    assert await store.get(key) == PHOTO


async def test_deleting_says_whether_there_was_something(store: ObjectStore) -> None:
    key = _key(PHOTO)
    await store.put(key, PHOTO, content_type="image/jpeg")

    assert [await store.delete(key) for _ in range(3)] == [True, False, False]

    assert await store.get(key) is None
    assert [stored async for stored in store.list("")] == []


async def test_a_deleted_key_can_be_created_again(store: ObjectStore) -> None:
    key = _key(PHOTO)
    for data in (PHOTO, b"another"):
        await store.put(key, data, content_type="image/jpeg")
        assert await store.get(key) == data
        await store.delete(key)


async def test_a_list_has_what_starts_with_the_prefix(store: ObjectStore) -> None:
    edits = [_key(b"1"), _key(b"2"), _key(b"3", job_id=uuid4())]
    upload = _key(b"4", kind="upload")
    for key in [*edits, upload]:
        await store.put(key, key.encode(), content_type="image/jpeg")

    assert await _listed(store, "") == {*edits, upload}
    assert await _listed(store, "preview/edit/") == set(edits)
    assert await _listed(store, f"preview/edit/{JOB}/") == set(edits[:2])
    assert await _listed(store, edits[0][:-6]) == {edits[0]}
    assert await _listed(store, "preview/e") == set(edits)
    assert await _listed(store, "production/") == set()


async def test_a_listed_object_is_described(store: ObjectStore) -> None:
    key = _key(PHOTO, content_type="image/webp")
    await store.put(key, PHOTO, content_type="image/webp")

    [listed] = [stored async for stored in store.list("preview/")]

    head = await store.head(key)
    assert head is not None
    assert (listed.key, listed.size_bytes, listed.content_type) == (key, len(PHOTO), "image/webp")
    assert listed.etag == head.etag
    assert abs(listed.modified - head.modified) < timedelta(seconds=1.5)


async def test_a_hostile_key_is_refused_by_every_method(store: ObjectStore) -> None:
    for key in HOSTILE:
        calls = [
            store.put(key, PHOTO, content_type="image/jpeg"),
            store.get(key),
            store.head(key),
            store.delete(key),
            store.presigned(key, 60),
            anext(store.stream(key)),
        ]

        answers = await asyncio.gather(*calls, return_exceptions=True)

        assert [type(answer) for answer in answers] == [InvalidKeyError] * len(calls), key


async def test_a_hostile_prefix_is_refused(store: ObjectStore) -> None:
    for prefix in ("..", "../", "/", "preview/../", "preview//", "a\x00", ".inc"):
        with pytest.raises(InvalidKeyError):
            await anext(store.list(prefix))


async def test_a_store_in_order_is_ready(store: ObjectStore) -> None:
    await store.check()


async def test_stored_bytes_are_fetched_by_their_reference(store: ObjectStore) -> None:
    ref = await _stored(store, PHOTO)

    assert await fetch(store, ref) == PHOTO


async def test_a_reference_without_bytes_is_told(store: ObjectStore) -> None:
    ref = await _stored(store, PHOTO)
    await store.delete(ref.key)

    with pytest.raises(MissingObjectError, match=ref.key):
        await fetch(store, ref)


async def test_damaged_bytes_are_never_handed_on(store: ObjectStore) -> None:
    ref = await _stored(store, PHOTO)

    for damaged in (PHOTO[:-1], PHOTO[:-1] + b"x", b""):
        await store.delete(ref.key)
        await store.put(ref.key, damaged, content_type=ref.content_type)
        with pytest.raises(CorruptObjectError, match=ref.key):
            await fetch(store, ref)


def _key(
    data: bytes, *, kind: str = "edit", job_id: UUID = JOB, content_type: str = "image/jpeg"
) -> str:
    return job_key(
        "preview", kind, job_id, role="raw", sha256=digest(data), content_type=content_type
    )


async def _stored(store: ObjectStore, data: bytes) -> ObjectRef:
    def key(sha256: str) -> str:
        return job_key("preview", "edit", JOB, role="raw", sha256=sha256, content_type="image/jpeg")

    return await store_bytes(store, data, content_type="image/jpeg", key=key)


async def _streamed(
    store: ObjectStore, key: str, *, start: int = 0, end: int | None = None
) -> bytes:
    return b"".join([chunk async for chunk in store.stream(key, start=start, end=end)])


async def _listed(store: ObjectStore, prefix: str) -> set[str]:
    return {stored.key async for stored in store.list(prefix)}
