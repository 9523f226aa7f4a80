"""The connection is cut before each statement of a batch in turn: the batch waits, and loses and repeats nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import DeleteBatch
from tests.records.databases import Database
from tests.records.sessions import Session, account

SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
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


def cut(database: Database, connection: Any) -> None:
    """Close a connection from the server's side."""
    if database.name == "postgresql":
        database.execute("SELECT pg_terminate_backend(?, 5000)", connection.info.backend_pid)
        return
    database.script(f"KILL CONNECTION {connection.thread_id()}")
    while database.execute(f"SELECT 1 FROM information_schema.processlist WHERE id = {connection.thread_id()}"):
        time.sleep(0.001)


@contextmanager
def cut_before(session: Session, statement: int, database: Database) -> Iterator[list[str]]:
    """The connection that is about to send this statement, counted from 0, is cut; yields the statements sent."""
    sent: list[str] = []

    def before(_connection: Any, cursor: Any, sql: str, *_more: Any) -> None:
        if len(sent) == statement:
            cut(database, cursor.connection)
        sent.append(sql)

    sa.event.listen(session.target.engine, "before_cursor_execute", before)
    yield sent
    sa.event.remove(session.target.engine, "before_cursor_execute", before)


@contextmanager
def held(database: Database, where: str | None) -> Iterator[None]:
    """Somebody else holds these records."""
    if where is None:
        yield
        return
    if database.name == "postgresql":
        with psycopg.connect(database.address) as other:
            other.execute(f"SELECT FROM {where} FOR UPDATE".encode())
            yield
            other.rollback()
        return
    place = make_url(database.address)
    with closing(
        pymysql.connect(host=place.host, port=place.port or 3306, user=place.username, password=place.password or "",
                        database=place.database)
    ) as another:  # fmt: skip
        another.cursor().execute(f"SELECT * FROM {where} FOR UPDATE")
        yield
        another.rollback()


def to_the_batch(session: Session, operation_id: UUID) -> None:
    while not isinstance(outstanding(session.application.operation(operation_id))[0], DeleteBatch):
        session.step(operation_id)


@pytest.mark.parametrize(
    ("schema", "holding"),
    [("direct", None), ("careful", "p WHERE id = 7"), ("careful", "k WHERE id = 9")],
)
@pytest.mark.parametrize("database", SERVERS, indirect=True)
def test_before_any_statement(database: Database, session: Session, schema: str, holding: str | None) -> None:
    database.script(SCHEMAS[schema])
    database.script(f"INSERT INTO p SELECT i, 1 FROM {database.series(30)}")
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
