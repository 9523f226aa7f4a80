"""A database that really suffers keeps deletions waiting, and says why; when it is over they go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pymysql
import pytest

from bulkdelete.records.strain import NO_LIMITS, Limits, Strain
from bulkdelete.records.target import Target
from tests.records.databases import Database, MariaDBDatabase, PostgreSQLDatabase
from tests.servers.fixtures import own
from tests.servers.postgresql import PostgreSQLServer
from tests.servers.postgresql_replica import PostgreSQLReplica


@contextmanager
def watched(address: str, limits: Limits) -> Iterator[Callable[[], Strain | None]]:
    """A target with limits; asked, it looks at once."""
    target = Target(address, limits=limits)

    def look() -> Strain | None:
        target.gauge.looked = float("-inf")
        return target.strain()

    try:
        yield look
    finally:
        target.close()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)  # InnoDB tells the same as long as it is asked more often than ten times a second


def test_a_query_of_ones_own(database: Database) -> None:
    database.script("CREATE TABLE load_of (n INTEGER)")
    database.script("INSERT INTO load_of VALUES (3)")
    query = 'SELECT sum(n) AS "50%" FROM load_of'.replace('"', "`" if database.name in {"mariadb", "mysql"} else '"')
    with watched(database.address, Limits(query=query, at_most=5)) as look:
        assert look() is None
        database.script("INSERT INTO load_of VALUES (4)")
        assert look() == Strain("back-off query", "the back-off query gives 7, at most 5")
        database.script("DELETE FROM load_of")
        assert look() is None


@pytest.mark.parametrize("query", ["SELECT nonsense", "SELECT 'a lot'"])
def test_a_query_that_does_not_work_keeps_it_waiting_and_says_so(database: Database, query: str) -> None:
    with watched(database.address, Limits(query=query)) as look:
        found = look()
        assert found is not None
        assert found.cause == "broken query"


def test_a_look_is_taken_once_a_second_and_never_without_limits(database: Database) -> None:
    with watched(database.address, NO_LIMITS) as look:
        assert look() is None
    database.script("CREATE TABLE load_of (n INTEGER)")
    target = Target(database.address, limits=Limits(query="SELECT count(*) FROM load_of"))
    assert target.strain() is None
    database.script("INSERT INTO load_of VALUES (4)")
    assert target.strain() is None
    target.close()


@pytest.mark.postgresql
def test_a_queue_for_locks_on_postgresql(postgresql_database: PostgreSQLDatabase) -> None:
    postgresql_database.script("CREATE TABLE busy (id INTEGER PRIMARY KEY)")
    address = postgresql_database.address
    with watched(address, Limits(waiting_for_locks=5, replication_lag_seconds=5)) as look, ExitStack() as stack:
        until(lambda: look() is None)  # other tests use the server as well
        holder = stack.enter_context(psycopg.connect(address))
        holder.execute("LOCK TABLE busy")
        waiting = [threading.Thread(target=wait_for_lock, args=[address]) for _ in range(9)]
        for one in waiting:
            one.start()
        until(lambda: look() is not None)
        found = look()
        assert found is not None
        assert found.cause == "waiting for locks"
        assert "sessions wait for locks, at most 5 allowed" in found.reason
        holder.rollback()
        for one in waiting:
            one.join(30)
        until(lambda: look() is None)


def wait_for_lock(address: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute("SELECT * FROM busy")


@pytest.mark.postgresql
def test_a_replica_of_postgresql_that_falls_behind(own_postgresql: PostgreSQLServer) -> None:
    address = own_postgresql.url
    with own(lambda: PostgreSQLReplica(own_postgresql)) as replica, psycopg.connect(address, autocommit=True) as writer:
        writer.execute("CREATE TABLE written (id INTEGER)")

        def strain_while_written() -> Strain | None:
            writer.execute("INSERT INTO written VALUES (1)")
            return look()

        with watched(address, Limits(replication_lag_seconds=1)) as look:
            until(lambda: strain_while_written() is None)
            replica.pause()
            until(strain_while_written)
            found = look()
            assert found is not None
            assert found.cause == "replication lag seconds"
            assert found.reason.startswith("a replica is ")
            assert found.reason.endswith(" s behind, at most 1 allowed")
            replica.resume()
            until(lambda: look() is None)


@pytest.mark.mariadb
def test_running_threads_and_locks_on_mariadb(mariadb_database: MariaDBDatabase) -> None:
    mariadb_database.script("CREATE TABLE busy (id INTEGER PRIMARY KEY) ENGINE=InnoDB; INSERT INTO busy VALUES (1)")
    mariadb_database.connection.commit()
    arguments = {
        name: getattr(mariadb_database.connection, name) for name in ("host", "port", "user", "password")
    }  # fmt: skip
    database = mariadb_database.connection.db

    def session() -> pymysql.Connection:
        return pymysql.connect(**arguments, database=database)

    with watched(mariadb_database.address, Limits(threads_running=12)) as look:
        until(lambda: look() is None)
        sleeping = [threading.Thread(target=ask, args=[session(), "SELECT sleep(4)"]) for _ in range(15)]
        for one in sleeping:
            one.start()
        until(lambda: look() is not None)
        found = look()
        assert found is not None
        assert found.reason.endswith("threads are running, at most 12 allowed")
        for one in sleeping:
            one.join(30)
        until(lambda: look() is None)

    with watched(mariadb_database.address, Limits(waiting_for_locks=4)) as look:
        holder = session()
        ask(holder, "SELECT * FROM busy WHERE id = 1 FOR UPDATE", keep=True)
        waiting = [threading.Thread(target=ask, args=[session(), "DELETE FROM busy WHERE id = 1"]) for _ in range(8)]
        for one in waiting:
            one.start()
        until(lambda: look() is not None)
        holder.close()
        for one in waiting:
            one.join(60)
        until(lambda: look() is None)


@pytest.mark.mariadb
def test_a_replica_that_does_not_replicate_is_behind_for_ever(mariadb_database: MariaDBDatabase) -> None:
    address = mariadb_database.address
    with watched(address, Limits(replication_lag_seconds=5, replicas=(address,))) as look:
        found = look()
        assert found is not None
        assert "does not replicate" in found.reason
    nobody = "mariadb://nobody@127.0.0.1:1/x"
    with watched(address, Limits(replication_lag_seconds=5, replicas=(nobody,))) as look:
        found = look()
        assert found is not None
        assert "127.0.0.1:1 cannot be asked" in found.reason


def ask(connection: pymysql.Connection, statement: str, keep: bool = False) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()
    if not keep:
        connection.rollback()
        connection.close()
