"""What operators may see of a service's database: its shape and its pace, never its content."""

from typing import Literal

from contracts.base import Message


class InspectionQuestion(Message):
    """To a service with a database: what does it look like, and how does it do?"""


class Column(Message):
    """One column; `default` is the expression of its default."""

    name: str
    type: str
    nullable: bool
    default: str | None = None


class Table(Message):
    """A table or a view; `rows` is the planner's estimate."""

    name: str
    kind: Literal["table", "view"]
    columns: tuple[Column, ...]
    indexes: tuple[str, ...] = ()
    rows: int | None = None
    size_bytes: int | None = None


class AppliedMigration(Message):
    """A migration that the schema has."""

    version: int
    name: str


class DatabaseSchema(Message):
    """The tables of one service's schema."""

    postgres: str
    name: str
    migrations: tuple[AppliedMigration, ...]
    tables: tuple[Table, ...]


class PoolUse(Message):
    """The connections of the one process that answers."""

    open: int
    idle: int
    most: int


class Statement(Message):
    """A statement without its values; of those that run now only the first word is known."""

    statement: str
    calls: int | None = None
    mean_milliseconds: float | None = None
    total_milliseconds: float | None = None
    running_milliseconds: float | None = None
    waits_for: str | None = None


class IndexUse(Message):
    """How often an index was used since Postgres began to count."""

    table: str
    index: str
    scans: int
    size_bytes: int


class DatabasePerformance(Message):
    """How the database does; `source` says where the statements come from.

    `pg_stat_statements` has the slowest of all, by mean time; without that extension
    `pg_stat_activity` has those that have been running longest at this moment.
    """

    pool: PoolUse
    source: Literal["pg_stat_statements", "pg_stat_activity"]
    slow_statements: tuple[Statement, ...]
    indexes: tuple[IndexUse, ...]
