"""Stored bytes: the port that services speak, the choice of a store, verified reads and writes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.chassis.objects.directory import DirectoryStore
from services.chassis.objects.port import (
    CHUNK_BYTES,
    CorruptObjectError,
    InvalidKeyError,
    MissingObjectError,
    ObjectStore,
    StoredObject,
)
from services.chassis.objects.transfer import fetch, store_bytes
from services.chassis.settings import ObjectStoreSettings

__all__ = [
    "CHUNK_BYTES",
    "CorruptObjectError",
    "DirectoryStore",
    "InvalidKeyError",
    "MissingObjectError",
    "ObjectStore",
    "StoredObject",
    "fetch",
    "open_store",
    "store_bytes",
]


@asynccontextmanager
async def open_store(settings: ObjectStoreSettings, home: Path) -> AsyncIterator[ObjectStore]:
    """The configured store: S3 when a bucket is named, else `objects` below the home.

    Opening S3 asks it nothing, so a service starts while it is away; `check` tells. Raises
    SettingsError for an endpoint that is no URL, UnavailableError for an unusable directory.
    """
    if not settings.s3_bucket_name:
        directory = DirectoryStore(home / "objects")
        await directory.sweep()
        yield directory
        return
    # The SDK costs about 40 MiB of memory: only who is configured for S3 pays it.
    from services.chassis.objects.s3 import open_s3  # noqa: PLC0415

    async with open_s3(settings) as store:
        yield store
