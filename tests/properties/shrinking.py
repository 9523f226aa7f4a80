"""Shrinking: a smaller case that still fails, for whoever has to find out why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from tests.properties.case import Case, Link, Row, Table
from tests.properties.plain_names import plainly_named

T = TypeVar("T")
SECONDS = 20.0


def shrunk(case: Case, fails: Callable[[Case], bool], seconds: float = SECONDS) -> Case:
    """The case with as much left out as can be, within a bounded time, while it still fails."""
    deadline = time.monotonic() + seconds
    found: Case | None = case
    while found is not None:
        case = found
        found = next((one for one in smaller(case) if time.monotonic() < deadline and fails(one)), None)
    return case


def smaller(case: Case) -> Iterator[Case]:
    """Cases with one thing less, the largest things first."""
    for at in range(len(case.queries) if len(case.queries) > 1 else 0):
        yield replace(case, queries=without(case.queries, at))
    yield from (without_table(case, one) for one in case.tables if not is_needed(case, one))
    yield from (replace(case, links=without(case.links, at)) for at in range(len(case.links)))
    yield from barer(case)
    for table in case.tables:
        yield from (with_rows(case, table, rows) for rows in with_less(case, table))
    for at, query in enumerate(case.queries):
        yield from (replace(case, queries=without(case.queries, at, one)) for one in simpler(query))
    if (plain := plainly_named(case)) != case:
        yield plain


def without(found: tuple[T, ...], at: int, *instead: T) -> tuple[T, ...]:
    """The same without one of them, or with something else in its place."""
    return (*found[:at], *instead, *found[at + 1 :])


def barer(case: Case) -> Iterator[Case]:
    """The case without all that nothing needs."""
    bare = replace(case, links=tuple(replace(one, is_indexed=False, is_deferred=False) for one in case.links))
    for table in bare.tables:
        for column in table.columns:
            if not is_used(bare, table, column.name):
                bare = without_column(bare, bare.table(table.name), column.name)
    if bare != case:
        yield bare


def is_needed(case: Case, table: Table) -> bool:
    """Whether another table refers to this one, or a query is about it."""
    referred = any(one.child != table.name for one in case.referrers(table.name))
    return referred or any(query["EntityName"] == table.name for query in case.queries)


def without_table(case: Case, table: Table) -> Case:
    """The case without a table and its references."""
    tables = tuple(one for one in case.tables if one is not table)
    links = tuple(one for one in case.links if one.child != table.name)
    rows = {name: found for name, found in case.rows.items() if name != table.name}
    return replace(case, tables=tables, links=links, rows=rows)


def is_referred(case: Case, table: Table, row: Row) -> bool:
    """Whether another row refers to this one."""
    return any(
        [other[one] for one in link.columns] == [row[one] for one in link.parent_columns]
        for link in case.referrers(table.name)
        for other in case.rows[link.child]
        if other is not row
    )


def with_rows(case: Case, table: Table, rows: Iterable[Row]) -> Case:
    """The case with other rows in a table."""
    return replace(case, rows={**case.rows, table.name: tuple(rows)})


def with_less(case: Case, table: Table) -> Iterator[tuple[Row, ...]]:
    """The rows of a table without one of them, or without one of their values."""
    rows = case.rows[table.name]
    yield from (without(rows, at) for at, row in enumerate(rows) if not is_referred(case, table, row))
    for at, row in enumerate(rows):
        for column in table.columns:
            if column.nullable and row[column.name] is not None:
                yield without(rows, at, {**row, column.name: None})


def is_used(case: Case, table: Table, column: str) -> bool:
    """Whether a key, a reference or a query needs the column."""
    links: list[Link] = list(case.links)
    return (
        column in table.key
        or any(one.child == table.name and column in one.columns for one in links)
        or any(one.parent == table.name and column in one.parent_columns for one in links)
        or any(query["EntityName"] == table.name and repr(column) in repr(query) for query in case.queries)
    )


def without_column(case: Case, table: Table, column: str) -> Case:
    """The case without a column."""
    columns = tuple(one for one in table.columns if one.name != column)
    unique = tuple(one for one in table.unique if one != column)
    changed = replace(table, columns=columns, unique=unique)
    rows = [{name: value for name, value in row.items() if name != column} for row in case.rows[table.name]]
    tables = tuple(changed if one is table else one for one in case.tables)
    return with_rows(replace(case, tables=tables), changed, rows)


def simpler(query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The query with less to say."""
    criteria = query.get("Criteria")
    if criteria is None:
        return
    yield {"EntityName": query["EntityName"], "all_records": True}
    for one in criteria["Conditions"]:
        if len(criteria["Conditions"]) > 1 or "Filters" in criteria:
            yield {"EntityName": query["EntityName"], "Criteria": {"Conditions": [one]}}
    for one in criteria.get("Filters", []):
        yield {"EntityName": query["EntityName"], "Criteria": one}
