"""The demonstration CRM in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.service.crm.rows import Row

MARK = 0x62646372
"""`application_id` of a file that is ours to make anew."""


def make_sqlite(path: Path, crm: sa.MetaData, rows: dict[str, Iterator[Row]]) -> int:
    """Make the file anew, in one transaction; indexes last, which is quicker."""
    remove_ours(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    dialect = sqlite.dialect()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", f"application_id={MARK}", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        count = 0
        for entity in crm.tables.values():
            made = CreateTable(entity, include_foreign_key_constraints=[*entity.foreign_key_constraints])
            connection.execute(str(made.compile(dialect=dialect)))
            marks = ", ".join("?" * len(entity.columns))
            count += connection.executemany(f"INSERT INTO {entity.name} VALUES ({marks})", rows[entity.name]).rowcount
        for entity in crm.tables.values():
            for index in sorted(entity.indexes, key=lambda one: str(one.name)):
                connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def remove_ours(path: Path) -> None:
    """Remove a file that an earlier demo made. Raises InvalidJobError where it is another one."""
    if path.exists():
        with closing(sqlite3.connect(path)) as connection:
            try:
                (mark,) = connection.execute("PRAGMA application_id").fetchone()
            except sqlite3.DatabaseError:
                mark = None
        if mark != MARK:
            raise InvalidJobError(f"{path} was not made by the demo: choose another folder", "FOLDER")
    for one in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        one.unlink(missing_ok=True)
