"""Styles: those that a job may name, and former ones that a job may still be made in.

What a load does, each step repeatable, so that one that was cut off is mended by the next:

    note the versions            from here on nobody removes what they refer to
    store guides and pictures    under keys of their content, created once
    put them in use              one transaction: new jobs name them, former ones are retired
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from contracts.base import utcnow
from contracts.objects import ObjectRef, digest, style_key, thumb_key
from contracts.styles import Guide, Style
from services.chassis.images.picture import Picture
from services.chassis.objects import ObjectStore
from services.storage.domain.style_files import StyleError

MAX_STYLES: Final = 500
"""All of them are one answer on the bus, of 600 kB at the most; it carries 1 MiB by default."""

LEAST_GRACE: Final = timedelta(hours=24)
"""How long a former version is kept at least: a gateway may name it while storage is away."""

DISCARDED_AT_ONCE: Final = 20
"""Former versions that are removed in one transaction, which a load waits for."""

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Draft:
    """A style as a folder has it, before anything of it is stored."""

    style: Style
    guide: bytes
    reference: Callable[[], Awaitable[bytes]] | None
    """Reads the picture again: those of all styles together may not fit into memory."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a load makes of the styles that there were."""

    new: tuple[Style, ...] = ()
    changed: tuple[Style, ...] = ()
    unchanged: tuple[Style, ...] = ()
    removed: tuple[Style, ...] = ()


class Shelf(Protocol):
    """Where an operator keeps styles."""

    async def drafts(self) -> list[Draft]:
        """All of them. Raises StyleError naming every file that is refused, and why."""


class Catalogue(Protocol):
    """The styles on record. Every method raises UnavailableError while the database is away."""

    async def current(self) -> list[Style]:
        """Those that a job may name."""

    async def note(self, styles: Sequence[Style], now: datetime) -> None:
        """Keep these versions for a whole grace from now on, whether they are put in use or not."""

    async def put_in_use(self, styles: Sequence[Style], now: datetime) -> list[Style]:
        """Make these, and no others, those that a job may name; which they were before."""

    async def discard(
        self, retired_before: datetime, remove: Callable[[str], Awaitable[object]], *, limit: int
    ) -> int:
        """Forget some former versions and remove what only they refer to; how many.

        Nobody notes a version meanwhile.
        """


class FormerStyles:
    """Finds and removes versions that no job can be made in any more."""

    def __init__(self, catalogue: Catalogue, store: ObjectStore, grace: timedelta) -> None:
        self._catalogue = catalogue
        self._store = store
        self._grace = grace

    async def sweep(self, now: datetime) -> int:
        """How many versions were removed. Raises UnavailableError."""
        discard = partial(self._catalogue.discard, now - self._grace, self._remove)
        removed = 0
        while found := await discard(limit=DISCARDED_AT_ONCE):
            removed += found
        return removed

    async def _remove(self, key: str) -> None:
        await self._store.delete(key)
        await self._store.delete(thumb_key(key))


def grace_of(job_deadline_seconds: float) -> timedelta:
    """How long a former version is kept: longer than any job that was accepted with it lasts."""
    return max(LEAST_GRACE, timedelta(seconds=2 * job_deadline_seconds))


def style_of(prefix: str, style_id: str, guide: Guide, reference: Picture | None) -> Style:
    """The style with this guide and reference picture, wherever they are stored."""
    stored = guide_bytes(guide)
    sha256 = digest(stored)
    return Style(
        id=style_id,
        version=digest(f"{sha256}:{reference.sha256 if reference else ''}".encode())[:16],
        name=guide.name,
        guide=ObjectRef(
            key=style_key(prefix, style_id, role="guide", sha256=sha256, content_type=_JSON),
            content_type=_JSON,
            size_bytes=len(stored),
            sha256=sha256,
        ),
        reference=_reference(prefix, style_id, reference) if reference else None,
    )


def guide_bytes(guide: Guide) -> bytes:
    """The guide as it is stored."""
    return guide.model_dump_json().encode()


def by_name(styles: Iterable[Style]) -> tuple[Style, ...]:
    """The styles in the order in which people are shown them."""
    return tuple(sorted(styles, key=lambda style: (style.name.casefold(), style.id)))


def changes(before: Iterable[Style], after: Iterable[Style]) -> Changes:
    """What came, went, changed and stayed."""
    old = {style.id: style for style in before}
    new = {style.id: style for style in after}
    both = [style for style in new.values() if style.id in old]
    return Changes(
        new=by_name(style for style in new.values() if style.id not in old),
        changed=by_name(style for style in both if style.version != old[style.id].version),
        unchanged=by_name(style for style in both if style.version == old[style.id].version),
        removed=by_name(style for style in old.values() if style.id not in new),
    )


async def load(drafts: Sequence[Draft], *, catalogue: Catalogue, store: ObjectStore) -> Changes:
    """Store what the drafts consist of and put them in use, in place of all others.

    Raises StyleError for a picture that is no longer the one that was checked, and
    UnavailableError; in both cases the styles in use stay.
    """
    styles = [draft.style for draft in drafts]
    await catalogue.note(styles, utcnow())
    for draft in drafts:
        await _store(draft, store)
    return changes(await catalogue.put_in_use(styles, utcnow()), styles)


async def _store(draft: Draft, store: ObjectStore) -> None:
    style = draft.style
    await store.put(style.guide.key, draft.guide, content_type=style.guide.content_type)
    if style.reference is None or draft.reference is None:
        return
    picture = await draft.reference()
    if digest(picture) != style.reference.sha256:
        raise StyleError(f"the picture of {style.id} changed while it was read: load again")
    await store.put(style.reference.key, picture, content_type=style.reference.content_type)


def _reference(prefix: str, style_id: str, picture: Picture) -> ObjectRef:
    return ObjectRef(
        key=style_key(
            prefix,
            style_id,
            role="reference",
            sha256=picture.sha256,
            content_type=picture.content_type,
        ),
        content_type=picture.content_type,
        size_bytes=picture.size_bytes,
        sha256=picture.sha256,
        width_pixels=picture.width_pixels,
        height_pixels=picture.height_pixels,
    )
