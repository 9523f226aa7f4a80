"""What a PostgreSQL schema can hold that changes a deletion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.postgresql.sessions import DEFAULT_PLACE
from bulkdelete.records.target import Target
from tests.records.databases import PostgreSQLDatabase
from tests.records.sessions import Session, account, session_on

pytestmark = pytest.mark.postgresql


@pytest.fixture
def database(postgresql_database: PostgreSQLDatabase) -> PostgreSQLDatabase:
    return postgresql_database


@pytest.fixture
def session(database: PostgreSQLDatabase) -> Iterator[Session]:
    with session_on(database) as session:
        yield session


@contextmanager
def as_clerk(database: PostgreSQLDatabase, *grants: str) -> Iterator[Session]:
    """A session of a user who may do little."""
    (name,) = database.execute("SELECT current_database()")[0]
    role = f"clerk_{name}"
    database.script(f'CREATE ROLE "{role}" LOGIN PASSWORD \'clerk\'; GRANT USAGE ON SCHEMA public TO "{role}"')
    for grant in grants:
        database.script(f'{grant} TO "{role}"')
    parts = urlsplit(database.address)
    target = Target(parts._replace(netloc=f"{role}:clerk@{parts.hostname}:{parts.port}").geturl())
    try:
        with BulkDeletes() as application:
            yield Session(target, application)
    finally:
        target.close()
        database.script(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


def check(session: Session, *queries: Query) -> str:
    with pytest.raises(InvalidJobError) as refused:
        session.target.check(Job.read({"name": "x", "queries": list(queries)}))
    return str(refused.value)


def test_without_the_right_to_create_our_tables_the_ddl_is_shown_and_works(database: PostgreSQLDatabase) -> None:
    database.script("CREATE TABLE p (id integer PRIMARY KEY); INSERT INTO p VALUES (1)")
    with as_clerk(database, "GRANT SELECT, UPDATE, DELETE ON p") as session:
        ended = session.run(Query("p").all_records())

        assert ended.summary["status"] == "failed"
        assert database.count("p") == 1
        reason = str(ended.summary["reason"])
        ddl = reason[reason.index("CREATE SCHEMA") :]
        database.script(ddl)
        role = str(session.target.url.username)
        database.script(
            f'GRANT USAGE ON SCHEMA {DEFAULT_PLACE.schema} TO "{role}";'
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {DEFAULT_PLACE.schema} TO "{role}"'
        )
        assert session.run(Query("p").all_records()).summary["deleted"] == 1


@pytest.mark.parametrize("missing", ["DELETE", "SELECT", "UPDATE"])
def test_missing_privileges_are_found_before_anything_runs(database: PostgreSQLDatabase, missing: str) -> None:
    database.script("CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p VALUES (1, 1)")
    given = ", ".join({"DELETE", "SELECT", "UPDATE"} - {missing})
    with as_clerk(database, f"GRANT {given} ON p") as session:
        reason = check(session, Query("p").where(n=1))

    assert "42501" in reason or f"GRANT {missing}" in reason


def test_row_level_security_is_refused_and_not_taken_for_all(database: PostgreSQLDatabase) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY, n integer); INSERT INTO p VALUES (1, 1), (2, 2);
        ALTER TABLE p ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON p USING (id = 1);
    """)
    with as_clerk(database, "GRANT SELECT, UPDATE, DELETE ON p") as session:
        assert "42501" in check(session, Query("p").all_records())


def test_a_child_table_that_may_not_be_read_is_told(database: PostgreSQLDatabase) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p);
        INSERT INTO p VALUES (1), (2); INSERT INTO k VALUES (1, 1);
    """)
    with as_clerk(database, "GRANT SELECT, DELETE, UPDATE ON p") as session:
        reason = check(session, Query("p").all_records())

    assert "42501" in reason or "GRANT" in reason


DEFERRED = "DEFERRABLE INITIALLY DEFERRED"


@pytest.mark.parametrize("rule", ["NO ACTION", "CASCADE", "SET NULL"])
def test_deferred_constraints_are_exact(database: PostgreSQLDatabase, session: Session, rule: str) -> None:
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE {rule} {DEFERRED});
        INSERT INTO p VALUES (1), (2), (3); INSERT INTO k VALUES (1, 1), (2, NULL);
    """)
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert database.ids("p") == ([1] if rule == "NO ACTION" else [])


def test_a_deferred_constraint_trigger_fails_its_record_only(database: PostgreSQLDatabase, session: Session) -> None:
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY); INSERT INTO p VALUES (1), (2), (3);
        CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF OLD.id = 2 THEN RAISE EXCEPTION 'late'; END IF; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER guard AFTER DELETE ON p {DEFERRED} FOR EACH ROW EXECUTE FUNCTION guard();
    """)
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert [(one["record"], one["error_number"]) for one in ended.failures] == [("2", "P0001")]


def test_set_null_on_a_column_that_must_not_be_null(database: PostgreSQLDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY); INSERT INTO p VALUES (1), (2);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer NOT NULL REFERENCES p (id) ON DELETE SET NULL);
        INSERT INTO k VALUES (1, 1);
    """)
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    failure = ended.failed(1)
    assert (failure["error_number"], failure["blocking_entity"]) == ("23502", "k")


def test_set_null_of_one_column_of_a_composite_link(database: PostgreSQLDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE p (tenant integer, id integer, PRIMARY KEY (tenant, id)); INSERT INTO p VALUES (1, 1), (1, 2);
        CREATE TABLE k (id integer PRIMARY KEY, tenant integer NOT NULL, p_id integer,
                        FOREIGN KEY (tenant, p_id) REFERENCES p (tenant, id) ON DELETE SET NULL (p_id));
        INSERT INTO k VALUES (1, 1, 1), (2, 1, NULL);
    """)
    before = database.state()

    ended = session.run(Query("p").where(id=1))

    account(database, before, ended)
    assert ended.summary["deleted"] == 1
    assert database.execute("SELECT * FROM k ORDER BY id") == [(1, 1, None), (2, 1, None)]
    assert ended.summary["unlinked"] == {"k": 1}


def test_set_default(database: PostgreSQLDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY); INSERT INTO p VALUES (0), (1), (2);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer DEFAULT 0 REFERENCES p (id) ON DELETE SET DEFAULT);
        CREATE TABLE l (id integer PRIMARY KEY, p_id integer DEFAULT 9 REFERENCES p (id) ON DELETE SET DEFAULT);
        INSERT INTO k VALUES (1, 1), (2, 2); INSERT INTO l VALUES (1, 2);
    """)
    before = database.state()

    ended = session.run(Query("p").where("id", "GreaterThan", 0))

    account(database, before, ended)
    assert ended.deleted == {"p": ["1"]}
    assert ended.summary["unlinked"] == {"k": 1}
    assert ended.failed(2)["error_number"] == "23503"
    assert ended.failed(2)["blocking_entity"] == "l"


def test_inherited_tables_go_with_their_parent(database: PostgreSQLDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY, n integer); CREATE TABLE q (extra integer) INHERITS (p);
        INSERT INTO p SELECT i, 1 FROM generate_series(1, 30) i;
        INSERT INTO q SELECT i, i % 2, 0 FROM generate_series(100, 130) i;
    """)

    ended = session.run(Query("p").where(n=1))

    assert ended.summary["deleted"] == 45
    assert database.execute("SELECT count(*), min(n), max(n) FROM p") == [(16, 0, 0)]


def test_keys_of_a_partitioned_parent_and_partitioned_children(database: PostgreSQLDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY, n integer) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200);
        CREATE TABLE k (id integer, p_id integer REFERENCES p (id) ON DELETE CASCADE, PRIMARY KEY (id))
            PARTITION BY HASH (id);
        CREATE TABLE k1 PARTITION OF k FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE k2 PARTITION OF k FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE l (id integer PRIMARY KEY, p_id integer REFERENCES p (id));
        INSERT INTO p SELECT i, i % 2 FROM generate_series(1, 199) i; INSERT INTO k SELECT id, id FROM p;
        INSERT INTO l VALUES (1, 3), (2, 105), (3, 104);
    """)
    before = database.state()

    ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert (ended.summary["deleted"], ended.summary["failed"]) == (98, 2)
    assert {one["blocking_entity"] for one in ended.failures} == {"l"}


@pytest.mark.parametrize("how", ["DISABLE TRIGGER ALL", "NOT ENFORCED"])
def test_foreign_keys_that_do_nothing_take_nothing_along(
    database: PostgreSQLDatabase, session: Session, how: str
) -> None:
    enforced = "" if how.startswith("DISABLE") else how
    database.script(f"""
        CREATE TABLE p (id integer PRIMARY KEY); INSERT INTO p VALUES (1), (2);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) {enforced}); INSERT INTO k VALUES (1, 1);
    """)
    if not enforced:
        database.script("ALTER TABLE p DISABLE TRIGGER ALL")
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert database.count("p") == 0
    assert database.count("k") == 1
