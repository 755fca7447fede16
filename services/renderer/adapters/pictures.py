"""The pictures of a job in the object store: the original to edit, its style's reference to follow,
the raw result to keep.
"""

from functools import partial

from contracts.journal import JournalEntry, Raw
from contracts.objects import ObjectRef, digest, job_folder, job_key
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import normalise
from services.chassis.images.pool import PixelPool
from services.chassis.objects import ObjectStore, fetch, store_bytes
from services.chassis.step import Facts
from services.renderer.domain.editing import Edited, Source


class Shrinker:
    """Makes the small copies that quick models are given."""

    def __init__(self, limits: ImageLimits, pool: PixelPool, *, max_side_pixels: int) -> None:
        self._limits = limits
        self._pool = pool
        self._max_side_pixels = max_side_pixels

    async def shrunk(self, source: Source) -> Source:
        """The picture with no side longer than that: itself, or a copy. Raises PermanentError."""
        if max(source.width_pixels, source.height_pixels) <= self._max_side_pixels:
            return source
        shrink = partial(
            normalise, source.data, self._limits, max_side_pixels=self._max_side_pixels
        )
        copy = await self._pool.in_thread(shrink, pixels=source.pixels)
        return Source(
            data=copy.data,
            content_type=copy.content_type,
            width_pixels=copy.width_pixels,
            height_pixels=copy.height_pixels,
        )


class JobPictures:
    """What the renderer reads and writes of a job's bytes."""

    def __init__(
        self, store: ObjectStore, checker: ImageChecker, prefix: str, shrinker: Shrinker
    ) -> None:
        self._store = store
        self._checker = checker
        self._prefix = prefix
        self._shrinker = shrinker

    async def source(self, job: JournalEntry) -> Source:
        """The picture to edit, verified. Raises TransientError where it is not to be had."""
        assert job.facts.original is not None
        return await self._source(job.facts.original)

    async def references(self, job: JournalEntry, *, are_small: bool) -> tuple[Source, ...]:
        """See Pictures."""
        style, original = job.facts.style, job.facts.original
        if style is None or style.reference is None:
            return ()
        if original is not None and original.sha256 == style.reference.sha256:
            return ()
        reference = await self._source(style.reference)
        return (await self._shrinker.shrunk(reference) if are_small else reference,)

    async def keep(self, job: JournalEntry, edited: Edited) -> Raw:
        """Store a provider's picture under its content-addressed key: twice is once."""
        key = partial(self._key, job, edited.content_type)
        image = await store_bytes(
            self._store, edited.data, content_type=edited.content_type, key=key
        )
        size = {"width_pixels": edited.width_pixels, "height_pixels": edited.height_pixels}
        return Raw(
            image=image.model_copy(update=size),
            provider=edited.provider,
            model=edited.model,
            note=edited.note,
        )

    async def find(self, job: JournalEntry) -> Facts | None:
        """The fact of a result that was stored but never recorded; None when there is none."""
        folder = job_folder(self._prefix, job.kind, job.job_id)
        async for stored in self._store.list(f"{folder}/raw-"):
            if (data := await self._store.get(stored.key)) is not None:
                return {"raw": await self._found(job, stored.key, data)}
        return None

    async def _source(self, picture: ObjectRef) -> Source:
        return Source(
            data=await fetch(self._store, picture),
            content_type=picture.content_type,
            width_pixels=picture.width_pixels or 1,
            height_pixels=picture.height_pixels or 1,
        )

    async def _found(self, job: JournalEntry, key: str, data: bytes) -> Raw:
        picture = await self._checker.check(data)
        image = ObjectRef(
            key=key,
            content_type=picture.content_type,
            size_bytes=len(data),
            sha256=digest(data),
            width_pixels=picture.width_pixels,
            height_pixels=picture.height_pixels,
        )
        public = job.public
        return Raw(
            image=image, provider=public.provider or "unknown", model=public.model or "unknown"
        )

    def _key(self, job: JournalEntry, content_type: str, sha256: str) -> str:
        return job_key(
            self._prefix,
            job.kind,
            job.job_id,
            role="raw",
            sha256=sha256,
            content_type=content_type,
        )
