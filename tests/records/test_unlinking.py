"""Records that stay and lose their link: counted in the entity that lost it, and only there."""

from __future__ import annotations

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.kinds_of_server import POSTGRESQL
from tests.records.sessions import Session, account


def test_links_are_cleared_and_counted(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE account (id integer PRIMARY KEY, n integer);
        CREATE TABLE contact (id integer PRIMARY KEY, account_id integer REFERENCES account (id) ON DELETE SET NULL,
                              other_id integer REFERENCES account (id) ON DELETE SET NULL);
        CREATE TABLE prospect (id integer PRIMARY KEY, account_id integer REFERENCES account (id) ON DELETE SET NULL);
        INSERT INTO account VALUES (1, 1), (2, 1), (3, 0);
        INSERT INTO contact VALUES (1, 1, 3), (2, 2, NULL), (3, 3, 3), (4, NULL, 2);
        INSERT INTO prospect VALUES (1, 1), (2, 1), (3, 3);
    """)
    before = database.state()

    ended = session.run(Query("account").where(n=1))

    account(database, before, ended)
    assert ended.summary["unlinked"] == {"contact": 3, "prospect": 2}
    assert database.execute("SELECT * FROM contact ORDER BY id") == [
        (1, None, 3), (2, None, None), (3, 3, 3), (4, None, None),
    ]  # fmt: skip


def test_records_below_a_cascade_lose_their_link(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY);
        CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id) ON DELETE CASCADE);
        CREATE TABLE c (id integer PRIMARY KEY, b_id integer REFERENCES b (id) ON DELETE SET NULL);
        INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1, 1), (2, 2), (3, 1);
    """)
    before = database.state()

    ended = session.run(Query("a").where(id=1))

    account(database, before, ended)
    assert ended.summary["unlinked"] == {"c": 2}


def test_records_that_go_as_well_lose_nothing(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY);
        CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id) ON DELETE CASCADE,
                        also_id integer REFERENCES a (id) ON DELETE SET NULL);
        INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1, 1), (2, NULL, 1), (3, 2, 1);
    """)
    before = database.state()

    ended = session.run(Query("a").where(id=1))

    account(database, before, ended)
    assert ended.cascaded == {"b": ["1"]}
    assert ended.summary["unlinked"] == {"b": 2}


def test_a_root_that_fails_unlinks_nothing(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY);
        CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id) ON DELETE SET NULL);
        CREATE TABLE c (id integer PRIMARY KEY, a_id integer REFERENCES a (id));
        INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1, 1);
    """)
    before = database.state()

    ended = session.run(Query("a").all_records())

    account(database, before, ended)
    assert ended.summary["unlinked"] == {"b": 1}
    assert database.execute("SELECT * FROM b ORDER BY id") == [(1, 1), (2, None)]


def test_records_without_a_key_lose_their_link(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY);
        CREATE TABLE c (id integer, a_id integer REFERENCES a (id) ON DELETE SET NULL);
        INSERT INTO a VALUES (1), (2); INSERT INTO c VALUES (1, 1), (2, 2), (3, 1);
    """)

    ended = session.run(Query("a").where(id=1))

    assert ended.summary["unlinked"] == {"c": 2}
    assert database.execute("SELECT * FROM c ORDER BY id") == [(1, None), (2, 2), (3, None)]


@pytest.mark.parametrize("rule", ["SET NULL", "SET DEFAULT"])
@pytest.mark.parametrize(
    "column", ["integer NOT NULL", "integer DEFAULT 9 CHECK (a_id < 9 OR id = 3)", "integer UNIQUE DEFAULT 9"]
)
@pytest.mark.parametrize("database", ["sqlite", POSTGRESQL], indirect=True)
def test_links_that_cannot_be_changed_hold_until_their_records_are_gone(
    database: Database, session: Session, rule: str, column: str
) -> None:
    database.script(f"""
        CREATE TABLE a (id integer PRIMARY KEY, n integer);
        CREATE TABLE b (id integer PRIMARY KEY, a_id {column} REFERENCES a (id) ON DELETE {rule});
        INSERT INTO a VALUES (1, 1), (2, 1), (3, 0), (9, 0); INSERT INTO b VALUES (1, 1), (2, 2), (3, 9);
    """)
    before = database.state()

    ended = session.run(Query("a").where(n=1), Query("b").all_records())

    account(database, before, ended)
    assert ended.failures == []
    assert database.ids("a") == [3, 9]
