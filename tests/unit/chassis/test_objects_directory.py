"""What a directory must survive as an object store."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest

from contracts.objects import digest, job_key
from services.chassis.errors import UnavailableError
from services.chassis.objects import DirectoryStore, open_store
from services.chassis.objects.directory import LEFTOVER_SECONDS
from services.chassis.settings import ObjectStoreSettings

PHOTO: Final = bytes(range(256)) * 1000
KILLED_AFTER: Final = 20

WRITER: Final = """
import asyncio, os, sys
from pathlib import Path
from uuid import uuid4
from contracts.objects import digest, job_key
from services.chassis.objects import DirectoryStore

async def main():
    store = DirectoryStore(Path(sys.argv[1]))
    while True:
        data = os.urandom(300_000)
        sha256 = digest(data)
        key = job_key("p", "edit", uuid4(), role="raw", sha256=sha256, content_type="image/jpeg")
        await store.put(key, data, content_type="image/jpeg")
        print(key, flush=True)

asyncio.run(main())
"""


class OvertakenStore(DirectoryStore):
    """Another writer creates the object after this one looked and before it is done."""

    def __init__(self, root: Path, key: str) -> None:
        super().__init__(root)
        self._taken = root / key

    def _part(self) -> Path:
        self._taken.parent.mkdir(parents=True)
        self._taken.write_bytes(b"first")
        return super()._part()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "objects")


async def test_a_writer_killed_at_any_moment_leaves_only_whole_objects(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip() for _ in range(KILLED_AFTER)]
        writer.kill()

    listed = {stored.key async for stored in store.list("")}

    assert set(told) <= listed
    for key in listed:
        assert digest(await store.get(key) or b"")[:16] in key


async def test_a_writer_that_is_overtaken_leaves_the_first_object(tmp_path: Path) -> None:
    key = _key(PHOTO)
    store = OvertakenStore(tmp_path, key)

    await store.put(key, PHOTO, content_type="image/jpeg")

    assert await store.get(key) == b"first"


async def test_a_disk_that_is_full_is_unavailable_and_leaves_nothing(
    store: DirectoryStore, tmp_path: Path
) -> None:
    key, before = _key(PHOTO), resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(UnavailableError):
            await store.put(key, PHOTO, content_type="image/jpeg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert await store.get(key) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_directory_that_cannot_be_one_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = DirectoryStore(tmp_path / "file" / "objects")

    for call in (store.check(), store.put(_key(PHOTO), PHOTO, content_type="image/jpeg")):
        with pytest.raises(UnavailableError, match="object directory"):
            await call


async def test_a_directory_that_cannot_be_one_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / ".incoming").symlink_to(tmp_path / "objects" / ".incoming")

    with pytest.raises(UnavailableError, match="object directory"):
        async with open_store(ObjectStoreSettings(s3_bucket_name=""), tmp_path) as store:
            await store.check()


async def test_opening_sweeps_what_dead_writers_left_and_nothing_else(tmp_path: Path) -> None:
    old, young = _partial(tmp_path, LEFTOVER_SECONDS + 60), _partial(tmp_path, 60)

    async with open_store(ObjectStoreSettings(s3_bucket_name=""), tmp_path) as store:
        listed = [stored async for stored in store.list("")]

    assert (old.exists(), young.exists()) == (False, True)
    assert listed == []


async def test_a_folder_goes_with_the_last_object_in_it(
    store: DirectoryStore, tmp_path: Path
) -> None:
    job_id = uuid4()
    first, second = _key(b"1", job_id=job_id), _key(b"2", job_id=job_id)
    for key in (first, second):
        await store.put(key, b"-", content_type="image/jpeg")
    folder = (tmp_path / "objects" / first).parent

    await store.delete(first)
    assert folder.exists()
    await store.delete(second)
    assert not folder.exists()


async def test_foreign_files_in_the_directory_are_not_objects(
    store: DirectoryStore, tmp_path: Path
) -> None:
    key = _key(PHOTO)
    await store.put(key, PHOTO, content_type="image/jpeg")
    (tmp_path / "objects" / "notes.txt").write_text("mine")
    (tmp_path / "objects" / key).with_name("thumbs.db").write_text("not mine")

    assert [stored.key async for stored in store.list("")] == [key]


def test_a_directory_does_not_pay_for_the_s3_sdk() -> None:
    script = "import sys, services.chassis.objects; sys.exit('aiobotocore' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


def _key(data: bytes, *, job_id: UUID | None = None) -> str:
    return job_key(
        "preview",
        "edit",
        job_id or uuid4(),
        role="raw",
        sha256=digest(data),
        content_type="image/jpeg",
    )


def _partial(home: Path, age: float) -> Path:
    part = home / "objects" / ".incoming" / f"{uuid4().hex}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half")
    os.utime(part, (time.time() - age, time.time() - age))
    return part
