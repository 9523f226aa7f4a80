"""SQL in every text of a query: nothing is deleted that was not asked for, and nothing but records."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from tests.records.databases import Database
from tests.records.sessions import Session

HOSTILE = [
    "' OR 1=1 --", "'; DROP TABLE t; --", '" OR ""="', '"; DELETE FROM t; --', "` OR 1=1 #", "\\' OR 1=1 --",
    "') OR ('1'='1",
    "t WHERE 1=1 --", "t; DELETE FROM t", "1 OR 1=1", "1) OR (1=1", "/* */ OR /* */ 1=1", "%(x)s", "%s", ":x",
    "{x}", "$1", "?",
    "s OR TRUE", "s\" OR \"s\"=\"s", "s` OR `s`=`s", "\u2028' OR 1=1 --", "＇ OR 1=1 --", "ʼ OR 1=1", "a\\", "\\",
    "'", '"', "`",
    "||(SELECT 1)||", "CHAR(39)", "x'31'", "0x31", "1e0", "null", "true", "t.s", "main.t",
    "pg_sleep(9)", "(SELECT s FROM t)",
]  # fmt: skip
NO = {"AttributeName": "s", "Operator": "Equal", "Values": ["no"]}
LINK = {"LinkFromAttributeName": "id", "LinkToEntityName": "t", "LinkToAttributeName": "id", "JoinOperator": "Inner",
        "EntityAlias": "l", "LinkCriteria": {"Conditions": [NO]}, "Orders": [{"AttributeName": "s"}]}  # fmt: skip
QUERY: dict[str, Any] = {
    "EntityName": "t",
    "Criteria": {"Conditions": [
        {"EntityName": "l", "AttributeName": "s", "Operator": "Equal", "Values": ["no"]},
        {"AttributeName": "s", "Operator": "Equal", "CompareColumns": True, "CompareEntityName": "l", "Values": ["s"]},
    ]},
    "LinkEntities": [LINK],
    "Orders": [{"AttributeName": "s"}],
}  # fmt: skip
NAMES: list[list[Any]] = [
    ["EntityName"], ["Criteria", "Conditions", 0, "EntityName"], ["Criteria", "Conditions", 0, "AttributeName"],
    ["Criteria", "Conditions", 0, "Operator"], ["Criteria", "FilterOperator"],
    ["Criteria", "Conditions", 1, "Values", 0],
    ["Criteria", "Conditions", 1, "CompareEntityName"], ["LinkEntities", 0, "LinkToEntityName"],
    ["LinkEntities", 0, "LinkFromEntityName"], ["LinkEntities", 0, "LinkFromAttributeName"],
    ["LinkEntities", 0, "LinkToAttributeName"], ["LinkEntities", 0, "JoinOperator"], ["Orders", 0, "AttributeName"],
    ["LinkEntities", 0, "LinkCriteria", "Conditions", 0, "AttributeName"],
    ["LinkEntities", 0, "Orders", 0, "AttributeName"],
]  # fmt: skip
TEXTUAL = ["Equal", "In", "Like", "Contains", "BeginsWith", "EndsWith", "ContainValues", "LessThan", "Between"]


def table(database: Database) -> list[Any]:
    kind = "varchar(50) COLLATE utf8mb4_nopad_bin" if database.name == "mariadb" else "text"
    time = "timestamptz" if database.name == "postgresql" else "datetime"
    database.script(f"""
        CREATE TABLE t (id integer PRIMARY KEY, s {kind}, n integer, z {time});
        INSERT INTO t VALUES (1, '~a', 1, '2024-01-01 00:00:00'), (2, '~b', 2, NULL), (3, NULL, NULL, NULL);
    """)
    return database.ids("t")


def with_text(path: list[Any], text: str) -> dict[str, Any]:
    """The query with one of its texts replaced."""
    query = copy.deepcopy(QUERY)
    place: Any = query
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = text
    return query


@pytest.mark.parametrize("path", NAMES, ids=lambda path: ".".join(map(str, path)))
def test_a_name_is_one_of_the_catalogue_or_refused(database: Database, session: Session, path: list[Any]) -> None:
    before = table(database)
    for text in HOSTILE if path in (NAMES[0], NAMES[2]) else HOSTILE[NAMES.index(path) :: 5]:
        with pytest.raises(InvalidJobError):
            session.target.scope(Job.read({"name": "x", "queries": [with_text(path, text)]}))

    assert database.ids("t") == before


def test_an_alias_is_only_a_name_within_the_query(database: Database, session: Session) -> None:
    before = table(database)
    queries = []
    for text in HOSTILE[::3]:
        query = copy.deepcopy(QUERY)
        query["LinkEntities"][0]["EntityAlias"] = text
        for condition, word in zip(query["Criteria"]["Conditions"], ("EntityName", "CompareEntityName"), strict=True):
            condition[word] = text
        queries.append(query)

    session.run(*queries)

    assert database.ids("t") == before


def with_value(operator: str, text: str) -> dict[str, Any]:
    """A query whose value no record has."""
    values = [f"!{text}", f"!{text}"] if operator == "Between" else [f" {text}" if operator == "LessThan" else text]
    condition = {"AttributeName": "s", "Operator": operator, "Values": values}
    return {"EntityName": "t", "Criteria": {"Conditions": [condition]}}


def run_those_accepted(session: Session, queries: list[dict[str, Any]]) -> None:
    """Hold each query against the database, and run those that it takes."""
    accepted = []
    for query in queries:
        with contextlib.suppress(InvalidJobError):
            session.target.scope(Job.read({"name": "x", "queries": [query]}))
            accepted.append(query)
    if accepted:
        session.run(*accepted)


def test_a_value_is_only_a_value(database: Database, session: Session) -> None:
    before = table(database)

    run_those_accepted(session, [with_value(TEXTUAL[at % len(TEXTUAL)], text) for at, text in enumerate(HOSTILE)])

    assert database.ids("t") == before


@pytest.mark.long
@pytest.mark.parametrize("operator", TEXTUAL)
def test_every_value_of_every_operator(database: Database, session: Session, operator: str) -> None:
    before = table(database)

    run_those_accepted(session, [with_value(operator, text) for text in HOSTILE])

    assert database.ids("t") == before


@pytest.mark.parametrize(("attribute", "operator"), [
    ("n", "Equal"), ("n", "ContainValues"), ("n", "Under"), ("z", "LessThan"), ("z", "On"), ("z", "LastXDays"),
    ("z", "InFiscalYear"), ("n", "EqualUserId"),
])  # fmt: skip
def test_a_value_of_another_kind_is_refused(
    database: Database, session: Session, attribute: str, operator: str
) -> None:
    before = table(database)
    for text in HOSTILE[::4]:
        values = [] if operator == "EqualUserId" else [text]
        condition = {"AttributeName": attribute, "Operator": operator, "Values": values}
        query = {"EntityName": "t", "Criteria": {"Conditions": [condition]}}
        with pytest.raises(InvalidJobError):
            session.target.scope(Job.read({"name": "x", "queries": [query], "user": text}))

    assert database.ids("t") == before
