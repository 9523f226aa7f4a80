"""The connection is cut before each statement of a batch in turn: the batch waits, and loses and repeats nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import DeleteBatch
from tests.records.databases import PostgreSQLDatabase
from tests.records.sessions import Session, account, session_on

pytestmark = pytest.mark.postgresql

SCHEMAS = {
    "direct": "CREATE TABLE p (id integer PRIMARY KEY, n integer);",
    "careful": """
        CREATE TABLE p (id integer PRIMARY KEY, n integer);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE);
        CREATE TABLE r (id integer PRIMARY KEY, p_id integer REFERENCES p (id));
        CREATE TABLE u (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE SET NULL);
        CREATE INDEX kp ON k (p_id); CREATE INDEX rp ON r (p_id); CREATE INDEX up ON u (p_id);
    """,
}
MOST_STATEMENTS = 200


@pytest.fixture
def session(postgresql_database: PostgreSQLDatabase) -> Iterator[Session]:
    with session_on(postgresql_database) as session:
        yield session


@contextmanager
def cut_before(session: Session, statement: int, database: PostgreSQLDatabase) -> Iterator[list[str]]:
    """The connection that is about to send this statement, counted from 0, is cut; yields the statements sent."""
    sent: list[str] = []

    def before(_connection: Any, cursor: Any, sql: str, *_more: Any) -> None:
        if len(sent) == statement:
            database.execute("SELECT pg_terminate_backend(?, 5000)", cursor.connection.info.backend_pid)
        sent.append(sql)

    sa.event.listen(session.target.engine, "before_cursor_execute", before)
    yield sent
    sa.event.remove(session.target.engine, "before_cursor_execute", before)


@contextmanager
def held(database: PostgreSQLDatabase, sql: str | None) -> Iterator[None]:
    """Somebody else holds these records."""
    with psycopg.connect(database.address) as other:
        if sql:
            other.execute(sql.encode())
        yield
        other.rollback()


def to_the_batch(session: Session, operation_id: UUID) -> None:
    while not isinstance(outstanding(session.application.operation(operation_id))[0], DeleteBatch):
        session.step(operation_id)


@pytest.mark.parametrize(
    ("schema", "holding"),
    [("direct", None), ("careful", None), ("careful", "SELECT FROM p WHERE id = 7 FOR UPDATE"),
     ("careful", "SELECT FROM k WHERE id = 9 FOR UPDATE")],
)  # fmt: skip
def test_before_any_statement(
    postgresql_database: PostgreSQLDatabase, session: Session, schema: str, holding: str | None
) -> None:
    database = postgresql_database
    database.script(SCHEMAS[schema])
    database.script("INSERT INTO p SELECT i, 1 FROM generate_series(1, 30) i")
    if schema == "careful":
        database.script("INSERT INTO k SELECT id, id FROM p; INSERT INTO u SELECT id, id FROM p")
        database.script("INSERT INTO r SELECT id, id FROM p WHERE id % 10 = 3")
    before = database.state()
    operation_id = session.submit(Query("p").where(n=1))
    to_the_batch(session, operation_id)

    for statement in range(MOST_STATEMENTS):
        with held(database, holding), cut_before(session, statement, database) as sent:
            operation = session.step(operation_id)
        if len(sent) <= statement:
            break
        assert operation.status == "retrying", f"cut before: {sent[-1]}"
        assert operation.waiting_for
    else:
        pytest.fail("the batch never came to its end")

    ended = session.drive(operation_id)
    account(database, before, ended)
    assert database.ids("p") == ([3, 13, 23] if schema == "careful" else [])
