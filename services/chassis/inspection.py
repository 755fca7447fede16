"""What operators may see of a database: its tables and its pace, never what is in it."""

import re
from functools import partial
from typing import Final

import asyncpg
from faststream.nats import NatsBroker

from contracts.inspection import (
    AppliedMigration,
    Column,
    DatabasePerformance,
    DatabaseSchema,
    IndexUse,
    InspectionQuestion,
    PoolUse,
    Statement,
    Table,
)
from services.chassis.broker import put_query
from services.chassis.database import Database, Row, quoted
from services.chassis.migrations import applied_migrations

MOST_STATEMENTS: Final = 20
MOST_CHARACTERS: Final = 500
_VALUES: Final = re.compile(
    r"""/\*.*?\*/ | --[^\n]* | (?:\b(?:E|B|X|N|U&))?'(?:[^'\\]|''|\\.)*'
    | \$(\w*)\$.*?\$\1\$ | (?<![\w$.])\d+(?:\.\d+)?""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_COLUMNS: Final = """
SELECT c.relname, c.relkind::text, c.reltuples::bigint AS rows,
       pg_total_relation_size(c.oid) AS size_bytes, a.attname,
       format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
       pg_get_expr(d.adbin, d.adrelid) AS expression
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm')
ORDER BY c.relname, a.attnum
"""
_INDEXES: Final = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY 1, 2"
_EXTENSION: Final = """
SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements'
"""
# Other kinds of statements are kept with their values.
_SLOW: Final = """
SELECT query, calls, mean_exec_time, total_exec_time FROM {}.pg_stat_statements s
JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
JOIN pg_roles r ON r.oid = s.userid AND r.rolname = current_user
WHERE query ~* '^\\s*(select|insert|update|delete|with|merge)\\y'
ORDER BY mean_exec_time DESC LIMIT $1
"""
_RUNNING: Final = """
SELECT upper(substring(query FROM '^\\s*([A-Za-z]+)')) AS word,
       extract(epoch FROM clock_timestamp() - query_start)::float8 * 1000 AS running, wait_event
FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND state = 'active'
  AND pid <> pg_backend_pid()
ORDER BY query_start LIMIT $1
"""
_USE: Final = """
SELECT relname, indexrelname, idx_scan, pg_relation_size(indexrelid) AS size_bytes
FROM pg_stat_user_indexes WHERE schemaname = $1 ORDER BY idx_scan DESC, indexrelname
"""


def put_inspection(broker: NatsBroker, service: str, database: Database) -> None:
    """Answer the operators' questions about this service's database."""
    root = f"mizual.query.{service}"
    schema, pace = partial(_schema, database, service), partial(_performance, database)
    put_query(broker, f"{root}.schema", InspectionQuestion, schema)
    put_query(broker, f"{root}.performance", InspectionQuestion, pace)


async def schema_of(database: Database, service: str) -> DatabaseSchema:
    """The tables of the service's schema. Raises UnavailableError."""
    rows = await database.fetch(_COLUMNS, database.schema)
    indexes = await database.fetch(_INDEXES, database.schema)
    applied = await applied_migrations(database, service)
    return DatabaseSchema(
        postgres=await database.fetchval("SHOW server_version"),
        name=database.schema,
        migrations=tuple(AppliedMigration(version=a.version, name=a.name) for a in applied),
        tables=tuple(
            _table(
                [row for row in rows if row["relname"] == name],
                tuple(row["indexdef"] for row in indexes if row["tablename"] == name),
            )
            for name in dict.fromkeys(row["relname"] for row in rows)
        ),
    )


async def performance_of(database: Database) -> DatabasePerformance:
    """How the database does. Raises UnavailableError."""
    slow = await _slowest(database)
    running = await database.fetch(_RUNNING, MOST_STATEMENTS) if slow is None else ()
    used = await database.fetch(_USE, database.schema)
    return DatabasePerformance(
        pool=PoolUse(
            open=database.pool.get_size(),
            idle=database.pool.get_idle_size(),
            most=database.pool.get_max_size(),
        ),
        source="pg_stat_activity" if slow is None else "pg_stat_statements",
        slow_statements=tuple(map(_running, running)) if slow is None else slow,
        indexes=tuple(
            IndexUse(
                table=row["relname"],
                index=row["indexrelname"],
                scans=row["idx_scan"],
                size_bytes=row["size_bytes"],
            )
            for row in used
        ),
    )


def without_values(statement: str) -> str:
    """The statement with `?` for each value, and without comments.

    Postgres keeps a statement without its values, but for one that it forgets while that runs.
    """
    shown = " ".join(_VALUES.sub("?", statement).split())
    # A quote that is left belongs to a text whose end is missing.
    return shown.partition("'")[0][:MOST_CHARACTERS]


async def _schema(database: Database, service: str, _: InspectionQuestion) -> DatabaseSchema:
    return await schema_of(database, service)


async def _performance(database: Database, _: InspectionQuestion) -> DatabasePerformance:
    return await performance_of(database)


async def _slowest(database: Database) -> tuple[Statement, ...] | None:
    """The slowest statements, None where Postgres does not count them."""
    place = await database.fetchval(_EXTENSION)
    if place is None:
        return None
    try:
        rows = await database.fetch(_SLOW.format(quoted(place)), MOST_STATEMENTS)
    except asyncpg.ObjectNotInPrerequisiteStateError:
        # The extension is there, but the server was started without it.
        return None
    return tuple(
        Statement(
            statement=without_values(row["query"]),
            calls=row["calls"],
            mean_milliseconds=row["mean_exec_time"],
            total_milliseconds=row["total_exec_time"],
        )
        for row in rows
    )


def _running(row: Row) -> Statement:
    return Statement(
        statement=row["word"] or "?",
        running_milliseconds=row["running"],
        waits_for=row["wait_event"],
    )


def _table(rows: list[Row], indexes: tuple[str, ...]) -> Table:
    first, view = rows[0], rows[0]["relkind"] in {"v", "m"}
    return Table(
        name=first["relname"],
        kind="view" if view else "table",
        columns=tuple(
            Column(
                name=row["attname"],
                type=row["type"],
                nullable=row["nullable"],
                default=row["expression"],
            )
            for row in rows
        ),
        indexes=indexes,
        rows=None if view else max(0, first["rows"]),
        size_bytes=None if view else first["size_bytes"],
    )
