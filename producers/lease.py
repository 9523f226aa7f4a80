"""The relay's lease: one holder at a time, by a row in the event store's own database, with the place it reached.

The row is taken, kept and given back by single statements on the database's clock, so that whoever lost it
cannot move the place any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from eventsourcing.popo import POPOApplicationRecorder
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from psycopg.sql import SQL, Identifier

from bulkdelete.domain.application import BulkDeletes

TABLE = "bulkdelete_relay"


class Lease(Protocol):
    """The right to publish, and the last notification that is published without a hole before it."""

    seconds: float

    def take(self) -> int | None:
        """Take it, or go on holding it: the place reached; None while another one holds it."""

    def keep(self, position: int) -> bool:
        """Hold it for longer and move the place; False where it is lost."""

    def release(self) -> None:
        """Give it back, so that the next one need not wait."""


def lease_of(application: BulkDeletes, name: str, seconds: float) -> Lease:
    """The lease in the application's own database. `name` tells apart what is published to different topics."""
    recorder: Any = application.recorder
    match recorder:
        case PostgresApplicationRecorder():
            return PostgreSQLLease(recorder.datastore, name, seconds)
        case SQLiteApplicationRecorder():
            return SQLiteLease(recorder.datastore, name, seconds)
        case POPOApplicationRecorder():
            return MemoryLease(seconds)
        case _:
            raise TypeError(f"no lease is known for an event store of {type(recorder).__name__}")


@dataclass
class MemoryLease:
    """A lease nobody can take away: the event store lives in this process alone."""

    seconds: float
    position: int = 0

    def take(self) -> int | None:
        """The place reached."""
        return self.position

    def keep(self, position: int) -> bool:
        """Move the place."""
        self.position = position
        return True

    def release(self) -> None:
        """Nobody waits for it."""


@dataclass
class PostgreSQLLease:
    """A lease in PostgreSQL."""

    datastore: PostgresDatastore
    name: str
    seconds: float
    holder: str = field(default_factory=lambda: uuid4().hex)
    made: bool = False

    def take(self) -> int | None:
        """Take it where nobody holds it or its time is over."""
        if not self.made:
            self.execute(
                "CREATE TABLE IF NOT EXISTS {table} (name text PRIMARY KEY, holder text NOT NULL, "
                "expires_at timestamptz NOT NULL, position bigint NOT NULL)"
            )
            self.made = True
        return self.execute(
            "INSERT INTO {table} AS lease VALUES "
            "(%(name)s, %(holder)s, clock_timestamp() + %(seconds)s * interval '1 second', 0) "
            "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at "
            "WHERE lease.holder = excluded.holder OR lease.expires_at < clock_timestamp() RETURNING position"
        )

    def keep(self, position: int) -> bool:
        """Hold it for longer; nobody took it as long as our name stands there."""
        kept = self.execute(
            "UPDATE {table} SET position = %(position)s, "
            "expires_at = clock_timestamp() + %(seconds)s * interval '1 second' "
            "WHERE name = %(name)s AND holder = %(holder)s RETURNING position",
            position,
        )
        return kept is not None

    def release(self) -> None:
        """Let its time be over."""
        self.execute(
            "UPDATE {table} SET expires_at = '-infinity' "
            "WHERE name = %(name)s AND holder = %(holder)s RETURNING position"
        )

    def execute(self, statement: str, position: int | None = None) -> int | None:
        """Run one statement in a transaction of its own; the place it returns, if any."""
        table = Identifier(self.datastore.schema, TABLE)
        values = {"name": self.name, "holder": self.holder, "seconds": self.seconds, "position": position}
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(SQL(statement).format(table=table), values)
            row = cursor.fetchone() if cursor.description else None
        return None if row is None else int(row["position"])


@dataclass
class SQLiteLease:
    """A lease in SQLite, for processes on one machine."""

    datastore: SQLiteDatastore
    name: str
    seconds: float
    holder: str = field(default_factory=lambda: uuid4().hex)
    made: bool = False

    def take(self) -> int | None:
        """Take it where nobody holds it or its time is over."""
        if not self.made:
            self.execute(
                f"CREATE TABLE IF NOT EXISTS {TABLE} (name TEXT PRIMARY KEY, holder TEXT NOT NULL, "
                "expires_at REAL NOT NULL, position INTEGER NOT NULL)"
            )
            self.made = True
        return self.execute(
            f"INSERT INTO {TABLE} VALUES (:name, :holder, julianday('now') + :seconds / 86400.0, 0) "
            "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at "
            f"WHERE {TABLE}.holder = excluded.holder OR {TABLE}.expires_at < julianday('now') RETURNING position"
        )

    def keep(self, position: int) -> bool:
        """Hold it for longer; nobody took it as long as our name stands there."""
        kept = self.execute(
            f"UPDATE {TABLE} SET position = :position, expires_at = julianday('now') + :seconds / 86400.0 "
            "WHERE name = :name AND holder = :holder RETURNING position",
            position,
        )
        return kept is not None

    def release(self) -> None:
        """Let its time be over."""
        self.execute(f"UPDATE {TABLE} SET expires_at = 0 WHERE name = :name AND holder = :holder RETURNING position")

    def execute(self, statement: str, position: int | None = None) -> int | None:
        """Run one statement in a transaction of its own; the place it returns, if any."""
        values = {"name": self.name, "holder": self.holder, "seconds": self.seconds, "position": position}
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
        return int(rows[0][0]) if rows else None
