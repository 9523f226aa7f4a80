"""MariaDB: copies are made by bulk inserts; a run has ended when what it deleted is purged."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import pymysql
from sqlalchemy import make_url

from benchmarks import tables
from benchmarks.data import Data, Key
from benchmarks.databases.database import Copying, Cursor, Database

WORDS = tables.Words(
    key_types={"integer": "bigint", "uuid": "uuid"},
    instant_type="datetime",
    text_type="varchar(100)",
    uuid="CAST(INSERT(INSERT(MD5(CONCAT('k', {n})), 13, 1, '4'), 17, 1, '8') AS uuid)",  # others are refused
    instant="TIMESTAMP'2020-01-01 00:00:00' + INTERVAL {n} SECOND",
    random="CAST(CONV(LEFT(MD5(CONCAT({salt}, '.', {n})), 15), 16, 10) AS SIGNED)",
    text="CONCAT('a subject of usual length, number ', n)",
    numbers="(SELECT seq AS n FROM seq_1_to_{count}) AS numbers",
)
PREPARED, COPY = "bulkdelete_benchmark_{}", "bulkdelete_benchmark_run"
SETTINGS = ("innodb_buffer_pool_size", "innodb_flush_log_at_trx_commit", "innodb_log_file_size", "log_bin")
HISTORY = re.compile(r"History list length (\d+)")
PATIENCE = 900.0
"""Seconds that purge may take."""


@dataclass(frozen=True)
class MariaDB(Database):
    """A MariaDB server."""

    url: str
    name: ClassVar[str] = "mariadb"
    label: ClassVar[str] = "MariaDB"
    words: ClassVar[tables.Words] = WORDS
    settings: ClassVar[tuple[str, ...]] = SETTINGS
    key: ClassVar[Key] = "integer"
    begin: ClassVar[str] = "START TRANSACTION"
    condition: ClassVar[str] = "statecode = 1 AND createdon < UTC_TIMESTAMP()"
    some: ClassVar[str] = "DELETE FROM record WHERE {condition} LIMIT {limit}"

    @contextmanager
    def prepared(self, data: Data, number: int) -> Iterator[Copying]:
        """The database that every run gets a copy of."""
        name = PREPARED.format(number)
        with self.created(name, data) as cursor:
            for statement in tables.rows(data, self.words):
                cursor.execute(statement)
            yield partial(self.copied, name, data)

    @contextmanager
    def copied(self, name: str, data: Data) -> Iterator[str]:
        """A copy: written out, analysed, read once, and nothing left to purge."""
        with self.created(COPY, data) as cursor:
            names = ", ".join(tables.tables(data, self.words))
            for table in names.split(", "):
                cursor.execute(f"INSERT INTO {table} SELECT * FROM {name}.{table}")
            for statement in (f"FLUSH TABLES {names} FOR EXPORT", "UNLOCK TABLES", f"ANALYZE TABLE {names}"):
                cursor.execute(statement)
            for table in names.split(", "):
                cursor.execute(f"SELECT count(*) FROM {table} FORCE INDEX (PRIMARY) WHERE {table}id IS NOT NULL")
            self.settle()
            yield self.address(COPY)

    @contextmanager
    def created(self, name: str, data: Data) -> Iterator[Cursor]:
        """A new database with empty tables, ready for bulk inserts; dropped afterwards."""
        with self.connected(self.url) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name}")
            server.execute(f"CREATE DATABASE {name}")
            try:
                with self.connected(self.address(name)) as cursor:
                    # InnoDB builds each index of an empty table at once, sorted, where nothing is to be checked.
                    cursor.execute("SET unique_checks = 0, foreign_key_checks = 0")
                    for statement in (*tables.tables(data, self.words).values(), *tables.indexes(data)):
                        cursor.execute(statement)
                    yield cursor
            finally:
                server.execute(f"DROP DATABASE IF EXISTS {name}")

    @contextmanager
    def connected(self, address: str) -> Iterator[Cursor]:
        """By PyMySQL, transactions said in SQL."""
        url = make_url(address)
        password = url.password or ""
        with closing(
            pymysql.connect(
                host=url.host or "localhost", port=url.port or 3306, user=url.username, password=password,
                database=url.database, autocommit=True, charset="utf8mb4",
            )
        ) as connection:  # fmt: skip
            cursor: Any = connection.cursor()
            yield cursor

    def settle(self) -> None:
        """Wait until InnoDB's history list is empty: what was marked as deleted is gone."""
        with self.connected(self.url) as cursor:
            deadline = time.monotonic() + PATIENCE
            while length := history_length(cursor):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"purge does not end, at history list length {length}: who holds a snapshot?")
                time.sleep(0.02)

    def described(self) -> str:
        """Version and settings."""
        with self.connected(self.url) as cursor:
            cursor.execute(f"SELECT @@version, {', '.join(f'@@global.{name}' for name in self.settings)}")
            version, *values = cursor.fetchall()[0]
            settings = ", ".join(f"{name} {value}" for name, value in zip(self.settings, values, strict=True))
            return f"{self.label} {version.removesuffix('-MariaDB')} ({settings})"

    def address(self, name: str) -> str:
        """The address of a database on this server."""
        return make_url(self.url).set(drivername=self.name, database=name).render_as_string(hide_password=False)


def history_length(cursor: Cursor) -> int:
    """How many transactions InnoDB has not purged yet."""
    cursor.execute("SHOW ENGINE INNODB STATUS")
    found = HISTORY.search(cursor.fetchall()[0][2])
    assert found, "InnoDB tells no history list length"
    return int(found[1])
