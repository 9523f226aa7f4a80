"""Relationships that only a catalogue knows, or states otherwise than the database: as exact as the database's own."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.causes import DECLARED
from tests.records.databases import Database
from tests.records.sessions import Ended, Session, account
from tests.records.test_triggers import raise_on

NOTES = """
CREATE TABLE contact (id integer PRIMARY KEY, n integer);
CREATE TABLE note (id integer PRIMARY KEY, contact_ref integer {reference});
CREATE INDEX note_contact ON note (contact_ref);
INSERT INTO contact VALUES (1, 1), (2, 1), (3, 0), (4, 1);
INSERT INTO note VALUES (1, 1), (2, 1), (3, 2), (4, 3), (5, NULL);
"""
RAISES = {
    "sqlite": "RAISE(ABORT, 'protected')",
    "postgresql": "RAISE EXCEPTION 'protected'",
    "mariadb": "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'protected'",
}
RULES = ["cascade", "remove_link", "restrict"]


def link(child: str, column: str, parent: str, rule: str, **more: Any) -> dict[str, Any]:
    return {"child": child, "columns": [column], "parent": parent, "rule": rule, **more}


def under(session: Session, *links: dict[str, Any], **entities: dict[str, Any]) -> Session:
    session.catalogue = Declarations.read({"entities": entities, "relationships": list(links)})
    return session


def check_notes(database: Database, ended: Ended, rule: str) -> None:
    links = database.execute("SELECT id, contact_ref FROM note ORDER BY id")
    if rule == "cascade":
        assert ended.cascaded == {"note": ["1", "2", "3"]}
    elif rule == "remove_link":
        assert ended.summary["unlinked"] == {"note": 3}
        assert links == [(1, None), (2, None), (3, None), (4, 3), (5, None)]
    else:
        assert ended.deleted == {"contact": ["4"]}
        assert (ended.failed(1)["blocking_count"], ended.failed(1)["blocking_sample"]) == (2, ["1", "2"])
        assert (ended.failed(2)["blocking_entity"], ended.failed(2)["blocking_count"]) == ("note", 1)
        assert len(links) == 5


@pytest.mark.parametrize("rule", RULES)
def test_a_relationship_without_any_foreign_key(database: Database, session: Session, rule: str) -> None:
    database.script(NOTES.format(reference=""))
    before = database.state()

    ended = under(session, link("note", "contact_ref", "contact", rule)).run(Query("contact").where(n=1))

    account(database, before, ended)
    check_notes(database, ended, rule)
    for failure in ended.failures:
        assert (failure["error_number"], failure["constraint"]) == (DECLARED, "note_contact_ref")
        assert failure["error_description"] == (
            "the catalogue says that records of note restrict what they refer to (contact_ref)"
        )


@pytest.mark.parametrize("own", ["CASCADE", "SET NULL", "RESTRICT", "NO ACTION"])
@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_a_foreign_key_is_overridden(database: Database, session: Session, own: str, rule: str) -> None:
    key = f", CONSTRAINT note_key FOREIGN KEY (contact_ref) REFERENCES contact (id) ON DELETE {own}"
    database.script(NOTES.format(reference=key))
    before = database.state()

    ended = under(session, link("note", "contact_ref", "contact", rule)).run(Query("contact").where(n=1))

    account(database, before, ended)
    check_notes(database, ended, rule)
    for failure in ended.failures:
        is_its_own = own in {"RESTRICT", "NO ACTION"}
        assert (failure["error_number"] != DECLARED) == is_its_own
        assert failure["constraint"] == "note_key"


def test_added_and_known_relationships_go_on_from_each_other(database: Database, session: Session) -> None:
    """A cascade of the catalogue's, one of the database's below it, and below that one that restricts."""
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY);
        CREATE TABLE b (id integer PRIMARY KEY, a_ref integer);
        CREATE TABLE c (id integer PRIMARY KEY, b_id integer, FOREIGN KEY (b_id) REFERENCES b (id) ON DELETE CASCADE);
        CREATE TABLE d (id integer PRIMARY KEY, c_ref integer);
        INSERT INTO a VALUES (1), (2), (3);
        INSERT INTO b VALUES (1, 1), (2, 2), (3, 3);
        INSERT INTO c VALUES (1, 1), (2, 2), (3, 3);
        INSERT INTO d VALUES (1, 2), (2, 2);
    """)
    before = database.state()

    ended = under(session, link("b", "a_ref", "a", "cascade"), link("d", "c_ref", "c", "restrict")).run(
        Query("a").all_records(), Query("d").where(id=1)
    )

    account(database, before, ended)
    assert ended.operation.order == [1, 0]
    assert ended.cascaded == {"b": ["1", "3"], "c": ["1", "3"]}
    assert (ended.failed(2)["blocking_entity"], ended.failed(2)["blocking_sample"]) == ("d", ["2"])


@pytest.mark.parametrize("own", ["", "CASCADE", "SET NULL", "NO ACTION", "RESTRICT"])
@pytest.mark.parametrize("rule", RULES)
def test_a_tree(database: Database, session: Session, own: str, rule: str) -> None:
    """1 to 40 in a chain, each under the one before; 50 and 51 under 1; 60 its own parent; 70 and 71 each other's."""
    key = f", FOREIGN KEY (up) REFERENCES t (id) ON DELETE {own}" if own else ""
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, n integer, up integer{key})")
    database.script(f"INSERT INTO t SELECT i, 1, NULL FROM {database.series(40)}")
    database.script("""
        UPDATE t SET up = id - 1 WHERE id > 1;
        INSERT INTO t VALUES (50, 0, 1), (51, 0, 50), (60, 1, NULL), (70, 1, NULL), (71, 1, 70);
        UPDATE t SET up = 60 WHERE id = 60; UPDATE t SET up = 71 WHERE id = 70;
    """)
    before = database.state()

    ended = under(session, link("t", "up", "t", rule)).run(Query("t").where(n=1))

    account(database, before, ended)
    left = database.execute("SELECT id, up FROM t ORDER BY id")
    if rule == "cascade":
        assert (left, ended.cascaded) == ([], {"t": ["50", "51"]})
    elif rule == "remove_link":
        assert (left, ended.summary["unlinked"]) == ([(50, None), (51, 50)], {"t": 1})
    else:
        assert left == [(1, None), (50, 1), (51, 50)]
        assert ended.failed(1)["blocking_sample"] == ["50"]


@pytest.mark.parametrize("own", ["", "RESTRICT"])
def test_a_ring_of_entities(database: Database, session: Session, own: str) -> None:
    """Each takes the other along, whatever the database says."""
    database.script("CREATE TABLE a (id integer PRIMARY KEY, b_ref integer)")
    key = f", FOREIGN KEY (a_ref) REFERENCES a (id) ON DELETE {own}" if own else ""
    database.script(f"CREATE TABLE b (id integer PRIMARY KEY, a_ref integer{key})")
    if own and database.name != "sqlite":
        database.script("ALTER TABLE a ADD FOREIGN KEY (b_ref) REFERENCES b (id)")
    database.script("""
        INSERT INTO a VALUES (1, NULL), (2, NULL), (3, NULL);
        INSERT INTO b VALUES (1, 1), (2, 2), (3, NULL);
        UPDATE a SET b_ref = 1 WHERE id IN (1, 2);
    """)
    before = database.state()
    both = link("a", "b_ref", "b", "cascade"), link("b", "a_ref", "a", "cascade")

    ended = under(session, *both).run(Query("a").where(id=1))

    account(database, before, ended)
    assert (ended.deleted, sorted(ended.cascaded)) == ({"a": ["1"]}, ["a", "b"])
    assert (database.ids("a"), database.ids("b")) == ([3], [3])


def test_composite_links_lose_what_may_be_null(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (tenant integer, id integer, PRIMARY KEY (tenant, id));
        CREATE TABLE k (id integer PRIMARY KEY, tenant integer NOT NULL, p_ref integer);
        INSERT INTO p VALUES (1, 1), (1, 2), (2, 1);
        INSERT INTO k VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 2), (5, 1, NULL);
    """)
    before = database.state()
    said = {"child": "k", "columns": ["tenant", "p_ref"], "parent": "p", "rule": "remove_link"}

    ended = under(session, said).run(Query("p").where(tenant=1))

    account(database, before, ended)
    assert ended.summary["unlinked"] == {"k": 2}
    assert database.execute("SELECT id, tenant, p_ref FROM k ORDER BY id") == [
        (1, 1, None), (2, 1, None), (3, 2, 1), (4, 2, 2), (5, 1, None),
    ]  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_columns_other_than_the_key_are_referred_to(database: Database, session: Session, rule: str) -> None:
    database.script("""
        CREATE TABLE contact (id integer PRIMARY KEY, code varchar(9), n integer);
        CREATE TABLE note (id integer PRIMARY KEY, contact_ref varchar(20));
        INSERT INTO contact VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 0), (4, 'd', 1);
        INSERT INTO note VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, 'c'), (5, NULL);
    """)
    before = database.state()
    said = link("note", "Contact_Ref", "contact", rule, references=["CODE"])

    ended = under(session, said).run(Query("contact").where(n=1))

    account(database, before, ended)
    if rule != "remove_link":
        check_notes(database, ended, rule)
    assert database.count("contact") == (3 if rule == "restrict" else 1)


@pytest.mark.parametrize("own", ["", "CASCADE", "SET NULL"])
def test_a_restriction_holds_where_what_restricts_fails(database: Database, session: Session, own: str) -> None:
    """2 refers to 1, and a trigger keeps it; the database itself would let 1 go."""
    key = f", FOREIGN KEY (up) REFERENCES t (id) ON DELETE {own}" if own else ""
    database.script(f"CREATE TABLE t (id integer PRIMARY KEY, up integer{key})")
    database.script("INSERT INTO t VALUES (1, NULL), (2, 1), (3, NULL)")
    raise_on(database, "t", "old.id = 2", RAISES[database.name])
    before = database.state()

    ended = under(session, link("t", "up", "t", "restrict")).run(Query("t").all_records())

    account(database, before, ended)
    assert ended.deleted == {"t": ["3"]}
    assert (ended.failed(1)["error_number"], ended.failed(1)["blocking_entity"]) == (DECLARED, "t")
    assert "protected" in ended.failed(2)["error_description"]
    assert database.execute("SELECT id, up FROM t ORDER BY id") == [(1, None), (2, 1)]


def test_a_missing_index_is_told(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE k (id integer PRIMARY KEY, a integer, b integer, c integer);
        CREATE INDEX k_ab ON k (b, a);
    """)
    links = [link("k", column, "p", "cascade") for column in "abc"]

    job = under(session, *links).job(Query("p").all_records())

    catalogue = session.target.scope(job).catalogue

    assert {one.child_columns: one.indexed for one in catalogue.relationships} == {
        ("a",): False, ("b",): True, ("c",): False,
    }  # fmt: skip
