"""The fence and the ledger: what is told twice, late, or by two workers at once happens once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pymysql
import pytest

from bulkdelete.consumers.deletion import Deletion
from bulkdelete.consumers.operations import take_outcome
from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.commands import CancelOperation, PauseOperation, ResumeOperation
from bulkdelete.domain.outcomes import AnyOutcome, BatchDone
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import AnyWork, DeleteBatch, OpenFence
from bulkdelete.records.target import Target
from tests.records.databases import Database
from tests.records.sessions import Session, account

PARENT_AND_CHILD = """
    CREATE TABLE p (id integer PRIMARY KEY, n integer);
    CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE);
    CREATE TABLE l (id integer PRIMARY KEY, p_id integer REFERENCES p (id));
    CREATE INDEX kp ON k (p_id); CREATE INDEX lp ON l (p_id);
"""
DIRECT, CAREFUL = "CREATE TABLE p (id integer PRIMARY KEY, n integer)", PARENT_AND_CHILD


def fill(database: Database, schema: str, records: int) -> None:
    database.script(schema)
    series = database.series(records)
    database.script(f"INSERT INTO p SELECT i, i % 2 FROM {series}")
    if schema is CAREFUL:
        database.script(
            f"INSERT INTO k SELECT i, i FROM {series}; INSERT INTO l SELECT i, i FROM {series} WHERE i % 50 = 1"
        )


def do(session: Session, work: AnyWork, target: Target | None = None) -> list[AnyOutcome]:
    return list(Deletion(session.application, lambda _name: target or session.target).do(work))


def begin(session: Session, *queries: Query) -> tuple[UUID, DeleteBatch]:
    """An operation that is open and planned, and its first batch, not yet done."""
    operation_id = session.submit(*queries)
    while not isinstance(work := outstanding(session.application.operation(operation_id))[0], DeleteBatch):
        session.step(operation_id)
    return operation_id, work


def test_several_processes_make_our_tables_at_once(database: Database) -> None:
    together = Barrier(6)
    targets = [Target(database.address) for _ in range(together.parties)]

    def create(target: Target) -> bool:
        together.wait()
        target.tables.create()
        return target.tables.are_there()

    with ThreadPoolExecutor(len(targets)) as pool:
        assert all(pool.map(create, targets))
    for target in targets:
        target.close()


def table(database: Database, name: str) -> str:
    return f"bulkdelete_state.{name}" if database.name == "postgresql" else f"bulkdelete_{name}"


@pytest.mark.parametrize("schema", [DIRECT, CAREFUL], ids=["direct", "careful"])
def test_the_same_work_twice_tells_the_same(database: Database, session: Session, schema: str) -> None:
    fill(database, schema, 100)
    before = database.state()
    operation_id, work = begin(session, Query("p").where(n=1))

    first, again = do(session, work), do(session, work)

    def told(outcomes: list[AnyOutcome]) -> list[AnyOutcome]:
        return [one.model_copy(update={"duration": 0.0}) if isinstance(one, BatchDone) else one for one in outcomes]

    assert told(first) == told(again)
    for outcome in [*again, *first, *again]:
        take_outcome(outcome, session.application)
    account(database, before, session.drive(operation_id))


@pytest.mark.parametrize("records", [200, 10_000])
@pytest.mark.parametrize("schema", [DIRECT, CAREFUL], ids=["direct", "careful"])
def test_two_workers_on_the_same_unit_delete_it_once(
    database: Database, session: Session, schema: str, records: int
) -> None:
    fill(database, schema, records)
    before = database.state()
    operation_id, work = begin(session, Query("p").where(n=1))
    others = [Target(database.address) for _ in range(2)]

    with ThreadPoolExecutor(3) as pool:
        told = [pool.submit(do, session, work, target) for target in (session.target, *others)]
    for one in told:
        for outcome in one.result():
            take_outcome(outcome, session.application)

    account(database, before, session.drive(operation_id))
    for target in others:
        target.close()


@pytest.mark.parametrize("schema", [DIRECT, CAREFUL], ids=["direct", "careful"])
def test_old_work_deletes_nothing_after_pause_cancel_or_end(database: Database, session: Session, schema: str) -> None:
    fill(database, schema, 20)
    operation_id, work = begin(session, Query("p").where(n=1))
    old = OpenFence(operation_id=operation_id, epoch=1)

    def nothing_happens() -> None:
        state = database.state()
        for one in (work, old, work):
            assert not [outcome for outcome in do(session, one) if isinstance(outcome, BatchDone)]
        assert database.state() == state

    same = {"operation_id": operation_id, "requested_by": "tester"}
    session.application.control(PauseOperation(**same, command_id=uuid4()))
    assert session.step(operation_id).status == "paused"
    nothing_happens()
    session.application.control(ResumeOperation(**same, command_id=uuid4()))
    assert session.step(operation_id).epoch == 2
    nothing_happens()
    session.application.control(CancelOperation(**same, command_id=uuid4()))
    assert session.step(operation_id).status == "canceled"
    nothing_happens()
    assert len(database.ids("p")) == 20


def test_a_pause_records_what_the_database_proves(database: Database, session: Session) -> None:
    fill(database, CAREFUL, 100)
    before = database.state()
    operation_id, work = begin(session, Query("p").where(n=1))
    lost = do(session, work)

    same = {"operation_id": operation_id, "requested_by": "tester"}
    session.application.control(PauseOperation(**same, command_id=uuid4()))
    while session.step(operation_id).status != "paused":
        pass

    account(database, before, session.told(operation_id))
    assert session.told(operation_id).summary["deleted"] == 48
    session.application.control(ResumeOperation(**same, command_id=uuid4()))
    account(database, before, session.drive(operation_id))
    for outcome in lost:
        take_outcome(outcome, session.application)
    account(database, before, session.told(operation_id))


def test_our_tables_after_the_end(database: Database, session: Session) -> None:
    fill(database, CAREFUL, 100)
    operation_id, work = begin(session, Query("p").where(n=1))
    for outcome in do(session, work):
        take_outcome(outcome, session.application)

    ledger = database.execute(f"SELECT unit, batch, epoch FROM {table(database, 'ledger')}")
    aside = database.execute(
        f"SELECT query_index, CAST(record AS CHAR(9)), retryable FROM {table(database, 'set_aside')} ORDER BY record"
    )
    session.drive(operation_id)

    assert ledger[0] == (0, 0, 1)
    assert [(index, record.strip(), again) for index, record, again in aside] == [(0, "1", True), (0, "51", True)]
    assert database.count(table(database, "ledger")) == 0
    assert database.count(table(database, "set_aside")) == 0
    fence = database.execute(f"SELECT operation_id, epoch, state FROM {table(database, 'fence')}")
    assert fence == [(str(operation_id), 1, "ended")]


@pytest.mark.parametrize("paused", [False, True])
def test_a_restored_database_fails_the_operation(database: Database, session: Session, paused: bool) -> None:
    fill(database, DIRECT, 20)
    operation_id, _ = begin(session, Query("p").where(n=1))
    same = {"operation_id": operation_id, "requested_by": "tester"}
    if paused:
        session.application.control(PauseOperation(**same, command_id=uuid4()))
        session.step(operation_id)
        session.application.control(ResumeOperation(**same, command_id=uuid4()))
    database.execute(f"DELETE FROM {table(database, 'fence')}")

    ended = session.drive(operation_id)

    assert ended.summary["status"] == "failed"
    assert "restored" in str(ended.summary["reason"])
    assert database.count("p") == 20


def test_another_job_under_the_same_id_deletes_nothing(database: Database, session: Session) -> None:
    fill(database, DIRECT, 20)
    operation_id, _ = begin(session, Query("p").where(n=1))
    database.execute(f"UPDATE {table(database, 'fence')} SET digest = 'another'")

    session.drive(operation_id, rounds=20)

    assert session.application.operation(operation_id).status == "failed"
    assert database.count("p") == 20


def test_a_connection_that_comes_back_after_the_end_is_closed(database: Database) -> None:
    """Else the garbage collector closes it some time, and the database's server counts it until then."""
    target = Target(database.address)
    late = target.engine.connect()
    driver: Any = late.connection.dbapi_connection
    late.exec_driver_sql("SELECT 1")

    target.close()
    late.close()

    with pytest.raises((psycopg.Error, pymysql.MySQLError, sqlite3.Error)):
        driver.cursor().execute("SELECT 1")
