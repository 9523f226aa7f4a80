"""What a deletion takes along: counted, listed, and equal to the database's own difference."""

from __future__ import annotations

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database, MariaDBDatabase
from tests.records.sessions import Session, account, session_on

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)

THREE_LEVELS = """
CREATE TABLE a (id integer PRIMARY KEY, kind integer);
CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id) ON DELETE CASCADE);
CREATE TABLE c (id integer PRIMARY KEY, b_id integer REFERENCES b (id) ON DELETE CASCADE);
CREATE TABLE d (id integer PRIMARY KEY, c_id integer REFERENCES c (id) ON DELETE CASCADE);
INSERT INTO a VALUES (1, 1), (2, 2), (3, 1);
INSERT INTO b VALUES (1, 1), (2, 1), (3, 2), (4, NULL);
INSERT INTO c VALUES (1, 1), (2, 2), (3, 2), (4, 3), (5, 4);
INSERT INTO d VALUES (1, 1), (2, 3), (3, 3), (4, 4), (5, NULL);
"""


def test_three_levels_go_children_first_with_their_ids(database: Database, session: Session) -> None:
    database.script(THREE_LEVELS)
    before = database.state()

    ended = session.run(Query("a").where(kind=1))

    account(database, before, ended)
    assert sorted(ended.deleted["a"]) == ["1", "3"]
    assert {entity: sorted(ids) for entity, ids in ended.cascaded.items()} == {
        "b": ["1", "2"], "c": ["1", "2", "3"], "d": ["1", "2", "3"],
    }  # fmt: skip


def test_a_diamond_is_counted_once(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE top (id integer PRIMARY KEY);
        CREATE TABLE l (id integer PRIMARY KEY, top_id integer REFERENCES top (id) ON DELETE CASCADE);
        CREATE TABLE r (id integer PRIMARY KEY, top_id integer REFERENCES top (id) ON DELETE CASCADE);
        CREATE TABLE bottom (id integer PRIMARY KEY, l_id integer REFERENCES l (id) ON DELETE CASCADE,
                             r_id integer REFERENCES r (id) ON DELETE CASCADE);
        INSERT INTO top VALUES (1), (2);
        INSERT INTO l VALUES (1, 1), (2, 2);
        INSERT INTO r VALUES (1, 1), (2, 2);
        INSERT INTO bottom VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 2);
    """)
    before = database.state()

    ended = session.run(Query("top").all_records())

    account(database, before, ended)
    assert ended.summary["cascaded"] == {"bottom": 4, "l": 2, "r": 2}


def test_two_queries_of_one_set_where_the_second_is_cascaded_by_the_first(database: Database, session: Session) -> None:
    database.script(THREE_LEVELS)
    before = database.state()

    ended = session.run(Query("a").where(kind=1), Query("b").all_records())

    account(database, before, ended)
    assert ended.summary["queries"][1]["deleted"] == 2
    assert database.count("b") == 0
    assert database.count("c") == 0


def test_children_of_a_composite_key(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (x integer, y varchar(20), n integer, PRIMARY KEY (x, y));
        CREATE TABLE k (id integer PRIMARY KEY, px integer, py varchar(20),
                        FOREIGN KEY (px, py) REFERENCES p (x, y) ON DELETE CASCADE);
        INSERT INTO p VALUES (1, 'a', 1), (1, 'b', 0), (2, 'a', 1), (2, 'it''s "ü"', 1);
        INSERT INTO k VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, NULL), (4, 2, 'it''s "ü"'), (5, NULL, NULL);
    """)
    before = database.state()

    ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert sorted(ended.deleted["p"]) == [("1", "a"), ("2", "a"), ("2", 'it\'s "ü"')]
    assert sorted(ended.cascaded["k"]) == ["1", "4"]


def test_children_that_refer_to_a_unique_column_instead_of_the_key(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY, code varchar(9) UNIQUE, n integer);
        CREATE TABLE k (id integer PRIMARY KEY, code varchar(9) REFERENCES p (code) ON DELETE CASCADE);
        INSERT INTO p VALUES (1, 'x', 1), (2, 'y', 0), (3, NULL, 1);
        INSERT INTO k VALUES (1, 'x'), (2, 'y'), (3, NULL), (4, 'x');
    """)
    before = database.state()

    ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert sorted(ended.cascaded["k"]) == ["1", "4"]


@pytest.mark.parametrize("database", ["sqlite", POSTGRESQL], indirect=True)
def test_children_without_a_primary_key_are_counted(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE note (p_id integer REFERENCES p (id) ON DELETE CASCADE, body varchar(9));
        INSERT INTO p VALUES (1), (2);
        INSERT INTO note VALUES (1, 'x'), (1, 'x'), (2, 'y'), (NULL, 'z');
    """)

    ended = session.run(Query("p").where(id=1))

    assert ended.summary["cascaded"] == {"note": 2}
    assert database.count("note") == 2


def test_children_that_cannot_be_told_apart_are_refused(mariadb_database: MariaDBDatabase) -> None:
    """Without a primary key and without a physical place they could be counted, but not told."""
    mariadb_database.script("""
        CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE note (p_id integer REFERENCES p (id) ON DELETE CASCADE, body varchar(9));
        CREATE TABLE free (p_id integer REFERENCES p (id) ON DELETE SET NULL, body varchar(9));
    """)
    with (
        session_on(mariadb_database) as session,
        pytest.raises(InvalidJobError, match=r"note.*no primary or unique key"),
    ):
        session.target.check(Job.read({"name": "x", "queries": [{"EntityName": "p", "all_records": True}]}))


def test_two_links_to_the_same_parent_are_counted_once(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY, n integer);
        CREATE TABLE k (id integer PRIMARY KEY, a integer REFERENCES p (id) ON DELETE CASCADE,
                        b integer REFERENCES p (id) ON DELETE CASCADE);
        INSERT INTO p VALUES (1, 1), (2, 1), (3, 0);
        INSERT INTO k VALUES (1, 1, 2), (2, 1, 1), (3, 3, 2), (4, 3, 3), (5, NULL, 1);
    """)
    before = database.state()

    ended = session.run(Query("p").where(n=1))

    account(database, before, ended)
    assert ended.summary["cascaded"] == {"k": 4}


def test_two_entities_that_cascade_into_each_other_are_counted_once(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE la (id integer PRIMARY KEY, b integer, k integer);
        CREATE TABLE lb (id integer PRIMARY KEY, a integer);
        INSERT INTO la VALUES (1, NULL, 1), (2, 1, 1), (3, 2, 0), (4, NULL, 0);
        INSERT INTO lb VALUES (1, 1), (2, 2), (3, 4);
    """)
    if database.name == "sqlite":
        database.script("""
            CREATE TABLE la2 (id integer PRIMARY KEY, b integer REFERENCES lb (id) ON DELETE CASCADE, k integer);
            CREATE TABLE lb2 (id integer PRIMARY KEY, a integer REFERENCES la (id) ON DELETE CASCADE);
            INSERT INTO la2 SELECT * FROM la; INSERT INTO lb2 SELECT * FROM lb;
            DROP TABLE la; DROP TABLE lb; ALTER TABLE la2 RENAME TO la; ALTER TABLE lb2 RENAME TO lb;
        """)
    else:
        database.script("""
            ALTER TABLE la ADD FOREIGN KEY (b) REFERENCES lb (id) ON DELETE CASCADE;
            ALTER TABLE lb ADD FOREIGN KEY (a) REFERENCES la (id) ON DELETE CASCADE;
        """)
    before = database.state()

    ended = session.run(Query("la").where(k=1))

    account(database, before, ended)
    assert sorted(ended.deleted["la"]) == ["1", "2"]
    assert {entity: sorted(ids) for entity, ids in ended.cascaded.items()} == {"la": ["3"], "lb": ["1", "2"]}


def test_an_entity_is_told_by_the_databases_own_name(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE customer (id integer PRIMARY KEY, n integer); INSERT INTO customer VALUES (1, 1), (2, 2), (3, 3);
    """)
    place = {"sqlite": "CUSTOMER", "postgresql": "public.customer", "mariadb": "CUSTOMER"}[database.name]

    ended = session.run(Query(place).where(n=1), Query("Customer").where(n=2))

    assert {entity: sorted(map(str, ids)) for entity, ids in ended.deleted.items()} == {"customer": ["1", "2"]}
    assert [query["entity"] for query in ended.summary["queries"]] == ["customer", "customer"]
