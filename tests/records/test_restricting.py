"""Records that others hold back: split off exactly, with the database's own code and the entity that really blocks."""

from __future__ import annotations

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.sessions import Session, account
from tests.records.test_declared_rules import link, under

NO_ACTION = {"sqlite": "787", "postgresql": "23503", "mariadb": "1451"}
RESTRICT = {"sqlite": "1811", "postgresql": "23001", "mariadb": "1451"}
NAMED = {"sqlite": "incident_contact_id_fkey", "postgresql": "holds", "mariadb": "holds"}
HOLDS = {
    "sqlite": " CONSTRAINT holds REFERENCES contact (id) ON DELETE {rule}",
    "postgresql": " CONSTRAINT holds REFERENCES contact (id) ON DELETE {rule}",
    "mariadb": ", CONSTRAINT holds FOREIGN KEY (contact_id) REFERENCES contact (id) ON DELETE {rule}",
}
RULES = {"NO ACTION": NO_ACTION, "RESTRICT": RESTRICT}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("of", "blocked"), [(200, 0), (200, 2), (200, 100), (200, 200)])
def test_any_share_of_blocked_records_is_exact(
    database: Database, session: Session, rule: str, of: int, blocked: int
) -> None:
    database.script(f"""
        CREATE TABLE contact (id integer PRIMARY KEY, status integer);
        CREATE TABLE incident (id integer PRIMARY KEY,
                               contact_id integer{HOLDS[database.name].format(rule=rule)});
        CREATE INDEX incident_contact ON incident (contact_id);
    """)
    database.script(f"INSERT INTO contact SELECT i, i % 2 FROM {database.series(2 * of)}")
    if blocked:
        database.script(f"INSERT INTO incident SELECT i, 2 * i * {of // blocked} - 1 FROM {database.series(blocked)}")
    before = database.state()

    ended = session.run(Query("contact").where(status=1))

    account(database, before, ended)
    (query,) = ended.summary["queries"]
    assert (query["deleted"], query["failed"], query["matched"]) == (of - blocked, blocked, of)
    for failure in ended.failures:
        assert failure["error_number"] == RULES[rule][database.name]
        assert failure["blocking_entity"] == "incident"
        assert failure["constraint"] == NAMED[database.name]
        assert failure["error_description"]


def test_below_a_cascade_the_real_blocker_is_named(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE account (id integer PRIMARY KEY);
        CREATE TABLE contact (id integer PRIMARY KEY, account_id integer REFERENCES account (id) ON DELETE CASCADE);
        CREATE TABLE invoice (id integer PRIMARY KEY, contact_id integer REFERENCES contact (id) ON DELETE RESTRICT);
        INSERT INTO account VALUES (1), (2), (3);
        INSERT INTO contact VALUES (1, 1), (2, 1), (3, 2), (4, 3);
        INSERT INTO invoice VALUES (1, 2), (2, 3), (3, NULL);
    """)
    before = database.state()

    ended = session.run(Query("account").all_records())

    account(database, before, ended)
    assert ended.deleted == {"account": ["3"]}
    assert ended.cascaded == {"contact": ["4"]}
    for record in (1, 2):
        failure = ended.failed(record)
        assert failure["entity"] == "account"
        assert failure["blocking_entity"] == "invoice"
        assert failure["error_number"] == RESTRICT[database.name]


def test_the_restricting_entity_goes_first_and_numbering_stays(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE contact (id integer PRIMARY KEY);
        CREATE TABLE incident (id integer PRIMARY KEY, contact_id integer REFERENCES contact (id));
        INSERT INTO contact VALUES (1), (2);
        INSERT INTO incident VALUES (1, 1), (2, 2);
    """)
    before = database.state()

    ended = session.run(Query("contact").all_records(), Query("incident").where(id=1))

    account(database, before, ended)
    assert ended.operation.order == [1, 0]
    assert [query["entity"] for query in ended.summary["queries"]] == ["contact", "incident"]
    assert ended.deleted == {"contact": ["1"], "incident": ["1"]}
    assert ended.failed(2)["query_index"] == 0


def test_in_a_ring_of_restrictions_as_written_and_failures_are_tried_again(
    database: Database, session: Session
) -> None:
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY, b_id integer);
        CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id));
        INSERT INTO a VALUES (1, NULL), (2, 2), (3, 3);
        INSERT INTO b VALUES (1, 1), (2, NULL), (3, 3);
    """)
    if database.name != "sqlite":
        database.script("ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id)")
    else:
        database.script("""
            CREATE TABLE a2 (id integer PRIMARY KEY, b_id integer REFERENCES b (id));
            INSERT INTO a2 SELECT * FROM a; DROP TABLE a; ALTER TABLE a2 RENAME TO a;
        """)
    before = database.state()

    ended = session.run(Query("a").all_records(), Query("b").all_records())

    account(database, before, ended)
    assert ended.operation.order == [0, 1]
    # a1 is held by b1, which goes in the second query; a3 and b3 hold each other for ever.
    assert sorted(ended.deleted["a"]) == ["1", "2"]
    assert sorted(ended.deleted["b"]) == ["1", "2"]
    assert [(one["entity"], one["record"]) for one in ended.failures] == [("a", "3"), ("b", "3")]


def test_a_restricting_child_that_goes_in_the_same_cascade_does_not_block(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE account (id integer PRIMARY KEY);
        CREATE TABLE contact (id integer PRIMARY KEY, account_id integer REFERENCES account (id) ON DELETE CASCADE);
        CREATE TABLE invoice (id integer PRIMARY KEY, account_id integer REFERENCES account (id) ON DELETE CASCADE,
                              contact_id integer REFERENCES contact (id));
        INSERT INTO account VALUES (1), (2);
        INSERT INTO contact VALUES (1, 1), (2, 2);
        INSERT INTO invoice VALUES (1, 1, 1), (2, 1, 2);
    """)
    before = database.state()

    ended = session.run(Query("account").where(id=1))

    account(database, before, ended)
    assert ended.summary["failed"] == 0
    assert ended.cascaded == {"contact": ["1"], "invoice": ["1", "2"]}


def test_half_null_composite_links_do_not_block(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (x integer, y integer, PRIMARY KEY (x, y));
        CREATE TABLE k (id integer PRIMARY KEY, px integer, py integer, FOREIGN KEY (px, py) REFERENCES p (x, y));
        INSERT INTO p VALUES (1, 1), (1, 2);
        INSERT INTO k VALUES (1, 1, NULL), (2, 1, 2), (3, NULL, NULL);
    """)
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert ended.deleted == {"p": [("1", "1")]}
    assert ended.failed(("1", "2"))["blocking_entity"] == "k"


def test_two_blockers_name_one_and_every_blocked_record_once(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id));
        CREATE TABLE l (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE RESTRICT);
        INSERT INTO p VALUES (1), (2), (3), (4);
        INSERT INTO k VALUES (1, 1), (2, 2);
        INSERT INTO l VALUES (1, 1), (2, 3);
    """)
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert ended.failed(2)["blocking_entity"] == "k"
    assert ended.failed(3)["blocking_entity"] == "l"
    assert ended.failed(3)["error_number"] == RESTRICT[database.name]
    assert ended.deleted == {"p": ["4"]}


@pytest.mark.parametrize("many", [1, 5])
def test_how_many_records_block_and_which(database: Database, session: Session, many: int) -> None:
    """Below a cascade, too; a sample of three, by key; what goes along blocks nothing."""
    database.script(f"""
        CREATE TABLE account (id integer PRIMARY KEY);
        CREATE TABLE contact (id integer PRIMARY KEY, account_id integer REFERENCES account (id) ON DELETE CASCADE);
        CREATE TABLE invoice (id integer PRIMARY KEY, contact_id integer REFERENCES contact (id));
        INSERT INTO account VALUES (1), (2), (3);
        INSERT INTO contact VALUES (1, 1), (2, 1), (3, 2), (4, 3);
        INSERT INTO invoice SELECT i, 1 FROM {database.series(many)}; INSERT INTO invoice VALUES (100, 2), (101, 3);
    """)
    before = database.state()

    ended = session.run(Query("account").all_records())

    account(database, before, ended)
    assert (ended.failed(1)["blocking_count"], ended.failed(2)["blocking_count"]) == (many + 1, 1)
    assert ended.failed(1)["blocking_sample"] == [str(at) for at in range(1, many + 1)][:3] + ["100"] * (many == 1)
    assert ended.failed(2)["blocking_sample"] == ["101"]


def test_what_an_error_without_names_keeps_is_tried_again(database: Database, session: Session) -> None:
    """SQLite says neither which reference it was nor that it was one of those that a later query takes."""
    database.script("""
        CREATE TABLE p (id integer PRIMARY KEY);
        CREATE TABLE k (id integer PRIMARY KEY, p_id integer DEFAULT 99,
                        FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE SET DEFAULT);
        INSERT INTO p VALUES (1), (2); INSERT INTO k VALUES (1, 1);
    """)
    before = database.state()

    ended = session.run(Query("p").all_records(), Query("k").all_records())

    account(database, before, ended)
    assert (database.ids("p"), database.ids("k"), ended.failures) == ([], [], [])


def test_a_ring_of_which_only_one_link_may_be_cut(database: Database, session: Session) -> None:
    """The entity that goes first is not the one whose link is cut."""
    if database.name == "sqlite":
        database.script("CREATE TABLE a (id integer PRIMARY KEY, b_ref integer REFERENCES b (id) ON DELETE RESTRICT)")
    else:
        database.script("CREATE TABLE a (id integer PRIMARY KEY, b_ref integer)")
    database.script("""
        CREATE TABLE b (id integer PRIMARY KEY, a_ref integer NOT NULL DEFAULT 1,
                        FOREIGN KEY (a_ref) REFERENCES a (id) ON DELETE SET DEFAULT);
        INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (38, 1);
    """)
    if database.name != "sqlite":
        database.script("ALTER TABLE a ADD FOREIGN KEY (b_ref) REFERENCES b (id) ON DELETE RESTRICT")
    database.script("UPDATE a SET b_ref = 38")
    before = database.state()

    ended = under(session, link("a", "b_ref", "b", "cascade")).run(Query("b").all_records())

    account(database, before, ended)
    assert (ended.deleted, ended.cascaded, ended.failures) == ({"b": ["38"]}, {"a": ["1"]}, [])
