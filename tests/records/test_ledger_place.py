"""Fence and ledger where a setting puts them: in all databases, for who may not make them, and for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import PauseOperation, ResumeOperation
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.ledger import Ledger
from bulkdelete.records.target import Target
from tests.records.databases import Database, PostgreSQLDatabase
from tests.records.kinds_of_server import MARIADB_AND_MYSQL
from tests.records.sessions import Session, account

NAMES = [one.name for one in fields(Ledger)]
SCHEMA = """
    CREATE TABLE p (id integer PRIMARY KEY, n integer);
    CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id)); CREATE INDEX kp ON k (p_id);
    INSERT INTO p VALUES (1, 1), (2, 1), (3, 2); INSERT INTO k VALUES (1, 2);
"""
PREFIX = "Of_Bulk_"


def place_for(database: Database, schema: str) -> tuple[str, str]:
    """A place that the database allows, and where a table of ours is then."""
    if database.name == "sqlite":
        return PREFIX, f"{PREFIX}{{}}"
    quote = '"' if database.name == "postgresql" else "`"
    return f"{schema}.{PREFIX}", f"{schema}.{quote}{PREFIX}{{}}{quote}"


@pytest.fixture
def schema(database: Database) -> Iterator[str]:
    """A schema's name of this test's own; on MariaDB and MySQL that is a database of the server."""
    name = f"ops_{uuid4().hex[:12]}"
    yield name
    if database.name == "mariadb":
        database.script(f"DROP DATABASE IF EXISTS {name}")


@contextmanager
def session_at(database: Database, place: str | None, address: str | None = None) -> Iterator[Session]:
    with BulkDeletes() as application:
        session = Session(Target(address or database.address, place), application, ledger=place)
        try:
            yield session
        finally:
            session.target.close()


def test_a_run_with_its_ledger_elsewhere(database: Database, schema: str) -> None:
    database.script(SCHEMA)
    place, table = place_for(database, schema)
    before = {name: keys for name, keys in database.state().items() if name in {"p", "k"}}
    with session_at(database, place) as session:
        ended = session.run(Query("p").where(n=1))

        account(database, before, ended)
        assert (ended.summary["deleted"], ended.summary["failed"]) == (1, 1)
        assert database.execute(f"SELECT state FROM {table.format('fence')}") == [("ended",)]
        assert [database.count(table.format(one)) for one in NAMES] == [1] + [0] * len(NAMES[1:])
        assert not session.target.under(None).tables.are_there()
        with pytest.raises(InvalidJobError, match="no entity"):
            session.target.check(Job.read({"name": "x", "queries": [Query(f"{PREFIX}fence").all_records()]}))


def test_an_operation_goes_on_in_the_ledger_that_it_began_with(database: Database, schema: str) -> None:
    database.script(SCHEMA)
    place, table = place_for(database, schema)
    with session_at(database, place) as session:
        operation_id = session.submit(Query("p").where(n=1))
        session.step(operation_id)
        same = {"operation_id": operation_id, "requested_by": "tester"}
        session.application.control(PauseOperation(**same, command_id=uuid4()))
        assert session.step(operation_id).status == "paused"
        # The setting is another one meanwhile.
        session.target.close()
        session.target = Target(database.address)
        session.application.control(ResumeOperation(**same, command_id=uuid4()))

        ended = session.drive(operation_id)

        assert (ended.summary["status"], ended.summary["deleted"]) == ("succeeded", 1)
        assert database.execute(f"SELECT epoch, state FROM {table.format('fence')}") == [(2, "ended")]
        assert not session.target.tables.are_there()


def test_a_table_of_somebody_else_is_not_taken_for_ours(database: Database, schema: str) -> None:
    database.script(SCHEMA + "CREATE TABLE my_ledger (id integer PRIMARY KEY, amount integer)")
    here = {"sqlite": "my_", "postgresql": "public.my_", "mariadb": "my_"}[database.name]
    with session_at(database, here) as session:
        ended = session.run(Query("p").where(n=1))

    assert ended.summary["status"] == "failed"
    assert "my_ledger is a table of somebody else's: it has no operation_id" in str(ended.summary["reason"])
    assert database.ids("p") == [1, 2, 3]


@pytest.mark.parametrize("text", ["a.b.c", "", ".", "x y", "a-b", "ü_", "1x", "x" * 41, 'p"', "a.b;"])
def test_what_is_no_place_is_refused(text: str, sqlite_database: Database) -> None:
    with pytest.raises(InvalidJobError, match=r"SCHEMA\.PREFIX is accepted") as refused:
        Target(sqlite_database.address, text)
    assert refused.value.field == "ledger"


def test_sqlite_has_no_schemas(sqlite_database: Database) -> None:
    with pytest.raises(InvalidJobError, match=r"a prefix alone is accepted; got 'ops\.x_'"):
        Target(sqlite_database.address, "ops.x_")


@pytest.mark.postgresql
def test_what_is_shown_to_an_owner_on_postgresql_lets_a_clerk_run(postgresql_database: PostgreSQLDatabase) -> None:
    database, schema = postgresql_database, f"ops_{uuid4().hex[:12]}"
    database.script(SCHEMA)
    role = f"clerk {schema}"
    database.script(f'CREATE ROLE "{role}" LOGIN PASSWORD \'clerk\'; GRANT USAGE ON SCHEMA public TO "{role}"')
    database.script(f'GRANT SELECT, UPDATE, DELETE ON p, k TO "{role}"')
    address = make_url(database.address).set(username=role, password="clerk").render_as_string(hide_password=False)
    try:
        assert_shown_and_works(database, f"{schema}.{PREFIX}", address, "CREATE SCHEMA")
    finally:
        database.script(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


@pytest.mark.parametrize("database", MARIADB_AND_MYSQL, indirect=True)
def test_what_is_shown_to_an_owner_on_mariadb_and_mysql_lets_a_clerk_run(database: Database, schema: str) -> None:
    database.script(SCHEMA)
    role, here = f"clerk {schema[:20]}", make_url(database.address).database
    database.script(f"CREATE USER '{role}'@'%' IDENTIFIED BY 'clerk'")
    try:
        for table in ("p", "k"):
            database.script(f"GRANT SELECT, UPDATE, DELETE ON {here}.{table} TO '{role}'@'%'")
        database.script(f"GRANT CREATE TEMPORARY TABLES ON {here}.* TO '{role}'@'%'")
        address = make_url(database.address).set(username=role, password="clerk").render_as_string(hide_password=False)
        assert_shown_and_works(database, f"{schema}.{PREFIX}", address, "CREATE SCHEMA")
        assert_shown_and_works(database, "here_", address, "CREATE TABLE")
    finally:
        database.script(f"DROP USER '{role}'@'%'")


def assert_shown_and_works(database: Database, place: str, address: str, begins: str) -> None:
    """A clerk is refused with the statements for an owner; when those have run, it works."""
    with session_at(database, place, address) as session:
        refused = session.run(Query("p").where(n=2))
        assert refused.summary["status"] == "failed"
        reason = str(refused.summary["reason"])
        assert "let an owner run" in reason
        ddl = reason[reason.index(begins) :].replace("`", '"')
        database.script(ddl)
        ended = session.run(Query("p").where(n=2))
        assert (ended.summary["status"], ended.summary["reason"]) == ("succeeded", None)
    database.script("DELETE FROM k; INSERT INTO p VALUES (30, 2)")


@pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql), *MARIADB_AND_MYSQL], indirect=True
)
def test_rights_that_are_missing_are_found_before_anything_is_asked(database: Database) -> None:
    database.script(SCHEMA)
    place, role = make_url(database.address), f"clerk_{uuid4().hex[:12]}"
    host = "" if database.name == "postgresql" else "@'%'"
    here = "public" if database.name == "postgresql" else place.database
    clerk = f"{role}{host}" if not host else f"'{role}'{host}"
    named = "LOGIN PASSWORD" if database.name == "postgresql" else "IDENTIFIED BY"
    database.script(f"CREATE USER {clerk} {named} 'clerk'")
    try:
        for table in ("p", "k"):
            database.script(f"GRANT SELECT, UPDATE, DELETE ON {here}.{table} TO {clerk}")
        if database.name == "postgresql":
            database.script(f"GRANT USAGE ON SCHEMA public TO {clerk}")
        else:
            assert "CREATE TEMPORARY TABLES" in refusal(database, role)
            database.script(f"GRANT CREATE TEMPORARY TABLES ON {here}.* TO {clerk}")
        assert "may not create its tables (the right to create is missing)" in refusal(database, role)
        with session_at(database, None) as owner:
            owner.target.tables.create()
            tables = owner.target.ledger.tables
        if database.name == "postgresql":
            database.script(f"GRANT USAGE ON SCHEMA bulkdelete_state TO {clerk}")
        for one in tables:
            database.script(f"GRANT SELECT, INSERT, UPDATE ON {one.schema or here}.{one.name} TO {clerk}")
        reason = refusal(database, role)
        assert "may not use its tables" in reason
        database.script(reason[reason.index("GRANT") :].replace("`", '"'))
        with session_at(database, None, place.set(username=role, password="clerk").render_as_string(False)) as session:
            assert session.run(Query("p").where(n=1)).summary["deleted"] == 1
    finally:
        database.script(f"DROP OWNED BY {clerk}; DROP ROLE {clerk}" if not host else f"DROP USER {clerk}")


def refusal(database: Database, role: str) -> str:
    """What a clerk is told before a run."""
    address = make_url(database.address).set(username=role, password="clerk").render_as_string(False)
    with session_at(database, None, address) as session, pytest.raises(InvalidJobError) as refused:
        session.target.preview(session.job(Query("p").where(n=1)))
    return str(refused.value)
