"""Where a job's picture comes from: the request, an upload, or another job's result."""

from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Stage
from contracts.objects import UPLOADS, ObjectRef, job_key, upload_key
from contracts.stages import NOUNS
from contracts.styles import Style
from services.chassis.images.picture import Picture
from services.chassis.objects import MissingObjectError, ObjectStore, fetch
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.problems import RefusalError, not_found
from services.gateway.domain.submission import refused


class Checker(Protocol):
    """Proves that bytes are a picture within the limits."""

    async def check(self, data: bytes) -> Picture:
        """What they are. Raises PermanentError with the refusal, UnavailableError when busy."""


@dataclass(frozen=True, slots=True)
class Source:
    """An accepted picture and its bytes."""

    data: bytes
    picture: Picture
    upload_key: str | None = None
    """Of the upload that they are a copy of."""


class Sources:
    """Finds, checks and keeps pictures. Raises UnavailableError while the store is away."""

    def __init__(self, store: ObjectStore, checker: Checker, jobs: Jobs, prefix: str) -> None:
        self._store = store
        self._checker = checker
        self._jobs = jobs
        self._prefix = prefix

    async def checked(self, data: bytes) -> Source:
        """The bytes as a source. Raises PermanentError with the refusal."""
        return Source(data, await self._checker.check(data))

    async def digest_of(self, image_id: UUID) -> str:
        """The digest that the key of what `by_id` finds holds. Raises RefusalError (400, 404)."""
        key = await self.upload_key(image_id)
        return digest_in(key or (await self._result(image_id)).key)

    async def upload_key(self, image_id: UUID) -> str | None:
        """Where an upload lies, None for an unknown one."""
        folder = f"{self._prefix}/{UPLOADS}/{image_id}"
        async for stored in self._store.list(f"{folder}/original-"):
            return stored.key
        return None

    async def by_id(self, image_id: UUID) -> Source:
        """An earlier upload, or the result of a job of that id. Raises RefusalError (400, 404)."""
        key = await self.upload_key(image_id)
        if key and (data := await self._store.get(key)) is not None:
            return replace(await self.checked(data), upload_key=key)
        return await self._fetched(await self._result(image_id))

    async def result_of(self, job: JournalEntry) -> Source:
        """What a job ended with. Raises RefusalError (400, 404)."""
        return await self._fetched(_result(job))

    async def reference_of(self, style: Style) -> Source:
        """A style's reference picture. Raises RefusalError (422 for a style that has none)."""
        if style.reference is None:
            sentence = f"The style `{style.id}` has no reference picture; please send a picture."
            raise refused("image", sentence)
        return await self._fetched(style.reference)

    async def keep(self, source: Source, kind: str, job_id: UUID) -> ObjectRef:
        """The original of a job, stored as it was received."""
        picture = source.picture
        key = job_key(
            self._prefix,
            kind,
            job_id,
            role="original",
            sha256=picture.sha256,
            content_type=picture.content_type,
        )
        await self._store.put(key, source.data, content_type=picture.content_type)
        return ObjectRef(
            key=key,
            content_type=picture.content_type,
            size_bytes=picture.size_bytes,
            sha256=picture.sha256,
            width_pixels=picture.width_pixels,
            height_pixels=picture.height_pixels,
        )

    async def upload(self, data: bytes, image_id: UUID) -> Picture:
        """Keep a picture under a fresh id. Raises PermanentError with the refusal."""
        picture = (await self.checked(data)).picture
        key = upload_key(
            self._prefix, image_id, sha256=picture.sha256, content_type=picture.content_type
        )
        await self._store.put(key, data, content_type=picture.content_type)
        return picture

    async def _result(self, job_id: UUID) -> ObjectRef:
        found = await self._jobs.find(job_id)
        if found is None:
            raise not_found(ErrorCode.IMAGE_NOT_FOUND)
        return _result(found.entry)

    async def _fetched(self, ref: ObjectRef) -> Source:
        try:
            return await self.checked(await fetch(self._store, ref))
        except MissingObjectError:
            raise not_found(ErrorCode.IMAGE_NOT_FOUND) from None


def digest_in(key: str) -> str:
    """The beginning of the SHA-256 that every key holds."""
    return key.rpartition("-")[2].partition(".")[0]


def _result(job: JournalEntry) -> ObjectRef:
    if job.stage is Stage.ERASED or job.kind is Kind.DESCRIPTION:
        raise not_found(ErrorCode.IMAGE_NOT_FOUND)
    if job.stage is not Stage.COMPLETED or job.facts.result is None:
        sentence = f"The {NOUNS[job.kind]} of this image has not completed."
        raise RefusalError(400, ErrorCode.EDIT_NOT_COMPLETED, sentence)
    return job.facts.result
