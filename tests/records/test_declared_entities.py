"""What a catalogue says of entities: their names, what tells when a record was created, which are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.sessions import Session, session_on

CRM = """
CREATE TABLE crm_contact (id integer PRIMARY KEY, name varchar(20), made {time}, changed_on {time}, createdon {time});
CREATE TABLE crm_note (id integer PRIMARY KEY, contact_ref integer, text_ref varchar(20), must integer NOT NULL);
CREATE TABLE audit_log (id integer PRIMARY KEY, contact_id integer,
    FOREIGN KEY (contact_id) REFERENCES crm_contact (id) ON DELETE CASCADE);
INSERT INTO crm_contact VALUES (1, 'a', '2020-01-01 00:00:00', '2020-01-01 00:00:00', '2020-01-01 00:00:00'),
    (2, 'b', '2020-01-01 00:00:00', '2999-01-01 00:00:00', '2999-01-01 00:00:00'),
    (3, 'c', '2999-01-01 00:00:00', '2020-01-01 00:00:00', '2999-01-01 00:00:00');
INSERT INTO crm_note VALUES (1, 1, 'a', 1), (2, 2, 'b', 2);
"""
NAMED = {"contact": {"table": "crm_contact"}, "note": {"table": "crm_note"}}
LINK = {"child": "note", "columns": ["contact_ref"], "parent": "contact", "rule": "cascade"}


@pytest.fixture
def crm(database: Database, session: Session) -> Session:
    time = {"sqlite": "text", "postgresql": "timestamp", "mariadb": "datetime"}[database.name]
    database.script(CRM.format(time=time))
    return session


def under(session: Session, *links: dict[str, Any], **entities: dict[str, Any]) -> Session:
    session.catalogue = Declarations.read({"entities": entities, "relationships": list(links)})
    return session


def refused(session: Session, query: Query | None = None) -> InvalidJobError:
    with pytest.raises(InvalidJobError) as found:
        session.target.preview(session.job(query or Query("crm_contact").where(id=1)))
    return found.value


def test_entities_are_told_by_the_names_that_the_catalogue_gives(crm: Session) -> None:
    ended = under(crm, LINK, **NAMED, audit={"table": "audit_log"}).run(
        Query("contact").where(id=1), Query("CRM_CONTACT").where(id=2), created_on={"contact": None}
    )

    assert [one["entity"] for one in ended.summary["queries"]] == ["contact", "contact"]
    assert ended.deleted == {"contact": ["1", "2"]}
    assert ended.cascaded == {"note": ["1", "2"]}


def test_names_may_be_exchanged(database: Database, session: Session) -> None:
    database.script("CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY);")
    database.script("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2);")

    ended = under(session, a={"table": "b"}, b={"table": "a"}).run(Query("a").all_records())

    assert ended.deleted == {"a": ["2"]}
    assert (database.count("a"), database.count("b")) == (1, 0)


@pytest.mark.parametrize("name", [pytest.param("postgresql", marks=pytest.mark.postgresql),
                                  pytest.param("mariadb", marks=pytest.mark.mariadb)])  # fmt: skip
def test_a_table_of_another_schema(request: pytest.FixtureRequest, name: str) -> None:
    database: Database = request.getfixturevalue(f"{name}_database")
    schema = "CREATE DATABASE IF NOT EXISTS" if name == "mariadb" else "CREATE SCHEMA"
    database.script(f"{schema} declared_crm")
    try:
        database.script("""
            CREATE TABLE contact (id integer PRIMARY KEY);
            CREATE TABLE declared_crm.contact (id integer PRIMARY KEY);
            CREATE TABLE note (id integer PRIMARY KEY, contact_ref integer);
            INSERT INTO contact VALUES (1); INSERT INTO declared_crm.contact VALUES (2), (3);
            INSERT INTO note VALUES (1, 1), (2, 2), (3, 3);
        """)
        said = {"child": "note", "columns": ["contact_ref"], "parent": "client", "rule": "cascade"}
        with session_on(database) as session:
            ended = under(session, said, client={"table": "declared_crm.contact"}).run(Query("client").where(id=2))
        assert (ended.deleted, ended.cascaded) == ({"client": ["2"]}, {"note": ["2"]})
        assert (database.ids("contact"), database.ids("declared_crm.contact")) == ([1], [3])
    finally:
        database.script("DROP SCHEMA declared_crm" + (" CASCADE" if name == "postgresql" else ""))


@pytest.mark.parametrize(
    ("said", "chosen", "left"),
    [
        ({}, {}, [2, 3]),
        ({"created_on": "made"}, {}, [3]),
        ({"created_on": "MADE"}, {"contact": "changed_on"}, [2]),
        ({"created_on": False}, {}, []),
        ({"created_on": "made"}, {"contact": None}, []),
    ],
)
def test_created_on(crm: Session, database: Database, said: dict[str, Any], chosen: dict[str, Any], left: Any) -> None:
    """The job's own choice goes before the catalogue's, and that before the usual names."""
    contact = {"table": "crm_contact", **said}
    links = {"child": "audit_log", "columns": ["contact_id"], "parent": "contact", "rule": "remove_link"}

    under(crm, links, contact=contact).run(Query("contact").all_records(), created_on=chosen)

    assert database.ids("crm_contact") == left


def test_an_excluded_entity_is_neither_asked_for_nor_taken_along(crm: Session, database: Database) -> None:
    under(crm, **NAMED, audit_log={"exclude": True})

    for name in ("audit_log", "AUDIT_LOG"):
        found = refused(crm, Query(name).all_records())
        assert (found.field, found.reason) == (
            "queries[0].EntityName", f'the catalogue excludes "{name}": its records are not deleted',
        )  # fmt: skip
    found = refused(crm)
    assert found.field == "catalogue.entities.audit_log.exclude"
    assert 'a deletion of "contact" takes records of "audit_log" along' in found.reason

    kept = {"child": "audit_log", "columns": ["contact_id"], "parent": "contact", "rule": "restrict"}
    ended = under(crm, kept, **NAMED, audit_log={"exclude": True}).run(Query("contact").where(id=1))
    assert ended.deleted == {"contact": ["1"]}


BAD = [
    ({}, {"contact": {"table": "crm_contct"}}, "entities.contact.table",
     'the database has no entity "crm_contct". Did you mean "crm_contact"? entities: audit_log, crm_contact, crm_note'),
    ({}, {"audit_lgo": {"exclude": True}}, "entities.audit_lgo", 'Did you mean "audit_log"?'),
    ({}, {"crm_note": {"table": "crm_contact"}}, "entities.crm_note",
     'the database has a table "crm_note" of its own: choose another name, or give that table one, too'),
    ({}, {"a": {"table": "crm_note"}, "b": {"table": "crm_note"}}, "entities.b.table",
     '"crm_note" is already called "a" in the catalogue'),
    ({}, {"contact": {"table": "crm_contact", "created_on": "maed"}}, "entities.contact.created_on",
     'entity "contact" has no attribute "maed". Did you mean "made"?'),
    ({}, {"crm_contact": {"created_on": "id"}}, "entities.crm_contact.created_on", "holds no time of day"),
    ({"child": "nota"}, NAMED, "relationships[0].child",
     'entities of the catalogue: contact, note. Did you mean "note"?'),
    ({"parent": "contcat"}, NAMED, "relationships[0].parent", 'Did you mean "contact"?'),
    ({"columns": ["contact_rfe"]}, NAMED, "relationships[0].columns",
     'entity "note" has no attribute "contact_rfe". Did you mean "contact_ref"? attributes: id, contact_ref,'),
    ({"references": ["nmae"]}, NAMED, "relationships[0].references", 'Did you mean "name"?'),
    ({"columns": ["text_ref"]}, NAMED, "relationships[0].columns[0]", "they cannot be compared"),
    ({"columns": ["contact_ref", "must"]}, NAMED, "relationships[0].references",
     '2 columns refer to 1 of "contact" (id)'),
    ({"columns": ["must"], "rule": "remove_link"}, NAMED, "relationships[0].rule",
     '"note.must" may not be null: the link cannot be removed; accepted: cascade, restrict'),
]  # fmt: skip


@pytest.mark.parametrize(("link", "entities", "field", "reason"), BAD)
def test_what_does_not_fit_the_database(
    crm: Session, link: dict[str, Any], entities: dict[str, Any], field: str, reason: str
) -> None:
    found = refused(under(crm, *([{**LINK, **link}] if link else []), **entities))

    assert found.field == f"catalogue.{field}"
    assert reason in found.reason


@pytest.mark.parametrize("child", ["note", "audit_log"])
def test_a_relationship_has_one_rule(crm: Session, child: str) -> None:
    one = {**LINK, "child": child, "columns": ["contact_ref" if child == "note" else "contact_id"]}

    found = refused(under(crm, one, {**one, "rule": "restrict"}, **NAMED))

    assert (found.field, "stands twice" in found.reason) == ("catalogue.relationships[1]", True)


@pytest.mark.mariadb
def test_columns_of_a_type_that_the_database_cannot_compare(mariadb_database: Database) -> None:
    """Texts of two collations: the database is asked."""
    mariadb_database.script("""
        CREATE TABLE p (id varchar(9) COLLATE utf8mb4_unicode_ci PRIMARY KEY);
        CREATE TABLE k (id integer PRIMARY KEY, p_ref varchar(9) COLLATE utf8mb4_general_ci);
    """)
    with session_on(mariadb_database) as session:
        under(session, {"child": "k", "columns": ["p_ref"], "parent": "p", "rule": "cascade"})
        found = refused(session, Query("p").all_records())

    assert found.field == "catalogue.relationships"
    assert '"k.p_ref" cannot be compared with "p.id"' in found.reason
