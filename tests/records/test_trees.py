"""Records that refer to records of their own entity: trees and rings, by every delete rule."""

from __future__ import annotations

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.kinds_of_server import POSTGRESQL
from tests.records.sessions import Session, account
from tests.records.test_triggers import raise_on


def tree(database: Database, rule: str, *links: tuple[int, int | None, int]) -> None:
    """A table `t` of id, parent and kind."""
    database.script(
        f"CREATE TABLE t (id integer PRIMARY KEY, parent integer REFERENCES t (id) ON DELETE {rule}, kind integer);"
        "CREATE INDEX t_parent ON t (parent);"
    )
    for one, _, kind in links:
        database.execute("INSERT INTO t VALUES (?, NULL, ?)", one, kind)
    for one, parent, _ in links:
        if parent is not None:
            database.execute("UPDATE t SET parent = ? WHERE id = ?", parent, one)


def require_links(database: Database) -> None:
    """Make the links of `t` columns that cannot be null."""
    if database.name == "sqlite":
        database.script("""
            PRAGMA writable_schema=ON;
            UPDATE sqlite_schema SET sql = replace(sql, 'parent integer', 'parent integer NOT NULL') WHERE name = 't';
            PRAGMA writable_schema=RESET;
        """)
    elif database.name == "mariadb":
        database.script("ALTER TABLE t MODIFY parent integer NOT NULL")
    else:
        database.script("ALTER TABLE t ALTER parent SET NOT NULL")


@pytest.mark.parametrize("rule", ["CASCADE", "NO ACTION", "RESTRICT", "SET NULL"])
def test_a_whole_tree_goes(database: Database, session: Session, rule: str) -> None:
    tree(database, rule, (1, None, 1), (2, 1, 1), (3, 1, 1), (4, 2, 1), (5, 4, 1), (9, None, 0))
    before = database.state()

    ended = session.run(Query("t").where(kind=1))

    account(database, before, ended)
    assert database.ids("t") == [9]
    assert sorted(ended.deleted["t"]) == ["1", "2", "3", "4", "5"]
    assert ended.summary["failed"] == 0


@pytest.mark.parametrize("rule", ["CASCADE", "NO ACTION", "SET NULL"])
def test_rings_and_records_that_refer_to_themselves_go(database: Database, session: Session, rule: str) -> None:
    tree(database, rule, (1, 3, 1), (2, 1, 1), (3, 2, 1), (4, 4, 1), (5, 4, 1))
    before = database.state()

    ended = session.run(Query("t").all_records())

    account(database, before, ended)
    assert database.count("t") == 0
    assert sorted(ended.deleted["t"]) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("links", ["nullable", "required"])
def test_a_ring_of_restrict_goes_where_its_links_can_be_cut(database: Database, session: Session, links: str) -> None:
    tree(database, "RESTRICT", (1, 2, 1), (2, 1, 1), (3, 3, 1), (4, 4, 1), (5, 4, 1))
    if links == "required":
        require_links(database)
    before = database.state()

    ended = session.run(Query("t").all_records())

    account(database, before, ended)
    assert ended.summary["queries"][0]["matched"] == 5
    failed = {one["record"] for one in ended.failures}
    assert failed == set() if links == "nullable" or database.name == "postgresql" else {"1", "2"} <= failed


def test_a_cascade_takes_records_that_do_not_match(database: Database, session: Session) -> None:
    tree(database, "CASCADE", (1, None, 1), (2, 1, 0), (3, 2, 1), (4, None, 0), (5, 4, 1))
    before = database.state()

    ended = session.run(Query("t").where(kind=1))

    account(database, before, ended)
    assert sorted(ended.deleted["t"]) == ["1", "3", "5"]
    assert ended.cascaded == {"t": ["2"]}
    assert ended.summary["queries"][0]["matched"] == 3


@pytest.mark.parametrize("rule", ["NO ACTION", "RESTRICT"])
def test_a_child_that_stays_holds_its_ancestors_back(database: Database, session: Session, rule: str) -> None:
    tree(database, rule, (1, None, 1), (2, 1, 1), (3, 2, 1), (4, 3, 0), (5, 1, 1), (6, 5, 1))
    before = database.state()

    ended = session.run(Query("t").where(kind=1))

    account(database, before, ended)
    assert sorted(ended.deleted["t"]) == ["5", "6"]
    assert sorted(one["record"] for one in ended.failures) == ["1", "2", "3"]
    assert {one["blocking_entity"] for one in ended.failures} == {"t"}


def test_children_that_stay_lose_their_link_and_are_counted(database: Database, session: Session) -> None:
    tree(database, "SET NULL", (1, None, 1), (2, 1, 0), (3, 1, 1), (4, 3, 0), (5, None, 0), (6, 5, 0))
    before = database.state()

    ended = session.run(Query("t").where(kind=1))

    account(database, before, ended)
    assert ended.summary["unlinked"] == {"t": 2}
    assert database.execute("SELECT id, parent FROM t ORDER BY id") == [(2, None), (4, None), (5, None), (6, 5)]


@pytest.mark.parametrize("rule", ["CASCADE", "NO ACTION"])
def test_a_deep_tree(database: Database, session: Session, rule: str) -> None:
    tree(database, rule, *((at, at + 1 if at < 80 else None, 1) for at in range(1, 81)))
    before = database.state()

    ended = session.run(Query("t").all_records())

    account(database, before, ended)
    assert ended.summary["queries"][0]["deleted"] == 80


def test_two_trees_in_one_entity(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE t (id integer PRIMARY KEY, boss integer REFERENCES t (id) ON DELETE CASCADE,
                        buddy integer REFERENCES t (id) ON DELETE SET NULL, kind integer);
        INSERT INTO t VALUES (1, NULL, NULL, 1), (2, 1, NULL, 0), (3, NULL, 2, 0), (4, NULL, 3, 0);
    """)
    before = database.state()

    ended = session.run(Query("t").where(kind=1))

    account(database, before, ended)
    assert ended.cascaded == {"t": ["2"]}
    assert ended.summary["unlinked"] == {"t": 1}


def test_beside_a_ring_that_stays_what_refers_to_itself_goes(database: Database, session: Session) -> None:
    """The record that refers to it comes later in the search: at first it fails, and goes when that one has gone."""
    database.script("""
        CREATE TABLE t (id integer PRIMARY KEY, parent integer NOT NULL,
                        CONSTRAINT up FOREIGN KEY (parent) REFERENCES t (id) ON DELETE RESTRICT);
        INSERT INTO t VALUES (1, 1), (2, 2), (3, 2), (4, 1);
        UPDATE t SET parent = 3 WHERE id = 2;
    """)
    before = database.state()

    ended = session.run(Query("t").all_records())

    account(database, before, ended)
    # PostgreSQL takes a ring in one statement; MariaDB not even a record that refers to itself.
    stays = {"postgresql": [], "sqlite": [2, 3], "mariadb": [1, 2, 3]}
    assert database.ids("t") == stays[database.name]


@pytest.mark.parametrize("rule", ["NO ACTION", "RESTRICT"])
def test_a_ring_goes_though_a_trigger_keeps_a_record_between_its_ends(
    database: Database, session: Session, rule: str
) -> None:
    """A search that halves tears the ring apart; what only the ring kept (5, 6) goes with it, what 3 keeps stays."""
    tree(database, rule, (1, 7, 1), (2, None, 1), (3, 4, 1), (4, None, 1), (5, None, 1), (6, 5, 1), (7, 1, 1))
    raising = {"sqlite": "RAISE(ABORT, 'protected')", "postgresql": "RAISE EXCEPTION 'protected'"}
    how = raising.get(database.name, "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'protected'")
    raise_on(database, "t", "old.id = 3", how)
    before = database.state()

    ended = session.run(Query("t").all_records())

    account(database, before, ended)
    assert database.ids("t") == [3, 4]
    assert ended.summary["failed"] == 2


@pytest.mark.parametrize("database", ["sqlite", POSTGRESQL], indirect=True)
def test_a_ring_goes_though_a_record_that_stays_would_take_one_of_it_along(
    database: Database, session: Session
) -> None:
    """7, 8 and 9 can only go together; 1 would take 9 along, and stays: what it falls back to is not there."""
    database.script("""
        CREATE TABLE t (id integer PRIMARY KEY, above integer REFERENCES t (id) ON DELETE CASCADE,
            beside integer NOT NULL REFERENCES t (id));
        CREATE TABLE d (id integer PRIMARY KEY, t_id integer DEFAULT 5 REFERENCES t (id) ON DELETE SET DEFAULT);
        CREATE INDEX t_above ON t (above); CREATE INDEX t_beside ON t (beside); CREATE INDEX d_t ON d (t_id);
        INSERT INTO t VALUES (1, NULL, 1), (7, NULL, 8), (8, NULL, 9), (9, 1, 7), (10, NULL, 10);
        INSERT INTO d VALUES (1, 1);
    """)
    before = database.state()

    ended = session.run(Query("t").all_records())

    account(database, before, ended)
    assert database.ids("t") == [1]
    assert ended.summary["failed"] == 1


def test_a_record_that_loses_the_link_it_was_asked_for_matches_no_more(database: Database, session: Session) -> None:
    """A trigger would keep 25; but 8 goes before it, which clears the link that the query asks about."""
    tree(database, "SET NULL", (5, None, 1), (8, 5, 1), (25, 8, 1), (9, None, 1))
    raising = {"sqlite": "RAISE(ABORT, 'protected')", "postgresql": "RAISE EXCEPTION 'protected'"}
    how = raising.get(database.name, "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'protected'")
    raise_on(database, "t", "old.id = 25", how)
    before = database.state()

    ended = session.run(Query("t").where("parent", "LessThan", 36))

    account(database, before, ended)
    assert database.ids("t") == [5, 9, 25]
    assert (ended.summary["failed"], ended.summary["unlinked"]) == (0, {"t": 1})
