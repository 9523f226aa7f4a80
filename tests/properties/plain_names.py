"""Plain names: the same case with names that need no quotes, and easier to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.properties.case import Case, Link, Row, Table

Names = Mapping[tuple[str, str], str]
"""Table and column → the column's new name."""


def plainly_named(case: Case) -> Case:
    """The case with tables `a`, `b`, … and columns named after what they are: key, reference, or neither."""
    tables = {one.name: chr(ord("a") + at) for at, one in enumerate(case.tables)}
    columns = {
        (one.name, column.name): plain(case, one, at) for one in case.tables for at, column in enumerate(one.columns)
    }
    return Case(
        case.label,
        tuple(renamed_table(one, tables, columns) for one in case.tables),
        tuple(renamed_link(one, tables, columns) for one in case.links),
        {tables[name]: tuple(renamed_row(name, row, columns) for row in rows) for name, rows in case.rows.items()},
        tuple(renamed_query(one, tables, columns) for one in case.queries),
    )


def plain(case: Case, table: Table, at: int) -> str:
    """A plain name for one column."""
    column = table.columns[at]
    if column.kind == "instant":
        return column.name
    refers = any(one.child == table.name and column.name in one.columns for one in case.links)
    return f"{'k' if column.name in table.key else 'r' if refers else 'v'}{at}"


def renamed_table(table: Table, tables: Mapping[str, str], columns: Names) -> Table:
    """A table by its new names."""
    return Table(
        tables[table.name],
        tuple(replace(one, name=columns[table.name, one.name]) for one in table.columns),
        tuple(columns[table.name, one] for one in table.key),
        tuple(columns[table.name, one] for one in table.unique),
    )


def renamed_link(link: Link, tables: Mapping[str, str], columns: Names) -> Link:
    """A foreign key by its new names."""
    return replace(
        link, child=tables[link.child], parent=tables[link.parent],
        columns=tuple(columns[link.child, one] for one in link.columns),
        parent_columns=tuple(columns[link.parent, one] for one in link.parent_columns),
        cleared=tuple(columns[link.child, one] for one in link.cleared),
    )  # fmt: skip


def renamed_row(table: str, row: Row, columns: Names) -> Row:
    """A row by its new names."""
    return {columns[table, name]: value for name, value in row.items()}


def renamed_query(query: dict[str, Any], tables: Mapping[str, str], columns: Names) -> dict[str, Any]:
    """A query by its new names."""
    found = {**query, "EntityName": tables[query["EntityName"]]}
    if "Criteria" in query:
        found["Criteria"] = renamed_filter(query["EntityName"], query["Criteria"], columns)
    return found


def renamed_filter(table: str, criteria: dict[str, Any], columns: Names) -> dict[str, Any]:
    """A filter by its new names."""
    found = {
        **criteria,
        "Conditions": [
            {**one, "AttributeName": columns[table, one["AttributeName"]]} for one in criteria["Conditions"]
        ],
    }
    if "Filters" in criteria:
        found["Filters"] = [renamed_filter(table, one, columns) for one in criteria["Filters"]]
    return found
