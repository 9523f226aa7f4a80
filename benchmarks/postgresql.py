"""Half of a table with a uuid key and two more indexes, on PostgreSQL: all at once, and as a governed job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from benchmarks.embedded import seconds_embedded
from benchmarks.figures import Figure
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query

PREPARED, COPY = "bulkdelete_benchmark", "bulkdelete_benchmark_run"

TABLE = """
CREATE TABLE record (
    recordid uuid NOT NULL, statecode integer NOT NULL, createdon timestamptz NOT NULL,
    ownerid uuid NOT NULL, amount integer NOT NULL, subject text NOT NULL
)"""
ROWS = """
INSERT INTO record
SELECT md5('k' || n)::uuid, n %% 2, timestamptz '2020-01-01Z' + n * interval '1 minute',
       md5('o' || n)::uuid, hashint4(n), 'a subject of usual length, number ' || n
FROM generate_series(1, %(rows)s::integer) AS n"""
INDEXES = (
    "ALTER TABLE record ADD PRIMARY KEY (recordid)",
    "CREATE INDEX record_owner ON record (ownerid)",
    "CREATE INDEX record_amount ON record (amount)",
    "VACUUM (ANALYZE, FREEZE) record",
)
DELETE = "DELETE FROM record WHERE statecode = 1 AND createdon < now()"
JOB = Job(name="Half of the records", queries=[Query("record").where(statecode=1)])


def measure(address: str, rows: int, runs: int) -> Figure:
    """Pairs of runs, each on a fresh copy of the same database."""
    with prepared(address, rows):
        pairs = [(ours(address, rows // 2), baseline(address)) for _ in range(runs)]
    return Figure.of_pairs(f"PostgreSQL, {rows // 2:,} of {rows:,}, ids audited", rows // 2, pairs, 0.4)


def ours(address: str, records: int) -> float:
    """Seconds of the job."""
    with copied(address) as copy:
        return seconds_embedded(copy, JOB, records)


def baseline(address: str) -> float:
    """Seconds of one DELETE of the same records."""
    with copied(address) as copy, psycopg.connect(copy) as connection:
        connection.execute("SET synchronous_commit = on")
        started = time.perf_counter()
        connection.execute(DELETE)
        connection.commit()
        return time.perf_counter() - started


def database(address: str, name: str) -> str:
    """The address of another database on the same server, as psycopg reads it."""
    url = make_url(address).set(drivername="postgresql", database=name)
    return url.render_as_string(hide_password=False)


@contextmanager
def prepared(address: str, rows: int) -> Iterator[None]:
    """The database that every run gets a copy of."""
    with psycopg.connect(database(address, "postgres"), autocommit=True) as server:
        drop(server, COPY)
        drop(server, PREPARED)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(PREPARED)))
        try:
            with psycopg.connect(database(address, PREPARED), autocommit=True) as connection:
                connection.execute(TABLE)
                connection.execute(ROWS, {"rows": rows})
                for statement in INDEXES:
                    connection.execute(statement)
            yield
        finally:
            drop(server, PREPARED)


@contextmanager
def copied(address: str) -> Iterator[str]:
    """A copy of the prepared database, file by file, read once so that each run finds it equally warm."""
    with psycopg.connect(database(address, "postgres"), autocommit=True) as server:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(COPY), sql.Identifier(PREPARED)
            )
        )
        try:
            copy = database(address, COPY)
            with psycopg.connect(copy, autocommit=True) as connection:
                connection.execute("SELECT count(*) FROM record WHERE amount > 0")
                connection.execute("CHECKPOINT")
            yield copy
        finally:
            drop(server, COPY)


def drop(server: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Drop a database, whoever is connected to it."""
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
