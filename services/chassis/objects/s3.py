"""An S3 bucket as object store, through aiobotocore."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
)
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError
from pydantic import SecretStr

from services.chassis.objects.port import (
    CHUNK_BYTES,
    MissingObjectError,
    StoredObject,
    checked_key,
    checked_prefix,
    content_type_of,
)
from services.chassis.objects.s3_errors import ABSENT, code_of, translated
from services.chassis.settings import ObjectStoreSettings, SettingsError

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
DEADLINE_SECONDS: Final = 30.0
"""The longest wait for one whole call, the SDK's own second attempt included."""

POOL_CONNECTIONS: Final = 32
"""At most this many requests of one process at once; others wait inside the deadline."""

_LOST_RACE: Final = frozenset({"412", "PreconditionFailed"})
_NO_CONDITIONS: Final = frozenset({"501", "NotImplemented"})

Client = Any  # aiobotocore builds its clients at run time: there is no class to name


class S3Store:
    """Objects in one bucket; `public` signs URLs for the address that clients can reach."""

    def __init__(self, client: Client, bucket: str, *, public: Client | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._public = public
        self._conditional = True

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Create the object, or leave the one that is there."""
        async with self._asking():
            # Some stores make racing conditional writers wait for seconds: ask first.
            if await self._head(checked_key(key)) is None:
                await self._create(key, data, content_type)

    async def get(self, key: str) -> bytes | None:
        """All bytes, or None."""
        async with self._asking():
            answer = await self._found("get_object", key)
            if answer is None:
                return None
            async with answer["Body"] as body:
                return bytes(await body.read())

    async def head(self, key: str) -> StoredObject | None:
        """What is stored there, or None; a missing bucket is told from a missing object."""
        async with self._asking():
            if found := await self._head(checked_key(key)):
                return _stored(key, found, content_type=found["ContentType"])
            await self._client.head_bucket(Bucket=self._bucket)
            return None

    async def stream(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of [start, end) in chunks; leaving early closes the connection."""
        if end is not None and end <= start:
            await self._must_exist(key)
            return
        async with aclosing(self._chunks(key, _range(start, end))) as chunks:
            while chunk := await self._next(chunks):
                yield chunk

    async def delete(self, key: str) -> bool:
        """Remove the object; whether there was one (S3 itself does not say)."""
        async with self._asking():
            if await self._head(checked_key(key)) is None:
                return False
            await self._client.delete_object(Bucket=self._bucket, Key=key)
            return True

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object whose key starts so, a page at a time."""
        query = {"Bucket": self._bucket, "Prefix": checked_prefix(prefix)}
        while True:
            async with self._asking():
                page = await self._client.list_objects_v2(**query)
            for found in page.get("Contents", ()):
                yield _stored(found["Key"], found, content_type=content_type_of(found["Key"]))
            if not page.get("IsTruncated"):
                return
            query["ContinuationToken"] = page["NextContinuationToken"]

    async def presigned(self, key: str, seconds: int) -> str | None:
        """A URL for GET that expires after so many seconds, or None without S3_PUBLIC_URL."""
        parameters = {"Bucket": self._bucket, "Key": checked_key(key)}
        if self._public is None:
            return None
        with translated(self._bucket):
            url: str = await self._public.generate_presigned_url(
                "get_object", Params=parameters, ExpiresIn=seconds
            )
        return url

    async def check(self) -> None:
        """Raises UnavailableError naming the setting when the bucket cannot be used."""
        async with self._asking():
            await self._client.head_bucket(Bucket=self._bucket)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        with translated(self._bucket):
            async with asyncio.timeout(DEADLINE_SECONDS):
                yield

    async def _head(self, key: str) -> dict[str, Any] | None:
        return await self._found("head_object", key)

    async def _found(self, operation: str, key: str, **more: str) -> dict[str, Any] | None:
        call = getattr(self._client, operation)
        try:
            answer: dict[str, Any] = await call(Bucket=self._bucket, Key=checked_key(key), **more)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        return answer

    async def _create(self, key: str, data: bytes, content_type: str) -> None:
        condition = {"IfNoneMatch": "*"} if self._conditional else {}
        try:
            await self._client.put_object(
                Bucket=self._bucket, Key=key, Body=data, ContentType=content_type, **condition
            )
        except ClientError as error:
            if code_of(error) in _LOST_RACE:
                return
            if code_of(error) not in _NO_CONDITIONS or not condition:
                raise
            # The bytes follow from the key, so a store without conditions is merely slower.
            self._conditional = False
            await self._create(key, data, content_type)

    async def _must_exist(self, key: str) -> None:
        if await self.head(key) is None:
            raise MissingObjectError(f"{key} is not in the store")

    async def _chunks(self, key: str, span: dict[str, str]) -> AsyncGenerator[bytes, None]:
        answer = await self._ranged(key, span)
        if answer is None:
            raise MissingObjectError(f"{key} is not in the store")
        if "Body" not in answer:
            return
        async with answer["Body"] as body:
            while chunk := await body.read(CHUNK_BYTES):
                yield chunk

    async def _ranged(self, key: str, span: dict[str, str]) -> dict[str, Any] | None:
        try:
            return await self._found("get_object", key, **span)
        except ClientError as error:
            if code_of(error) in ("416", "InvalidRange"):
                return {}
            raise

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        async with self._asking():
            return await anext(chunks, None)


@asynccontextmanager
async def open_s3(
    settings: ObjectStoreSettings, *, read_seconds: float = READ_SECONDS
) -> AsyncIterator[S3Store]:
    """The configured bucket. Raises SettingsError for an address that is no URL."""
    async with AsyncExitStack() as stack:
        client = await _enter(stack, "S3_ENDPOINT_URL", _creating(settings, read_seconds))
        public = None
        if url := settings.s3_public_url:
            reachable = settings.model_copy(update={"s3_endpoint_url": url})
            public = await _enter(stack, "S3_PUBLIC_URL", _creating(reachable, read_seconds))
        yield S3Store(client, settings.s3_bucket_name, public=public)


async def _enter(
    stack: AsyncExitStack, setting: str, creating: AbstractAsyncContextManager[Client]
) -> Client:
    try:
        return await stack.enter_async_context(creating)
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from None


def _creating(
    settings: ObjectStoreSettings, read_seconds: float
) -> AbstractAsyncContextManager[Client]:
    creating: AbstractAsyncContextManager[Client] = get_session().create_client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region_name,
        aws_access_key_id=_revealed(settings.s3_access_key_id),
        aws_secret_access_key=_revealed(settings.s3_secret_access_key),
        config=AioConfig(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=read_seconds,
            max_pool_connections=POOL_CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": 2},
            # The SDK's default signs URLs of some regions in the old way, which others refuse.
            signature_version="s3v4",
            # Other vendors' endpoints have no host name per bucket.
            s3={"addressing_style": "path" if settings.s3_endpoint_url else "auto"},
        ),
    )
    return creating


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _range(start: int, end: int | None) -> dict[str, str]:
    if start == 0 and end is None:
        return {}
    return {"Range": f"bytes={start}-{'' if end is None else end - 1}"}


def _stored(key: str, found: dict[str, Any], *, content_type: str) -> StoredObject:
    return StoredObject(
        key=key,
        size_bytes=found.get("ContentLength", found.get("Size", 0)),
        content_type=content_type,
        etag=found["ETag"],
        modified=found["LastModified"],
    )
