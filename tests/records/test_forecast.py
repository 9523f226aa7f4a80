"""What a preview expects of time and room, held against what a run then takes; and that it changes nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bulkdelete.domain.query_builder import Query
from bulkdelete.records.forecast import Forecast
from tests.records.databases import Database, MariaDBDatabase, PostgreSQLDatabase, SQLiteDatabase
from tests.records.sessions import Session, session_on
from tests.servers.mariadb import MariaDBServer
from tests.servers.postgresql import PostgreSQLServer

RECORDS = 40_000
TIME, ROOM = 10.0, 3.0
"""Factors within which time and log must be what was expected; machines that run tests are noisy."""


def fill(database: Database, children: bool, records: int = RECORDS) -> None:
    """Half of the records match; two indexes, and where it is asked for a child of each."""
    series = database.series(records)
    database.script("CREATE TABLE p (id integer PRIMARY KEY, n integer, a integer, t varchar(90))")
    padded = f"'{'x' * 80}'"
    database.script(f"INSERT INTO p SELECT i, i % 2, (i * 7919) % 10007, {padded} FROM {series}")
    database.script("CREATE INDEX pa ON p (a); CREATE INDEX pn ON p (n, a)")
    if children:
        database.script("CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE)")
        database.script(f"INSERT INTO k SELECT i, i FROM {series}; CREATE INDEX kp ON k (p_id)")
    analyse = {"postgresql": "ANALYZE", "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)"}
    for table in ("p", "k") if children else ("p",):
        database.execute(analyse.get(database.name, f"ANALYZE TABLE {table}"))
    if database.name == "postgresql":
        database.execute("CHECKPOINT")


def logged(database: Database) -> int:
    """Bytes that the database's log has grown to."""
    match database:
        case SQLiteDatabase():
            return Path(database.address.removeprefix("sqlite:///") + "-wal").stat().st_size
        case PostgreSQLDatabase():
            return int(database.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")[0][0])
        case _:
            until_purged(database)
            return int(database.execute("SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'")[0][1])


def until_purged(database: Database) -> None:
    """Wait until the server has removed what was deleted: that is logged as well, as soon as there is time."""
    deadline = time.monotonic() + 60
    while int(database.execute("SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'")[0][1]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def expected(session: Session, **rates: float) -> Forecast:
    return session.target.preview(session.job(Query("p").where(n=1)), rates).forecast


def assert_expected(database: Database, children: bool) -> None:
    """Preview, run, compare. The server is this test's own: its log tells of nobody else."""
    fill(database, children)
    with session_on(database) as session:
        told = expected(session)
        before = 0 if database.name == "sqlite" else logged(database)
        began = time.monotonic()
        ended = session.run(Query("p").where(n=1))
        took = time.monotonic() - began
        wrote = logged(database) - before

    assert ended.summary["deleted"] == RECORDS // 2
    assert told.source == "sample"
    assert told.records == pytest.approx(RECORDS if children else RECORDS // 2, rel=0.25)
    assert took / TIME <= told.seconds <= took * TIME, f"{took:.2f} s, expected {told.seconds:.2f} s"
    assert wrote / ROOM <= told.log_bytes <= wrote * ROOM, f"{wrote:,} bytes, expected {told.log_bytes:,}"


@pytest.mark.parametrize("children", [False, True])
def test_as_expected_on_sqlite(sqlite_database: SQLiteDatabase, children: bool) -> None:
    assert_expected(sqlite_database, children)


@pytest.mark.postgresql
def test_as_expected_on_postgresql(own_postgresql: PostgreSQLServer) -> None:
    for children in (False, True):
        with own_postgresql.database() as url:
            database = PostgreSQLDatabase(url)
            assert_expected(database, children)
            database.connection.close()


@pytest.mark.mariadb
def test_as_expected_on_mariadb(own_mariadb: MariaDBServer) -> None:
    for children in (False, True):
        with own_mariadb.database() as url:
            database = MariaDBDatabase(url)
            assert_expected(database, children)
            database.connection.close()


def test_a_preview_changes_nothing(database: Database, session: Session) -> None:
    fill(database, children=True, records=2_000)
    before = database.state()
    file = Path(database.address.removeprefix("sqlite:///")) if database.name == "sqlite" else None
    content = file.read_bytes() if file else None

    told = expected(session)

    assert told.records > 1_000
    assert database.state() == before
    assert not session.target.tables.are_there()
    assert content is None or (file is not None and file.read_bytes() == content)


def test_earlier_runs_are_believed_first(database: Database, session: Session) -> None:
    fill(database, children=False, records=4_000)

    told = expected(session, p=1_000.0)

    assert (told.source, round(told.seconds)) == ("earlier", 2)
    assert told.rate == pytest.approx(2_000 / 2.2)


def test_where_there_is_too_little_to_measure(database: Database, session: Session) -> None:
    fill(database, children=False, records=100)

    told = expected(session)

    assert (told.source, told.records) == ("documented", 50)
    assert 0 < told.seconds < 1


def test_nothing_to_delete(database: Database, session: Session) -> None:
    database.script("CREATE TABLE p (id integer PRIMARY KEY, n integer)")
    told = expected(session)
    assert (told.records, told.seconds, told.log_bytes, told.kept_bytes, told.rate) == (0, 0, 0, 0, 0)
