"""The styles in Postgres: a row for each version, until no job can be made in it any more."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from contracts.styles import Style
from services.chassis.database import Database, Row

# Writers take turns; readers and the database's own housekeeping need not wait for them.
_ALONE: Final = "LOCK TABLE styles IN SHARE ROW EXCLUSIVE MODE"
_CURRENT: Final = "SELECT style FROM styles WHERE retired_at IS NULL"
_NOTE: Final = """
INSERT INTO styles (id, version, style, retired_at)
SELECT *, $4::timestamptz FROM unnest($1::text[], $2::text[], $3::jsonb[])
ON CONFLICT (id, version) DO UPDATE SET retired_at = excluded.retired_at
WHERE styles.retired_at IS NOT NULL
"""
_RETIRE: Final = """
UPDATE styles SET retired_at = $3
WHERE retired_at IS NULL
  AND (id, version) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""
_PUT_IN_USE: Final = """
INSERT INTO styles (id, version, style)
SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[])
ON CONFLICT (id, version) DO UPDATE SET style = excluded.style, retired_at = NULL
WHERE styles.retired_at IS NOT NULL OR styles.style <> excluded.style
"""
_FORMER: Final = """
SELECT id, version, style FROM styles WHERE retired_at <= $1
ORDER BY retired_at, id, version LIMIT $2
"""
# Objects lie in a folder of their style's, so versions of other styles refer to none of them.
_OTHERS: Final = """
SELECT style FROM styles
WHERE id = ANY($1) AND (id, version) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""
_FORGET: Final = """
DELETE FROM styles WHERE (id, version) IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""


class PostgresCatalogue:
    """See Catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> list[Style]:
        """See Catalogue."""
        return _styles(await self._database.fetch(_CURRENT))

    async def note(self, styles: Sequence[Style], now: datetime) -> None:
        """See Catalogue."""
        async with self._database.transaction() as session:
            await session.execute(_ALONE)
            await session.execute(_NOTE, *_columns(styles), now)

    async def put_in_use(self, styles: Sequence[Style], now: datetime) -> list[Style]:
        """See Catalogue."""
        ids, versions, documents = _columns(styles)
        async with self._database.transaction() as session:
            await session.execute(_ALONE)
            before = _styles(await session.fetch(_CURRENT))
            await session.execute(_RETIRE, ids, versions, now)
            await session.execute(_PUT_IN_USE, ids, versions, documents)
        return before

    async def discard(
        self, retired_before: datetime, remove: Callable[[str], Awaitable[object]], *, limit: int
    ) -> int:
        """See Catalogue."""
        async with self._database.transaction() as session:
            await session.execute(_ALONE)
            former = await session.fetch(_FORMER, retired_before, limit)
            which = [row["id"] for row in former], [row["version"] for row in former]
            needed = _keys(_styles(await session.fetch(_OTHERS, *which)))
            for key in sorted(_keys(_styles(former)) - needed):
                await remove(key)
            await session.execute(_FORGET, *which)
        return len(former)


def _columns(styles: Iterable[Style]) -> tuple[list[str], list[str], list[str]]:
    found = list(styles)
    return (
        [style.id for style in found],
        [style.version for style in found],
        [style.model_dump_json() for style in found],
    )


def _styles(rows: Iterable[Row]) -> list[Style]:
    return [Style.model_validate_json(row["style"]) for row in rows]


def _keys(styles: Iterable[Style]) -> set[str]:
    return {ref.key for style in styles for ref in (style.guide, style.reference) if ref}
