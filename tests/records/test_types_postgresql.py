"""PostgreSQL's own types: compared by the server in the column's type, and never fetched without need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
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


def deleted(database: PostgreSQLDatabase, session: Session, operator: str, *values: Any) -> list[Any]:
    before = database.state()
    ended = session.run(Query("r").where("v", operator, *values))
    account(database, before, ended)
    return sorted(ended.deleted.get("r", []), key=str)


CASES: list[tuple[str, str, list[str], str, list[Any], list[str]]] = [
    ("enum", "mood", ["'sad'", "'happy'", "NULL"], "Equal", ["sad"], ["0"]),
    ("enum is ordered as declared", "mood", ["'sad'", "'happy'", "'ok'"], "LessThan", ["happy"], ["0", "2"]),
    ("enum with NotEqual", "mood", ["'sad'", "'happy'", "NULL"], "NotEqual", ["sad"], ["1", "2"]),
    ("domain over integer", "positive", ["1", "2", "NULL"], "GreaterThan", [1], ["1"]),
    ("domain over text", "code", ["'a'", "'b'", "NULL"], "Like", ["a%"], ["0"]),
    ("char pads", "char(5)", ["'abc'", "'abcd'", "NULL"], "Equal", ["abc"], ["0"]),
    ("varchar", "varchar(5)", ["'abc'", "'ABC'", "NULL"], "Equal", ["abc"], ["0"]),
    ("name", "name", ["'abc'", "'abd'", "NULL"], "Equal", ["abc"], ["0"]),
    ("bytea", "bytea", ["'\\x00ff'", "'\\x01'", "NULL"], "Equal", ["00FF"], ["0"]),
    ("interval", "interval", ["'1 day'", "'25 hours'", "NULL"], "GreaterThan", ["24 hours"], ["1"]),
    ("inet", "inet", ["'10.0.0.1'", "'10.0.0.2'", "NULL"], "Equal", ["10.0.0.1"], ["0"]),
    ("time", "time", ["'10:00'", "'11:00'", "NULL"], "LessThan", ["10:30"], ["0"]),
    ("smallint", "smallint", ["1", "-1", "NULL"], "LessThan", [0], ["1"]),
    ("numeric exact", "numeric", ["0.1", "0.10000000000000000001", "NULL"], "Equal", ["0.1"], ["0"]),
    ("numeric huge", "numeric", ["1e40", "1", "NULL"], "GreaterThan", ["1e39"], ["0"]),
    ("numeric not a number", "numeric", ["'NaN'", "1", "NULL"], "LessThan", [5], ["1"]),
    ("real", "real", ["0.5", "0.25", "NULL"], "Equal", [0.5], ["0"]),
    ("double", "double precision", ["'NaN'", "'-Infinity'", "1"], "LessThan", [0], ["1"]),
    ("date infinity", "date", ["'infinity'", "'4713-01-01 BC'", "'2024-01-01'"], "LessThan",
     ["2024-01-02"], ["1", "2"]),
    ("instant infinity", "timestamptz", ["'infinity'", "'-infinity'", "'2024-01-01 00:30+01'"], "LessThan",
     ["2024-01-01"], ["1", "2"]),
    ("instant offset", "timestamptz", ["'2024-01-01 00:00Z'", "'2024-01-01 01:00Z'", "NULL"], "Equal",
     ["2024-01-01T02:00:00+01:00"], ["1"]),
    ("wall time takes an offset as UTC", "timestamp", ["'2024-01-01 00:00'", "'2024-01-01 01:00'", "NULL"], "Equal",
     ["2024-01-01T02:00:00+01:00"], ["1"]),
    ("json is no text", "jsonb", ["'{}'", "'[]'", "NULL"], "Null", [], ["2"]),
    ("xid", "xid", ["'5'", "'6'", "NULL"], "Equal", ["5"], ["0"]),
    ("money", "money", ["5", "6", "NULL"], "Equal", ["$5.00"], ["0"]),
    ("array null", "integer[]", ["'{1}'", "'{}'", "NULL"], "NotNull", [], ["0", "1"]),
    ("bit", "bit(3)", ["B'101'", "B'111'", "NULL"], "Equal", ["101"], ["0"]),
    ("varbit", "bit varying(5)", ["B'101'", "B'1'", "NULL"], "Equal", ["101"], ["0"]),
    ("quoted char", '"char"', ["'a'", "'b'", "NULL"], "Equal", ["a"], ["0"]),
    ("percent and colon in values", "text", ["'100%(x)s :y'", "'100'", "NULL"], "Equal", ["100%(x)s :y"], ["0"]),
    ("backslash", "text", ["'a\\b'", "'ab'", "NULL"], "Equal", ["a\\b"], ["0"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "values", "operator", "to", "gone"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_types(
    database: PostgreSQLDatabase, session: Session, kind: str, values: list[str], operator: str, to: list[Any],
    gone: list[str],
) -> None:  # fmt: skip
    database.script(f"""
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
        CREATE DOMAIN positive AS integer CHECK (VALUE > 0); CREATE DOMAIN code AS varchar(9);
        CREATE TABLE r (id integer PRIMARY KEY, v {kind});
    """)
    for at, value in enumerate(values):
        database.execute(f"INSERT INTO r VALUES ({at}, {value})")

    assert deleted(database, session, operator, *to) == gone


def test_case_insensitive_text(database: PostgreSQLDatabase, session: Session) -> None:
    if not database.execute("SELECT FROM pg_available_extensions WHERE name = 'citext'"):
        database.script("CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
        kind = "text COLLATE ci"
    else:
        database.script("CREATE EXTENSION citext")
        kind = "citext"
    database.script(f"CREATE TABLE r (id integer PRIMARY KEY, v {kind}); INSERT INTO r VALUES (0, 'ABC'), (1, 'abd')")

    assert deleted(database, session, "Equal", "abc") == ["0"]


REFUSED: list[tuple[str, Any]] = [
    ("integer", "x"), ("integer", 2**70), ("integer", 1.5), ("smallint", 70_000), ("integer", 2**40), ("uuid", "x"),
    ("timestamp", 5), ("text", 5), ("numeric", "NaN"), ("mood", "unknown"), ("inet", "x"), ("positive", "x"),
    ("bytea", "x"), ("json", "{}"), ("double precision", 10**400),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=str)
def test_values_that_do_not_fit_are_refused(
    database: PostgreSQLDatabase, session: Session, kind: str, value: Any
) -> None:
    database.script(f"""
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
        CREATE TABLE r (id integer PRIMARY KEY, v {kind});
    """)

    with pytest.raises(InvalidJobError) as refused:
        session.target.check(Job.read({"name": "x", "queries": [Query("r").where(v=value)]}))

    if refused.value.field != "queries[0].Criteria.Conditions[0].Values[0]":
        assert kind in {"json", "mood", "inet", "smallint", "integer"}, refused.value


def test_unreadable_values_in_other_columns_are_never_fetched(database: PostgreSQLDatabase, session: Session) -> None:
    database.script("""
        CREATE TABLE r (id integer PRIMARY KEY, v integer, t timestamptz, d date, n numeric, createdon timestamptz);
        CREATE TABLE k (id integer PRIMARY KEY, r_id integer REFERENCES r (id) ON DELETE CASCADE, t timestamp);
        INSERT INTO r VALUES (1, 1, 'infinity', '4713-01-01 BC', 'NaN', '-infinity'),
                             (2, 1, '-infinity', '20000-01-01', 1e100, 'infinity');
        INSERT INTO k VALUES (1, 1, 'infinity'), (2, 2, '20000-01-01');
    """)

    assert deleted(database, session, "Equal", 1) == ["1"]


def test_settings_of_the_server_do_not_matter(postgresql_url: str) -> None:
    database = PostgreSQLDatabase(postgresql_url)
    (name,) = database.execute("SELECT current_database()")[0]
    database.script(f"""
        ALTER DATABASE "{name}" SET timezone = 'Pacific/Kiritimati'; ALTER DATABASE "{name}" SET datestyle = 'German';
        ALTER DATABASE "{name}" SET intervalstyle = 'iso_8601'; ALTER DATABASE "{name}" SET bytea_output = 'escape';
        ALTER DATABASE "{name}" SET default_transaction_isolation = 'serializable';
        CREATE TABLE r (id bytea PRIMARY KEY, v timestamptz, createdon timestamp);
        INSERT INTO r VALUES ('\\x01ff', '2024-01-01 00:00Z', now() AT TIME ZONE 'UTC' - interval '1 minute'),
                             ('\\x02', '2023-12-31 23:59Z', now() AT TIME ZONE 'UTC' - interval '1 minute'),
                             ('\\x03', '2024-01-01 00:00Z', now() AT TIME ZONE 'UTC' + interval '1 minute');
    """)
    with session_on(database) as session:
        ended = session.run(Query("r").where(v="2024-01-01T00:00:00Z"))

    assert ended.deleted == {"r": ["01ff"]}
    assert database.count("r") == 2
    database.connection.close()
