"""SQLite: connections, transactions, and what errors mean (spec/databases.md §1, §4)."""

from __future__ import annotations

import datetime
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import UnavailableError
from bulkdelete.domain.ledger_place import LedgerPlace
from bulkdelete.records.dialect import TableName
from bulkdelete.records.fault import Fault
from bulkdelete.records.savepoints import Savepoints
from bulkdelete.records.sqlite.functions import lend
from bulkdelete.records.work_tables import WorkTables

CACHE_KIB = 64 * 1024

WAL_PAGES = 100_000
"""Pages in the write-ahead log beyond which a commit copies them itself; we do it before, between batches."""

WAL_BATCHES = 4
"""Batches after which the log is copied: each page that several of them wrote is then copied once."""

GAP, SELDOM, MINDFUL = 0.11, 2.0, 10.0
"""Seconds of a gap; between two where nobody else seems to write; for which others count as writing after they did."""

BUSY, LOCKED, READONLY, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB = 5, 6, 8, 9, 10, 11, 13, 14, 15, 26

REFERENCE = "FOREIGN KEY constraint failed"
"""Of RESTRICT the code is that of a trigger that raises: the text tells."""
UNCHANGEABLE = {
    sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
}  # fmt: skip
"""What a deletion meets where a record that loses its link must not be as it would be then."""

AWAY = {READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB}


def prepare(connection: Any, _record: object) -> None:
    """Settings of a new connection; foreign keys are off by default and cannot be switched inside a transaction."""
    connection.isolation_level = None
    lend(connection)
    for pragma in ("foreign_keys=ON", "busy_timeout=200", "synchronous=FULL", f"cache_size=-{CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}").fetchall()
    if connection.execute("PRAGMA foreign_keys").fetchone() != (1,):
        raise UnavailableError("this SQLite does not enforce foreign keys: deleting would leave orphans")


class Gaps:
    """Moments in which the file is left to others: whoever waits for SQLite's write lock only looks now and then.

    The longest pause between two looks of SQLite's own waiting is 0.1 s: a shorter gap would often be missed.
    """

    def __init__(self) -> None:
        self.next = time.monotonic() + SELDOM
        self.busy_until = 0.0

    def leave(self, connection: sa.Connection) -> None:
        """Wait, where it is time to: after each batch while others write, else every two seconds."""
        now = time.monotonic()
        if self.others_wrote(connection):
            self.busy_until = now + MINDFUL
        if now >= self.next or now < self.busy_until:
            time.sleep(GAP)
            self.next = time.monotonic() + SELDOM

    def others_wrote(self, connection: sa.Connection) -> bool:
        """Whether another connection committed since this one last asked."""
        version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        before = connection.info.get("data_version", version)
        connection.info["data_version"] = version
        return bool(before != version)


class SQLiteSessions(Savepoints):
    """Connections to SQLite."""

    ledger_place = LedgerPlace(prefix="bulkdelete_")
    has_schemas = False

    def __init__(self) -> None:
        self.ours: set[TableName] = set()
        self.work_tables = WorkTables("temp")
        self.uncopied = 0
        """Batches that are in the write-ahead log only, as far as we know."""
        self.gaps = Gaps()

    def engine(self, url: sa.URL) -> sa.Engine:
        """Connections to the file, used by one thread at a time."""
        engine = sa.create_engine(
            url, pool_size=2, pool_use_lifo=True, connect_args={"check_same_thread": False, "timeout": 0.2}
        )
        sa.event.listen(engine, "connect", prepare)
        return engine

    @contextmanager
    def transaction(self, engine: sa.Engine, snapshot: bool = False) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock: what it reads is what it writes to."""
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                if self.is_alive(connection):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    def between(self, engine: sa.Engine) -> None:
        """Copy the write-ahead log into the file, and let other writers have their turn: both outside of the batch."""
        with engine.connect() as connection:
            self.gaps.leave(connection)
        self.uncopied += 1
        if self.uncopied >= WAL_BATCHES:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
            self.uncopied = 0

    @contextmanager
    def reading(self, engine: sa.Engine, seconds: float, snapshot: bool = False) -> Iterator[sa.Connection]:
        """A reader, interrupted after so long; always of one snapshot."""
        with engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            deadline = time.monotonic() + seconds
            driver.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            try:
                connection.exec_driver_sql("BEGIN")
                yield connection
            finally:
                driver.set_progress_handler(None, 0)
                if self.is_alive(connection):
                    connection.exec_driver_sql("ROLLBACK")

    def is_alive(self, connection: sa.Connection) -> bool:
        """RAISE(ROLLBACK) and some errors end the transaction; the next statement would commit by itself."""
        driver: Any = connection.connection.dbapi_connection
        return bool(driver.in_transaction)

    def fault(self, error: BaseException) -> Fault:
        """By SQLite's extended code."""
        origin = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        code = getattr(origin, "sqlite_errorcode", None)
        text = str(origin)
        if code is None:
            away = isinstance(origin, sqlite3.ProgrammingError | sqlite3.InterfaceError | UnavailableError)
            return Fault("away" if away else "record", type(origin).__name__, text)
        primary = code & 0xFF
        if primary in {BUSY, LOCKED}:
            return Fault("locked", str(code), text)
        if primary == INTERRUPT:
            return Fault("slow", str(code), text)
        of_reference = text == REFERENCE or code in UNCHANGEABLE
        return Fault("away" if primary in AWAY else "record", str(code), text, of_reference=of_reference)

    def now(self) -> sa.ColumnElement[datetime.datetime]:
        """UTC, in milliseconds."""
        return sa.literal_column("strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")

    def read_clock(self, value: Any) -> datetime.datetime:
        """An instant in UTC."""
        return datetime.datetime.fromisoformat(value)

    def work_table(self, connection: sa.Connection, name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
        """A temporary table, emptied where it is left from a batch before."""
        work = self.work_tables.made(connection, name, columns)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS temp.{work.table.name}")
        for statement in work.ddl:
            connection.exec_driver_sql(statement)
        return work.table
