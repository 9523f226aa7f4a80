"""Queries about other records, run to their end: what is deleted is what was meant at the beginning, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.records.databases import Database
from tests.records.sessions import Session, account

CUSTOMERS = """
    CREATE TABLE customer (id integer PRIMARY KEY, state integer);
    CREATE TABLE task (id integer PRIMARY KEY, customer integer {reference}, state integer);
    INSERT INTO customer VALUES (1, 0), (2, 0), (3, 0), (4, 1);
    INSERT INTO task VALUES (10, 1, 1), (11, 1, 0), (12, 2, 0), (13, NULL, 1), (14, 4, 1), (15, 4, 1);
"""
"""Customers 1 and 4 have done tasks (state 1), 1 and 2 open ones, 3 has none."""
RULES = {"none": "", "cascade": "CASCADE", "clear": "SET NULL", "restrict": "RESTRICT"}


def references(database: Database, table: str, column: str, rule: str) -> str:
    """A reference of a column onto a table's id, with a rule; as MariaDB wants it, after the columns."""
    if not RULES[rule]:
        return ""
    words = f"REFERENCES {table} (id) ON DELETE {RULES[rule]}"
    return f", FOREIGN KEY ({column}) {words}" if database.name == "mariadb" else words


def customers(database: Database, rule: str) -> None:
    """The customers, and how tasks refer to them."""
    found = references(database, "customer", "customer", rule)
    script = CUSTOMERS.format(reference=found if database.name != "mariadb" else "")
    if database.name == "mariadb":
        script = script.replace("state integer);\n    INSERT", f"state integer{found});\n    INSERT")
    database.script(script)


def task(join: str, state: int | None = None, alias: str | None = None) -> dict[str, Any]:
    """A link from a customer to its tasks."""
    ends = {"LinkFromAttributeName": "id", "LinkToEntityName": "task", "LinkToAttributeName": "customer"}
    link: dict[str, Any] = {**ends, "JoinOperator": join, "EntityAlias": alias}
    if state is not None:
        link["LinkCriteria"] = {"Conditions": [{"AttributeName": "state", "Operator": "Equal", "Values": [state]}]}
    return link


def linked(*links: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"EntityName": "customer", "LinkEntities": list(links), **more}


def among(link: dict[str, Any]) -> dict[str, Any]:
    return {"EntityName": "customer", "Criteria": {"AnyAllFilterLinkEntity": link}}


WITHOUT = linked(task("LeftOuter", alias="t"), Criteria={"Conditions": [
    {"EntityName": "t", "AttributeName": "id", "Operator": "Null"}
]})  # fmt: skip
QUERIES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "with a done task": (linked(task("Inner", 1)), {"1", "4"}),
    "with a done and with an open task": (linked(task("Inner", 1), task("Exists", 0)), {"1"}),
    "without tasks": (WITHOUT, {"3"}),
    "without open tasks": (among(task("NotAny", 0)), {"3", "4"}),
    "with tasks, none of them open": (among(task("All", 0)), {"4"}),
    "with an open task, asked the other way": (among(task("NotAll", 0)), {"1", "2"}),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", QUERIES)
def test_what_is_related_decides_and_no_record_stands_twice(
    database: Database, session: Session, name: str, rule: str
) -> None:
    customers(database, rule)
    before = database.state()
    query, meant = QUERIES[name]

    ended = session.run(query)

    account(database, before, ended)
    kept = {"1", "2", "4"} & meant if rule == "restrict" else set()
    assert set(ended.deleted.get("customer", [])) == meant - kept
    assert {one["record"] for one in ended.failures} == kept
    assert ended.summary["queries"][0]["matched"] == len(meant)


TREES = {
    "none": "", "clear": "SET NULL", "cascade": "CASCADE",
}  # fmt: skip


def forest(database: Database, rule: str) -> None:
    """1 has 2 and 3; 3 has 4; 4 has 5; 6 and 7 stand alone, 7 below itself."""
    reference = references(database, "node", "up", rule)
    database.script(f"""
        CREATE TABLE node (id integer PRIMARY KEY, up integer {reference});
        INSERT INTO node VALUES (1, NULL), (2, 1), (3, 1), (4, 3), (5, 4), (6, NULL), (7, 7);
    """)


CHILD = {"LinkFromAttributeName": "id", "LinkToEntityName": "node", "LinkToAttributeName": "up"}


def node(operator: str, *values: Any, attribute: str = "id") -> dict[str, Any]:
    return {"EntityName": "node", "Criteria": {"Conditions": [
        {"AttributeName": attribute, "Operator": operator, "Values": list(values)}
    ]}}  # fmt: skip


@pytest.mark.parametrize("rule", TREES)
def test_leaves_are_deleted_and_not_what_becomes_one(database: Database, session: Session, rule: str) -> None:
    forest(database, rule)
    before = database.state()

    ended = session.run(
        {"EntityName": "node", "Criteria": {"AnyAllFilterLinkEntity": {**CHILD, "JoinOperator": "NotAny"}}}
    )

    account(database, before, ended)
    assert set(ended.deleted["node"]) == {"2", "5", "6"}


def test_roots_are_deleted_and_not_what_becomes_one(database: Database, session: Session) -> None:
    forest(database, "clear")
    before = database.state()

    ended = session.run(node("Null", attribute="up"))

    account(database, before, ended)
    assert set(ended.deleted["node"]) == {"1", "6"}
    assert ended.summary["status"] == "succeeded"


@pytest.mark.parametrize("rule", ["clear", "cascade"])
@pytest.mark.parametrize(("operator", "meant"), [
    ("Under", {"4", "5"}), ("UnderOrEqual", {"3", "4", "5"}), ("Above", {"1"}), ("AboveOrEqual", {"1", "3"}),
    ("NotUnder", {"1", "2", "6", "7"}),
])  # fmt: skip
def test_a_hierarchy_is_walked(database: Database, session: Session, operator: str, meant: set[str], rule: str) -> None:
    forest(database, rule)
    before = database.state()

    ended = session.run(node(operator, 3))

    account(database, before, ended)
    gone = set(ended.deleted["node"]) | set(ended.cascaded.get("node", []))
    below = {"2", "3", "4", "5"} if rule == "cascade" and "1" in meant else set()
    assert set(ended.deleted["node"]) <= meant | below
    assert gone >= meant
    assert gone <= meant | below


def test_two_columns_of_a_linked_row_and_one_of_its_own(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY, n integer);
        CREATE TABLE b (id integer PRIMARY KEY, a integer, n integer, m integer);
        INSERT INTO a VALUES (1, 5), (2, 5), (3, 5);
        INSERT INTO b VALUES (10, 1, 5, 5), (11, 2, 5, 6), (12, 3, 6, 6);
    """)
    link = {"LinkFromAttributeName": "id", "LinkToEntityName": "b", "LinkToAttributeName": "a", "EntityAlias": "l"}
    same = {"EntityName": "l", "AttributeName": "n", "Operator": "Equal", "CompareColumns": True, "Values": ["m"]}
    own = {**same, "AttributeName": "m", "CompareEntityName": "a", "Values": ["n"]}

    ended = session.run({"EntityName": "a", "Criteria": {"Conditions": [same]}, "LinkEntities": [link]})
    again = session.run({"EntityName": "a", "Criteria": {"Conditions": [own]}, "LinkEntities": [link]})

    assert sorted(ended.deleted["a"]) == ["1", "3"]
    assert again.deleted == {}


def test_an_outer_link_within_an_absent_one_is_absent_too(database: Database, session: Session) -> None:
    database.script("""
        CREATE TABLE a (id integer PRIMARY KEY);
        CREATE TABLE b (id integer PRIMARY KEY, a integer);
        CREATE TABLE c (id integer PRIMARY KEY, b integer, word varchar(5));
        INSERT INTO a VALUES (1), (2), (3);
        INSERT INTO b VALUES (10, 1), (11, 2);
        INSERT INTO c VALUES (100, 10, 'x');
    """)
    inner = {"LinkFromAttributeName": "id", "LinkToEntityName": "c", "LinkToAttributeName": "b", "EntityAlias": "c",
             "JoinOperator": "LeftOuter"}  # fmt: skip
    outer = {"LinkFromAttributeName": "id", "LinkToEntityName": "b", "LinkToAttributeName": "a", "EntityAlias": "b",
             "JoinOperator": "LeftOuter", "LinkEntities": [inner]}  # fmt: skip
    none = {"EntityName": "c", "AttributeName": "word", "Operator": "Null"}

    ended = session.run({"EntityName": "a", "Criteria": {"Conditions": [none]}, "LinkEntities": [outer]})

    assert sorted(ended.deleted["a"]) == ["2", "3"]
