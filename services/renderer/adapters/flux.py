"""Flux, the image models of Black Forest Labs: a task is handed in, asked for, fetched."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr

from contracts.errors import ErrorCode
from contracts.journal import Handle
from services.chassis.collect import ForgottenError
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import MAX_RAW_BYTES, READABLE_TYPES, ImageLimits, raw_limits
from services.chassis.images.pool import PixelPool
from services.chassis.providers import Provider
from services.renderer.adapters.doors import Doors, pause_before
from services.renderer.adapters.flux_answers import accepted, alert, failure, state_of
from services.renderer.adapters.flux_http import Download, FluxHttp, TooLongError, open_http
from services.renderer.adapters.flux_picture import as_it_is, fitted, refuse_too_small
from services.renderer.adapters.hosts import AllowedHosts, hosts_of
from services.renderer.domain.editing import Edited, Ready, Running, Source, Wish, seconds_since
from services.renderer.domain.flux_body import Reference, body_of, refuse_unsupported
from services.renderer.domain.models import PROVIDER, FluxModel, model_named

INVALID_SENTENCE: Final = "The image service sent a picture that cannot be used. Please try again."

_MADE: Final = frozenset({"jpeg", "png", "webp"})
# Expired or deleted; Azure's storage says 403 for an address whose time is over.
_GONE: Final = frozenset({403, 404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The total time of each call, in seconds."""

    submit: float = 20.0
    """For 20 MB at 10 Mbit/s, and the answer."""
    poll: float = 8.0
    download: float = 20.0
    connect: float = 5.0
    """Within each of them, so that what was never sent is known for that."""


class Flux:
    """A TaskEditor. Submissions have a breaker of their own; so has each host that tells of tasks
    or has results, and none of them stops anything but the calls to itself.
    """

    name = PROVIDER

    def __init__(
        self,
        http: FluxHttp,
        *,
        base_url: str,
        hosts: AllowedHosts,
        safety_tolerance: int,
        submissions: Provider,
        doors: Doors,
        max_image_pixels: int,
        pool: PixelPool,
        deadlines: Deadlines = Deadlines(),
    ) -> None:
        self.submit_seconds = deadlines.submit
        self._deadlines = deadlines
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._hosts = hosts
        self._tolerance = safety_tolerance
        self._submissions = submissions
        self._doors = doors
        self._pool = pool
        # What is sent was checked at the door; what comes back is held to what Flux makes.
        self._sources = ImageLimits(max_image_pixels=max_image_pixels)
        self._results = ImageChecker(_result_limits(max_image_pixels), pool)

    async def prepare(self, source: Source, wish: Wish) -> bytes:
        """See TaskEditor. Raises UnavailableError when too many pictures are waiting."""
        model = model_named(wish.model)
        refuse_unsupported(model, wish.options)
        refuse_too_small(source, model)
        for reference in wish.references:
            refuse_too_small(reference, model, name="The style's reference picture")
        pictures = [await self._reference(one, model) for one in (source, *wish.references)]
        # Megabytes of base64: a thread's work, though no pixel is touched.
        make = partial(body_of, model, wish, pictures, safety_tolerance=self._tolerance)
        return await self._pool.in_thread(make, pixels=0)

    async def submit(self, body: bytes, *, model: str) -> Handle:
        """See TaskEditor."""
        url = f"{self._base_url}{model_named(model).path}"
        async with self._submissions.call("submit", seconds=self._deadlines.submit):
            return accepted(await self._http.post(url, body), model=model)

    async def poll(self, task: Handle) -> Running | Ready:
        """See TaskEditor. Raises UnavailableError while the key is refused or the address is not
        allowed (yet): the task is paid.
        """
        url = self._polling_url(task)
        door = self._doors.to(url)
        with door.breaker.turn() as is_allowed:
            if not is_allowed:
                return Running(pause_seconds=pause_before(door))
            async with door.call("poll", seconds=self._deadlines.poll):
                answer = await self._http.get(url)
                state = state_of(answer, age_seconds=seconds_since(task))
        # Not knowing a task is an answer, which is why it is raised out here.
        if state is None:
            raise ForgottenError(f"{PROVIDER} poll: unknown task")
        return state

    async def download(self, task: Handle, ready: Ready) -> Edited:
        """See TaskEditor. Raises UnavailableError for a host that is not allowed (yet), or that has
        not answered lately.
        """
        self._refuse_elsewhere("download", ready.url, with_key=False)
        door = self._doors.to(ready.url)
        with door.breaker.turn() as is_allowed:
            if not is_allowed:
                reason = f"{PROVIDER} download: the host is left alone"
                raise UnavailableError(reason, retry_after=pause_before(door))
            async with door.call("download", seconds=self._deadlines.download):
                file = await self._fetched(ready.url)
        if file is None:
            raise ForgottenError(f"{PROVIDER} download: the result has expired")
        return await self._edited(file, task)

    async def _reference(self, source: Source, model: FluxModel) -> Reference:
        look = partial(as_it_is, source.data, model, self._sources)
        if (picture := await self._pool.in_thread(look, pixels=0)) is not None:
            return picture
        copy = partial(fitted, source.data, model, self._sources)
        return await self._pool.in_thread(copy, pixels=source.pixels)

    def _polling_url(self, task: Handle) -> str:
        """Where the provider said, because its clusters do not know each other's tasks.

        At home only where nothing was said. Raises UnavailableError for a host that is not listed,
        or that is none for the key.
        """
        if task.polling_url is None:
            return f"{self._base_url}/v1/get_result?id={quote(task.task_id, safe='')}"
        self._refuse_elsewhere("poll", task.polling_url, with_key=True)
        return task.polling_url

    def _refuse_elsewhere(self, operation: str, url: str, *, with_key: bool) -> None:
        """Raise UnavailableError, with an alert, until an operator has listed the host."""
        trouble = self._hosts.trouble(url, with_key=with_key)
        if trouble is not None:
            alert(operation, f"BFL_ALLOWED_HOSTS:{trouble}")
            raise UnavailableError(f"{PROVIDER} {operation}: address not allowed ({trouble})")

    async def _fetched(self, url: str) -> Download | None:
        """The file; None when it is gone."""
        try:
            got = await self._http.download(url, max_bytes=MAX_RAW_BYTES)
        except TooLongError:
            raise _invalid("too many bytes") from None
        if isinstance(got, Download):
            return got
        if got.status in _GONE:
            return None
        raise failure("download", got)

    async def _edited(self, file: Download, task: Handle) -> Edited:
        try:
            picture = await self._results.check(file.data)
        except PermanentError as error:
            if not file.is_whole:
                raise TransientError(f"{PROVIDER} download: perhaps cut short") from None
            raise _refused(error) from None
        return Edited(
            data=file.data,
            content_type=picture.content_type,
            width_pixels=picture.width_pixels,
            height_pixels=picture.height_pixels,
            provider=PROVIDER,
            model=task.model,
        )


@asynccontextmanager
async def open_flux(
    *,
    base_url: str,
    key: SecretStr,
    allowed_hosts: Iterable[str],
    safety_tolerance: int,
    submissions: Provider,
    doors: Doors,
    max_image_pixels: int,
    pool: PixelPool,
    deadlines: Deadlines = Deadlines(),
) -> AsyncIterator[Flux]:
    """The client with its connections, until the block ends. Raises SettingsError."""
    hosts = hosts_of(base_url, allowed_hosts)
    async with open_http(key, connect_seconds=deadlines.connect) as http:
        yield Flux(
            http,
            base_url=base_url,
            hosts=hosts,
            safety_tolerance=safety_tolerance,
            submissions=submissions,
            doors=doors,
            max_image_pixels=max_image_pixels,
            pool=pool,
            deadlines=deadlines,
        )


def _result_limits(max_image_pixels: int) -> ImageLimits:
    strange = frozenset(READABLE_TYPES) - _MADE
    return replace(raw_limits(max_image_pixels), unsupported_types=strange)


def _refused(error: PermanentError) -> PermanentError | ForgottenError:
    """What the check says of a whole file, where only what is no picture may be one later."""
    invalid = _invalid(error.code)
    if error.code is not ErrorCode.INVALID_IMAGE:
        return invalid
    # Stores and what is before them answer 200 with a page while something is wrong.
    return ForgottenError(f"{PROVIDER} download: no picture", verdict=invalid)


def _invalid(why: str) -> PermanentError:
    reason = f"{PROVIDER} download: {why}"
    return PermanentError(ErrorCode.RESULT_INVALID, INVALID_SENTENCE, reason=reason)
