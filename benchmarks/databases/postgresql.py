"""PostgreSQL: copies are `CREATE DATABASE … TEMPLATE`, file by file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import psycopg
from sqlalchemy import make_url

from benchmarks import tables
from benchmarks.data import Data, Key
from benchmarks.databases.database import Copying, Cursor, Database

WORDS = tables.Words(
    key_types={"integer": "bigint", "uuid": "uuid"},
    instant_type="timestamptz",
    text_type="text",
    uuid="md5('k' || ({n}))::uuid",
    instant="timestamptz '2020-01-01Z' + {n} * interval '1 second'",
    random="hashint8extended({n}, {salt})",
    text="'a subject of usual length, number ' || n",
    numbers="generate_series(1, {count}) AS numbers(n)",
)
PREPARED, COPY = "bulkdelete_benchmark_{}", "bulkdelete_benchmark_run"
SETTINGS = ("shared_buffers", "fsync", "synchronous_commit", "max_wal_size")


@dataclass(frozen=True)
class PostgreSQL(Database):
    """A PostgreSQL server."""

    url: str
    name: ClassVar[str] = "postgresql"
    label: ClassVar[str] = "PostgreSQL"
    key: ClassVar[Key] = "uuid"
    begin: ClassVar[str] = "BEGIN"
    condition: ClassVar[str] = "statecode = 1 AND createdon < now()"
    some: ClassVar[str] = (
        "DELETE FROM record WHERE ctid = ANY(ARRAY(SELECT ctid FROM record WHERE {condition} LIMIT {limit}))"
    )

    @contextmanager
    def prepared(self, data: Data, number: int) -> Iterator[Copying]:
        """The database that every run gets a copy of, vacuumed, analysed and frozen."""
        name = PREPARED.format(number)
        self.drop(COPY)
        self.drop(name)
        self.execute(f"CREATE DATABASE {name}")
        try:
            with self.connected(self.address(name)) as cursor:
                for statement in (*tables.tables(data, WORDS).values(), *tables.rows(data, WORDS)):
                    cursor.execute(statement)
                for statement in (*tables.indexes(data), "VACUUM (ANALYZE, FREEZE)"):
                    cursor.execute(statement)
            yield partial(self.copied, name, data)
        finally:
            self.drop(name)

    @contextmanager
    def copied(self, name: str, data: Data) -> Iterator[str]:
        """A copy, read once so that each run finds it equally warm, with nothing left to write."""
        self.execute(f"CREATE DATABASE {COPY} TEMPLATE {name} STRATEGY FILE_COPY")
        try:
            with self.connected(self.address(COPY)) as cursor:
                for table in tables.tables(data, WORDS):
                    cursor.execute(f"SELECT count(*) FROM {table}")
                cursor.execute("CHECKPOINT")
            yield self.address(COPY)
        finally:
            self.drop(COPY)

    @contextmanager
    def connected(self, address: str) -> Iterator[Cursor]:
        """By psycopg, transactions said in SQL."""
        with psycopg.connect(address, autocommit=True) as connection:
            cursor: Any = connection.cursor()
            yield cursor

    def described(self) -> str:
        """Version and settings."""
        with self.connected(self.url) as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            version = cursor.fetchall()[0][0].split()[0]
            names = ", ".join(f"'{name}'" for name in SETTINGS)
            cursor.execute(f"SELECT name, current_setting(name) FROM pg_settings WHERE name IN ({names}) ORDER BY 1")
            return f"{self.label} {version} ({', '.join(f'{name} {value}' for name, value in cursor.fetchall())})"

    def address(self, name: str) -> str:
        """The address of a database on this server."""
        url = make_url(self.url).set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement of the server."""
        with self.connected(self.address("postgres")) as cursor:
            cursor.execute(statement)
