"""Tables of a transaction's own: made anew in the database each time, but the same object for SQLAlchemy.

Its cache of compiled statements knows a table by identity: with a new object a batch compiled forty statements anew.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable


@dataclass(frozen=True)
class WorkTable:
    """A table, and the statements that make it."""

    table: sa.Table
    ddl: list[str]


@dataclass
class WorkTables:
    """The work tables of one dialect, by name and columns."""

    schema: str | None
    prefixes: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    """What a dialect's CREATE TABLE is told besides."""
    inline: bool = False
    """Whether indexes are part of CREATE TABLE: on MariaDB CREATE INDEX commits, also of a temporary table."""
    known: dict[tuple[str, ...], WorkTable] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def made(self, connection: sa.Connection, name: str, columns: Sequence[sa.Column[Any]]) -> WorkTable:
        """The work table of that name with these columns."""
        key = (name, *(f"{column.name} {column.type!r} {column.index} {column.primary_key}" for column in columns))
        with self.lock:
            if key not in self.known:
                self.known[key] = self.make(connection.dialect, f"bulkdelete_{name}", columns)
            return self.known[key]

    def make(self, dialect: sa.Dialect, name: str, columns: Sequence[sa.Column[Any]]) -> WorkTable:
        """The table as statements see it, and the DDL, which must not name PostgreSQL's schema of temporary tables."""
        table = sa.Table(name, sa.MetaData(schema=self.schema), *columns)
        copies = [
            sa.Column(one.name, one.type, primary_key=one.primary_key, autoincrement=False, nullable=one.nullable,
                      index=one.index)
            for one in columns
        ]  # fmt: skip
        schema = None if self.prefixes else self.schema
        made = sa.Table(name, sa.MetaData(schema=schema), *copies, prefixes=self.prefixes, **self.options)
        create = str(CreateTable(made).compile(dialect=dialect))
        if not self.inline:
            return WorkTable(table, [create, *(str(CreateIndex(one).compile(dialect=dialect)) for one in made.indexes)])
        body, options = create.rsplit(")", 1)
        quote = dialect.identifier_preparer.format_column
        keys = "".join(f", KEY ({', '.join(quote(column) for column in one.columns)})" for one in made.indexes)
        return WorkTable(table, [f"{body}{keys}){options}"])
