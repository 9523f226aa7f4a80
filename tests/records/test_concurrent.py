"""Other sessions at work on the same records, on PostgreSQL: nothing is lost, nothing goes that matches no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import DeleteBatch, PlanQuery
from tests.records.databases import PostgreSQLDatabase
from tests.records.sessions import Ended, Session, account, session_on

pytestmark = pytest.mark.postgresql
SCHEMAS = {
    "direct": "CREATE TABLE p (id integer PRIMARY KEY, n integer, pad text);",
    "careful": """
        CREATE TABLE p (id integer PRIMARY KEY, n integer, pad text);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE, n integer);
        CREATE TABLE l (id integer PRIMARY KEY, p_id integer REFERENCES p (id));
        CREATE INDEX kp ON k (p_id); CREATE INDEX lp ON l (p_id);
    """,
}


@pytest.fixture
def database(postgresql_database: PostgreSQLDatabase) -> PostgreSQLDatabase:
    return postgresql_database


@pytest.fixture
def session(database: PostgreSQLDatabase) -> Iterator[Session]:
    with session_on(database) as session:
        yield session


@contextmanager
def another(database: PostgreSQLDatabase, *statements: str) -> Iterator[psycopg.Connection]:
    """Another session with these statements done and not committed."""
    with psycopg.connect(database.address) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        yield connection
        connection.rollback()


def fill(database: PostgreSQLDatabase, schema: str, records: int) -> None:
    database.script(SCHEMAS[schema])
    database.script(f"INSERT INTO p SELECT i, 1, repeat('x', 100) FROM generate_series(1, {records}) i")
    if schema == "careful":
        database.script("INSERT INTO k SELECT id, id, 0 FROM p")


def run_with(session: Session, step: Callable[[], None], *queries: Query, when: type = DeleteBatch) -> Ended:
    """Run a job; `step` is done once, before the first work of that type."""
    operation_id = session.submit(*queries)
    while not isinstance(outstanding(session.application.operation(operation_id))[0], when):
        session.step(operation_id)
    step()
    return session.drive(operation_id)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_record_held_by_another_session_fails_and_the_rest_goes(
    database: PostgreSQLDatabase, session: Session, schema: str
) -> None:
    fill(database, schema, 50)
    before = database.state()
    with another(database, "SELECT FROM p WHERE id IN (7, 9) FOR UPDATE"):
        ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert database.ids("p") == [7, 9]
    assert {one["error_number"] for one in ended.failures} == {"55P03"}
    assert all("at work in the table: pid " in one["error_description"] for one in ended.failures)
    assert {one["blocking_entity"] for one in ended.failures} == {None}


def test_a_held_child_keeps_its_parent(database: PostgreSQLDatabase, session: Session) -> None:
    fill(database, "careful", 50)
    before = database.state()
    with another(database, "UPDATE k SET n = 5 WHERE id = 7"):
        ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert database.ids("p") == [7]
    assert database.ids("k") == [7]
    assert ended.failed(7)["error_number"] == "55P03"


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_record_that_is_released_meanwhile_goes(database: PostgreSQLDatabase, session: Session, schema: str) -> None:
    fill(database, schema, 50)
    before = database.state()
    with another(database, "SELECT FROM p WHERE id IN (7, 9) FOR UPDATE") as other:
        operation_id = session.submit(Query("p").where(n=1))
        while not any(one["retryable"] for one in session.step(operation_id).queries):
            assert not session.application.operation(operation_id).is_final
        other.rollback()
        ended = session.drive(operation_id)

    account(database, before, ended)
    assert ended.summary["deleted"] == 50
    assert ended.failures == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_records_that_no_longer_match_or_are_gone_stay_out(
    database: PostgreSQLDatabase, session: Session, schema: str
) -> None:
    fill(database, schema, 50)

    ended = run_with(
        session, lambda: database.script("UPDATE p SET n = 0 WHERE id <= 5; DELETE FROM p WHERE id > 45"),
        Query("p").where(n=1),
    )  # fmt: skip

    assert database.ids("p") == [1, 2, 3, 4, 5]
    assert sorted(map(int, map(str, ended.deleted["p"]))) == list(range(6, 46))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_records_that_fail_first_and_then_vanish_are_counted_as_vanished(
    database: PostgreSQLDatabase, session: Session, schema: str
) -> None:
    fill(database, schema, 10)
    with another(database, "UPDATE p SET n = 0 WHERE id = 3", "DELETE FROM p WHERE id = 4") as other:
        operation_id = session.submit(Query("p").where(n=1))
        while not any(one["retryable"] for one in session.step(operation_id).queries):
            assert not session.application.operation(operation_id).is_final
        other.commit()
        ended = session.drive(operation_id)

    (query,) = ended.summary["queries"]
    assert (query["deleted"], query["failed"], query["vanished"], query["matched"]) == (8, 0, 2, 10)
    assert database.ids("p") == [3]
    assert ended.failures == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_records_that_move_out_of_their_range_are_found_by_the_sweep(
    database: PostgreSQLDatabase, session: Session, schema: str
) -> None:
    records = {"direct": 40_000, "careful": 5_000}[schema]
    fill(database, schema, records)
    before = database.state()

    ended = run_with(
        session,
        lambda: database.script("UPDATE p SET pad = repeat('y', 200) WHERE id % 100 = 0"),
        Query("p").where(n=1),
    )

    account(database, before, ended)
    assert ended.summary["deleted"] == records


def test_a_child_that_arrives_uncommitted_holds_its_parent(database: PostgreSQLDatabase, session: Session) -> None:
    fill(database, "careful", 20)
    with another(database, "INSERT INTO l VALUES (1, 3)") as other:
        operation_id = session.submit(Query("p").where(n=1))
        while not any(one["retryable"] for one in session.step(operation_id).queries):
            assert not session.application.operation(operation_id).is_final
        other.commit()
        ended = session.drive(operation_id)

    assert database.ids("p") == [3]
    assert ended.summary["deleted"] == 19
    assert ended.failed(3)["record"] == "3"


def test_an_index_being_built_is_waited_for(database: PostgreSQLDatabase, session: Session) -> None:
    fill(database, "direct", 20)
    before = database.state()
    operation_id = session.submit(Query("p").where(n=1))
    while not isinstance(outstanding(session.application.operation(operation_id))[0], DeleteBatch):
        session.step(operation_id)
    with another(database, "LOCK TABLE p IN SHARE MODE") as other:
        steps = 0
        while (operation := session.step(operation_id)).status != "retrying" and not operation.is_final:
            steps += 1
            assert steps < 10
        other.rollback()
        ended = session.drive(operation_id)

    account(database, before, ended)
    assert ended.summary["deleted"] == 20


def test_rows_of_a_partition_and_those_that_change_it(database: PostgreSQLDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer, region text, n integer, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
        CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a'); CREATE TABLE "P b" PARTITION OF p FOR VALUES IN ('b');
        CREATE TABLE p_rest PARTITION OF p DEFAULT;
        INSERT INTO p SELECT i, substr('abc', i % 3 + 1, 1), i % 2 FROM generate_series(1, 60000) i;
        ANALYZE p;
    """)
    before = database.state()
    ended = run_with(
        session, lambda: database.script("UPDATE p SET region = 'a' WHERE region = 'b' AND id % 50 = 1"),
        Query("p").where(n=1),
    )  # fmt: skip

    assert ended.summary["deleted"] == 30_000
    assert database.execute("SELECT count(*) FROM p WHERE n = 1") == [(0,)]
    assert len(before["p"]) - len(database.state()["p"]) == 30_000


def test_the_plan_may_be_made_while_rows_are_locked(database: PostgreSQLDatabase, session: Session) -> None:
    fill(database, "direct", 20)
    with another(database, "SELECT FROM p FOR UPDATE") as other:
        ended = run_with(session, other.rollback, Query("p").where(n=1), when=PlanQuery)

    assert ended.summary["deleted"] == 20
