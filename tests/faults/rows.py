"""The rows of a database, written and read without the code under test."""

from __future__ import annotations

import itertools
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pymysql
from pymysql.constants import CLIENT
from sqlalchemy.engine import make_url

from tests.records.mysql_statements import as_mysql

COUNTED = "WITH RECURSIVE c(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM c WHERE i < {last}) SELECT i FROM c"
TABLES = ("item", "log", "hold", "part", "link")

Snapshot = dict[str, dict[str, tuple[Any, ...]]]
"""Table → key as text → the whole row."""


class Rows(ABC):
    """One database; every call has a connection of its own, so that servers may come and go."""

    name: ClassVar[str]
    """What its SQL is; MySQL's is MariaDB's."""
    server: ClassVar[str]
    address: str

    @abstractmethod
    def script(self, sql: str) -> None:
        """Run statements."""

    @abstractmethod
    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows."""

    @abstractmethod
    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a question."""

    @abstractmethod
    def numbers(self, first: int, last: int) -> str:
        """A table `s` of one column `i` to select from."""

    @abstractmethod
    def settle(self) -> None:
        """Let the database know its own sizes."""

    def count(self, table: str) -> int:
        """How many rows there are."""
        return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])

    def snapshot(self) -> Snapshot:
        """Every row of every table of the world."""
        return {table: {str(row[0]): row for row in self.ask(f"SELECT * FROM {table}")} for table in TABLES}


class SQLiteRows(Rows):
    """A file."""

    name = server = "sqlite"

    def __init__(self, path: Path, journal: str = "WAL") -> None:
        self.path = path
        self.address = f"sqlite:///{path}"
        with self.connected() as connection:
            connection.execute(f"PRAGMA journal_mode={journal}")

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            connection.execute("PRAGMA synchronous=OFF")
            yield connection

    def script(self, sql: str) -> None:
        with self.connected() as connection:
            connection.executescript(sql)

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self.connected() as connection:
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connected() as connection:
            return connection.execute(sql).fetchall()

    def numbers(self, first: int, last: int) -> str:
        return f"({COUNTED.format(first=first, last=last)}) s"

    def settle(self) -> None:
        self.script("ANALYZE")


class PostgreSQLRows(Rows):
    """A database of a server."""

    name = server = "postgresql"

    def __init__(self, address: str) -> None:
        self.address = address

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.address, connect_timeout=10) as connection:
            yield connection

    def script(self, sql: str) -> None:
        with self.connected() as connection:
            connection.execute(sql.encode())

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self.connected() as connection, connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connected() as connection:
            return connection.execute(sql.encode()).fetchall()

    def numbers(self, first: int, last: int) -> str:
        return f"generate_series({first}, {last}) s(i)"

    def settle(self) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


class MariaDBRows(Rows):
    """A database of a server."""

    name = server = "mariadb"

    def __init__(self, address: str) -> None:
        self.address = address

    @contextmanager
    def connected(self) -> Iterator[pymysql.Connection[Any]]:
        place = make_url(self.address)
        connection = pymysql.connect(
            host=place.host, port=place.port or 3306, user=place.username, password=place.password or "",
            database=place.database, charset="utf8mb4", connect_timeout=10, client_flag=CLIENT.MULTI_STATEMENTS,
        )  # fmt: skip
        with closing(connection):
            yield connection
            connection.commit()

    def script(self, sql: str) -> None:
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self.connected() as connection, connection.cursor() as cursor:
            # Not `executemany`, which takes three times as long to write the same.
            for some in batched(rows, 5_000):
                cursor.execute(f"INSERT INTO {table} VALUES " + ",".join(map(literal, some)))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def numbers(self, first: int, last: int) -> str:
        return f"(SELECT seq AS i FROM seq_{first}_to_{last}) s"

    def settle(self) -> None:
        self.script("ANALYZE TABLE " + ", ".join(TABLES))


class MySQLRows(MariaDBRows):
    """A database of a server whose SQL is nearly MariaDB's."""

    server = "mysql"

    def script(self, sql: str) -> None:
        super().script(as_mysql(sql))

    def numbers(self, first: int, last: int) -> str:
        hint = "SELECT /*+ SET_VAR(cte_max_recursion_depth = 10000000) */ i"
        return f"({COUNTED.format(first=first, last=last).replace('SELECT i', hint)}) s"


def batched(rows: Iterable[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """So many at a time."""
    ahead = iter(rows)
    while some := list(itertools.islice(ahead, size)):
        yield some


def literal(row: tuple[int | str, ...]) -> str:
    """A row of numbers and plain texts, as SQL has it."""
    return f"({','.join(map(repr, row))})"
