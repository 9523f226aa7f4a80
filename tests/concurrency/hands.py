"""A writer's own connection: one transaction after the other; what other people's applications would do on an error."""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import psycopg
import pymysql
from sqlalchemy.engine import make_url

from tests.faults.rows import Rows, SQLiteRows

ACCEPTED = {
    "23503", "23505", "23001", "40P01", "40001", "55P03", "1451", "1452", "1213", "1205", "1062", "1020", "5", "517",
    "787", "1555", "1811",
}  # fmt: skip
"""Broken references, keys that exist, deadlocks, serialisation failures and waits that ended."""


class Hand(ABC):
    """One connection that writes."""

    kind: ClassVar[type[Exception]]

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        """The errors it met."""

    def transaction(self, statements: Sequence[str], pause: float = 0.0, keep: bool = True) -> bool:
        """Run statements, wait while holding what they hold, and commit or not; whether it was committed."""
        try:
            self.begin()
            for statement in statements:
                self.execute(statement)
            if pause:
                time.sleep(pause)
            self.end(keep)
        except self.kind as error:
            code = self.code(error)
            self.met[code] += 1
            self.undo()
            if code not in ACCEPTED:
                raise AssertionError(f"{statements}: {code}: {error}") from error
            return False
        return keep

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run one statement."""

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction."""

    @abstractmethod
    def end(self, keep: bool) -> None:
        """Commit, or roll back."""

    @abstractmethod
    def undo(self) -> None:
        """Roll back after an error."""

    @abstractmethod
    def code(self, error: Exception) -> str:
        """The database's code of an error."""

    @abstractmethod
    def close(self) -> None:
        """Let go."""


class PostgreSQLHand(Hand):
    """An application on PostgreSQL."""

    kind = psycopg.Error

    def __init__(self, rows: Rows, number: int) -> None:
        super().__init__()
        self.connection = psycopg.connect(rows.address, application_name=f"writer {number}")

    def execute(self, statement: str) -> None:
        self.connection.execute(statement.encode())

    def begin(self) -> None:
        """The driver does."""

    def end(self, keep: bool) -> None:
        self.connection.commit() if keep else self.connection.rollback()

    def undo(self) -> None:
        self.connection.rollback()

    def code(self, error: Exception) -> str:
        return str(getattr(error, "sqlstate", None))

    def close(self) -> None:
        self.connection.close()


class MariaDBHand(Hand):
    """An application on MariaDB; every other one keeps the server's default, REPEATABLE READ with its gap locks."""

    kind = pymysql.MySQLError

    def __init__(self, rows: Rows, number: int) -> None:
        super().__init__()
        place = make_url(rows.address)
        self.connection: pymysql.Connection[Any] = pymysql.connect(
            host=place.host, port=place.port or 3306, user=place.username, password=place.password or "",
            database=place.database,
        )  # fmt: skip
        self.execute("SET @who = 'writer', innodb_lock_wait_timeout = 5")
        if number % 2:
            self.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def execute(self, statement: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def begin(self) -> None:
        self.connection.begin()

    def end(self, keep: bool) -> None:
        self.connection.commit() if keep else self.connection.rollback()

    def undo(self) -> None:
        self.connection.rollback()

    def code(self, error: Exception) -> str:
        return str(error.args[0])

    def close(self) -> None:
        self.connection.close()


class SQLiteHand(Hand):
    """An application on a file: whoever has the write lock says who it is, and takes that back before it lets go."""

    kind = sqlite3.Error

    def __init__(self, rows: SQLiteRows) -> None:
        super().__init__()
        self.connection = sqlite3.connect(rows.path, timeout=20, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA foreign_keys=ON")
        self.connection.execute("PRAGMA synchronous=OFF")

    def execute(self, statement: str) -> None:
        self.connection.execute(statement.replace(" FOR UPDATE", "")).fetchall()

    def begin(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("UPDATE who SET name = 'writer'")

    def end(self, keep: bool) -> None:
        self.connection.execute("UPDATE who SET name = 'run'")
        self.connection.execute("COMMIT" if keep else "ROLLBACK")

    def undo(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def code(self, error: Exception) -> str:
        return str(getattr(error, "sqlite_errorcode", type(error).__name__))

    def close(self) -> None:
        self.connection.close()


def hand(rows: Rows, number: int) -> Hand:
    """A writer's connection to this database."""
    if isinstance(rows, SQLiteRows):
        return SQLiteHand(rows)
    return MariaDBHand(rows, number) if rows.name == "mariadb" else PostgreSQLHand(rows, number)
