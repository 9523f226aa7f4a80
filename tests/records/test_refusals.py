"""What cannot be deleted exactly is refused, with the reason, before anything changes."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database, PostgreSQLDatabase, SQLiteDatabase
from tests.records.sessions import Session, session_on


def refusal(session: Session, *queries: Query, **options: Any) -> InvalidJobError:
    """What is said of a job."""
    with pytest.raises(InvalidJobError) as refused:
        session.target.check(Job.read({"name": "x", "queries": list(queries), "options": options}))
    return refused.value


def test_an_unknown_entity_is_refused_with_a_suggestion(database: Database, session: Session) -> None:
    database.script("CREATE TABLE incident (id integer PRIMARY KEY); CREATE TABLE contact (id integer PRIMARY KEY)")

    refused = refusal(session, Query("contact").where(id=1), Query("incidnet").where(id=1))

    assert refused.field == "queries[1].EntityName"
    assert 'Did you mean "incident"?' in refused.reason
    assert "contact" in refused.reason


def test_an_unknown_attribute_is_refused_with_a_suggestion(database: Database, session: Session) -> None:
    database.script("CREATE TABLE incident (id integer PRIMARY KEY, statecode integer)")

    refused = refusal(session, Query("incident").where(id=1).where(statcode=1))

    assert refused.field == "queries[0].Criteria.Conditions[1].AttributeName"
    assert 'Did you mean "statecode"?' in refused.reason


def test_an_attribute_in_a_nested_filter_is_refused_with_its_path(database: Database, session: Session) -> None:
    database.script("CREATE TABLE incident (id integer PRIMARY KEY)")
    inner = {"Conditions": [{"AttributeName": "x", "Operator": "Null"}]}
    query: Any = {"EntityName": "incident", "Criteria": {"Filters": [{"Conditions": [
        {"AttributeName": "id", "Operator": "NotNull"}], "Filters": [inner]}]}}  # fmt: skip

    refused = refusal(session, query)

    assert refused.field == "queries[0].Criteria.Filters[0].Filters[0].Conditions[0].AttributeName"


def test_views_and_tables_without_a_key_are_refused(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE t (id integer PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t; CREATE TABLE bare (n integer);
    """)

    assert "view" in refusal(session, Query("v").all_records()).reason
    assert "no primary key" in refusal(session, Query("bare").all_records()).reason


def test_our_own_tables_and_those_of_the_system_are_refused(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY)")
    session.run(Query("t").all_records())
    names = ["bulkdelete_state.fence", "sqlite_master", "sqlite_schema"]
    if database.name == "postgresql":
        names = ["bulkdelete_state.fence", "fence", "pg_catalog.pg_class", "pg_class", "information_schema.tables"]

    for name in names:
        assert "no entity" in refusal(session, Query(name).all_records()).reason


def test_like_on_a_number_is_refused(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY)")

    assert refusal(session, Query("t").where("id", "Like", "1%")).field == "queries[0].Criteria.Conditions[0].Operator"


def test_a_bracket_without_its_end_is_refused_not_taken_literally(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, s text)")

    refused = refusal(session, Query("t").where("s", "Like", "[a-c%"))

    assert refused.field == "queries[0].Criteria.Conditions[0].Values[0]"
    assert "[a-c]" in refused.reason


def test_created_on_options_are_checked(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, made date)")

    assert refusal(session, Query("t").all_records(), created_on={"t": "mad"}).field
    assert refusal(session, Query("t").all_records(), created_on={"t": "made"}).field == "options.created_on.t"
    assert refusal(session, Query("t").all_records(), created_on={"unknown": "made"}).field


def test_a_refused_operation_fails_and_changes_nothing(database: Database, session: Session) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)")

    ended = session.run(Query("t").all_records(), Query("u").all_records())

    assert ended.summary["status"] == "failed"
    assert ended.summary["field"] == "queries[1].EntityName"
    assert database.ids("t") == [1]


SQLITE = [
    ("CREATE VIRTUAL TABLE v USING fts5(body)", "v", "virtual"),
    ("CREATE VIRTUAL TABLE v USING fts5(body)", "v_content", "shadow"),
    ("CREATE TABLE v (k text PRIMARY KEY); INSERT INTO v VALUES (NULL)", "v", "null"),
    ("CREATE TABLE v (a, b, PRIMARY KEY (a, b)); INSERT INTO v VALUES (1, NULL)", "v", "null"),
    ("CREATE TABLE u (x); CREATE TABLE v (k integer PRIMARY KEY, n);"
     "CREATE TABLE w (id integer PRIMARY KEY, n REFERENCES v (n))", "v", "mismatch"),
    ("CREATE TABLE v (k integer PRIMARY KEY); CREATE TRIGGER g BEFORE DELETE ON v BEGIN SELECT mine(); END", "v",
     "no such function"),
]  # fmt: skip


@pytest.mark.parametrize(("ddl", "entity", "reason"), SQLITE, ids=[one[2] for one in SQLITE])
def test_what_sqlite_cannot_delete_exactly(sqlite_database: SQLiteDatabase, ddl: str, entity: str, reason: str) -> None:
    sqlite_database.script(ddl)
    with session_on(sqlite_database) as session:
        assert reason in refusal(session, Query(entity).all_records()).reason


POSTGRESQL = [
    ("CREATE TABLE t (id int PRIMARY KEY); CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING", "rule"),
    ("CREATE TABLE t (id int PRIMARY KEY); CREATE RULE r AS ON DELETE TO t DO ALSO NOTIFY x", "rule"),
    ("CREATE MATERIALIZED VIEW t AS SELECT 1 AS id", "materialized view"),
    ("CREATE TABLE t (id int PRIMARY KEY);"
     "CREATE TABLE k (id int PRIMARY KEY, t_id int REFERENCES t ON DELETE CASCADE);"
     "CREATE RULE r AS ON DELETE TO k DO INSTEAD NOTHING", "rule"),
    ("CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE t (id int) INHERITS (base)", "no primary key"),
    ("CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id int PRIMARY KEY); CREATE TABLE b.t (id int PRIMARY KEY)",
     "a.t, b.t"),
    ("CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t; ALTER TABLE t REPLICA IDENTITY NOTHING",
     "replica identity"),
]  # fmt: skip


@pytest.mark.postgresql
@pytest.mark.parametrize(("ddl", "reason"), POSTGRESQL, ids=range(len(POSTGRESQL)))
def test_what_postgresql_cannot_delete_exactly(postgresql_database: PostgreSQLDatabase, ddl: str, reason: str) -> None:
    postgresql_database.script(ddl)
    with session_on(postgresql_database) as session:
        assert reason in refusal(session, Query("t").all_records()).reason
