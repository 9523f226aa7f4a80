"""SQLite keeps anything anywhere: what a comparison means is what the attribute's declared type says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query_builder import Query
from tests.records.databases import SQLiteDatabase
from tests.records.sessions import Session, account, session_on


@pytest.fixture
def database(sqlite_database: SQLiteDatabase) -> SQLiteDatabase:
    return sqlite_database


@pytest.fixture
def session(database: SQLiteDatabase) -> Iterator[Session]:
    with session_on(database) as session:
        yield session


def store(database: SQLiteDatabase, declared: str, *values: Any) -> None:
    database.script(f"CREATE TABLE r (id integer PRIMARY KEY, v {declared})")
    for at, value in enumerate(values):
        database.execute("INSERT INTO r VALUES (?, ?)", at, value)


def left_after(database: SQLiteDatabase, session: Session, operator: str, *values: Any) -> list[Any]:
    before = database.state()
    account(database, before, session.run(Query("r").where("v", operator, *values)))
    return [value for (value,) in database.execute("SELECT v FROM r ORDER BY id")]


SPELLINGS = [
    "2024-01-31 13:00:00", "2024-01-31T13:00:00", "2024-01-31T13:00:00Z", "2024-01-31 13:00:00.000",
    "2024-01-31T13:00:00.000000+00:00", "2024-01-31T15:00:00+02:00", "2024-01-31 08:30:00-0430", "2024-01-31T13:00",
]  # fmt: skip


@pytest.mark.parametrize("declared", ["datetime", "timestamp", "text", "varchar(40)"])
@pytest.mark.parametrize("asked", ["2024-01-31T13:00:00Z", "2024-01-31 13:00:00", "2024-01-31T14:00:00+01:00"])
def test_text_dates_mean_the_instant_they_spell(
    database: SQLiteDatabase, session: Session, declared: str, asked: str
) -> None:
    others = ["2024-01-31 13:00:01", "2024-01-31T12:59:59.999999Z", "2024-01-31", None]
    store(database, declared, *SPELLINGS, *others)

    assert left_after(database, session, "Equal", asked) == others


@pytest.mark.parametrize("declared", ["datetime", "text", "date"])
def test_text_dates_are_ordered_by_instant(database: SQLiteDatabase, session: Session, declared: str) -> None:
    later = ["2024-02-01", "2024-02-01T00:00:00Z", "2024-01-31T20:00:00-05:00", "2024-02-01 00:00:00.000001"]
    earlier = ["2024-01-31 23:59:59", "2024-02-01T00:30:00+01:00", "1999-01-01", "2024-01-31T23:59"]
    store(database, declared, *later, *earlier)

    assert left_after(database, session, "LessThan", "2024-02-01") == later


@pytest.mark.parametrize("operator", ["LessThan", "GreaterThan", "NotIn", "NotBetween", "Between"])
def test_values_of_another_storage_class_never_match_a_date(
    database: SQLiteDatabase, session: Session, operator: str
) -> None:
    alien = [5, 1.5, 2_000_000_000, b"2024-01-31", None, "no date", ""]
    store(database, "datetime", *alien)
    bounds = ["2000-01-01", "2100-01-01"][: 2 if "tween" in operator else 1]

    assert left_after(database, session, operator, *bounds) == alien


@pytest.mark.parametrize(("operator", "left"), [
    ("Equal", ["1", "1 ", "abc", b"1", None, 0, 2.5]), ("NotEqual", [1, 1.0]),
    ("LessThan", [1, 1.0, "1", "1 ", "abc", b"1", None, 2.5]),
    ("GreaterThan", [1, 1.0, "1", "1 ", "abc", b"1", None, 0]),
])  # fmt: skip
def test_numbers_in_a_column_without_affinity(
    database: SQLiteDatabase, session: Session, operator: str, left: list[Any]
) -> None:
    store(database, "", 1, 1.0, "1", "1 ", "abc", b"1", None, 0, 2.5)

    assert left_after(database, session, operator, 1) == left


@pytest.mark.parametrize(("declared", "value"), [
    ("integer", "abc"), ("text", 5), ("boolean", "maybe"), ("date", "not a day"), ("datetime", 17), ("numeric", "x"),
    ("real", True), ("blob", "zz"),
])  # fmt: skip
def test_values_that_do_not_fit_are_refused(
    database: SQLiteDatabase, session: Session, declared: str, value: Any
) -> None:
    store(database, declared, None)

    with pytest.raises(InvalidJobError, match="accepted") as refused:
        session.target.check(job_of(Query("r").where(v=value)))

    assert refused.value.field == "queries[0].Criteria.Conditions[0].Values[0]"


def job_of(*queries: Query) -> Any:
    from bulkdelete.domain.job import Job

    return Job.read({"name": "x", "queries": list(queries)})


def test_text_stays_text(database: SQLiteDatabase, session: Session) -> None:
    store(database, "text", "0", "abc", "1", "1a", "01", " 1")

    assert left_after(database, session, "Equal", "1") == ["0", "abc", "1a", "01", " 1"]


def test_booleans_are_zero_and_one(database: SQLiteDatabase, session: Session) -> None:
    store(database, "boolean", 1, 0, None, True, False, 2, "true")

    assert left_after(database, session, "Equal", True) == [0, None, 0, 2, "true"]


def test_a_case_insensitive_column_compares_as_declared(database: SQLiteDatabase, session: Session) -> None:
    store(database, "text COLLATE NOCASE", "abc", "ABC", "abd")

    assert left_after(database, session, "Equal", "Abc") == ["abd"]


def test_money_kept_as_text_in_a_numeric_column(database: SQLiteDatabase, session: Session) -> None:
    store(database, "decimal(10,2)", "10.50", "9.99", 10.5, "100", None)

    assert left_after(database, session, "GreaterThan", 10) == [9.99, None]


def test_huge_integers_compare_exactly(database: SQLiteDatabase, session: Session) -> None:
    store(database, "integer", 2**53, 2**53 + 1, 2**63 - 1, -(2**63))

    assert left_after(database, session, "Equal", 2**53 + 1) == [2**53, 2**63 - 1, -(2**63)]


def test_generated_columns_are_attributes(database: SQLiteDatabase, session: Session) -> None:
    if sqlite3.sqlite_version_info < (3, 31):
        pytest.skip("no generated columns")
    database.script(
        """
        CREATE TABLE r (id integer PRIMARY KEY, n integer, v integer AS (n * 2) VIRTUAL, w integer AS (n * 3) STORED);
        INSERT INTO r VALUES (1, 1), (2, 2);
    """.replace("r VALUES", "r (id, n) VALUES")
    )
    before = database.state()

    ended = session.run(Query("r").where(v=4, w=6))

    account(database, before, ended)
    assert ended.deleted == {"r": ["2"]}


@pytest.mark.parametrize(("operator", "value", "gone"), [
    ("LessThan", "1e400", ["0", "1"]), ("Equal", "9223372036854775808", []), ("GreaterThan", "-1e400", ["0", "1"]),
])  # fmt: skip
def test_numbers_beyond_64_bits(
    database: SQLiteDatabase, session: Session, operator: str, value: str, gone: list[str]
) -> None:
    database.script(
        "CREATE TABLE r (id integer PRIMARY KEY, v numeric); INSERT INTO r VALUES (0, 1), (1, 2.5), (2, NULL)"
    )

    ended = session.run(Query("r").where("v", operator, value))

    assert sorted(ended.deleted.get("r", [])) == gone
