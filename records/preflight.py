"""Preflight: what will hurt, named before anything runs (measured: an unindexed reference is 65 times slower)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.conditions.hierarchy import refuse_unknown
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.scope import Scope

WORTH_SAYING = 10_000_000
"""Rows looked at in vain, from which on a missing index is mentioned."""
TOO_SLOW = 5_000_000_000
"""Rows looked at in vain, from which on the run is refused unless the job says `allow_slow`."""


@dataclass(frozen=True)
class Caution:
    """Something that will make the run slow, or surprise; `grave`: past the bound."""

    text: str
    grave: bool = False


def probe_all(connection: sa.Connection, dialect: Dialect, scope: Scope) -> list[str]:
    """Try what a job will need, changing nothing; the texts are cautions."""
    cautions: list[str] = []
    probe = connection.begin_nested() if dialect.name == "postgresql" else None
    for index in range(len(scope.job.queries)):
        entity = scope.entity(index)
        refuse_unknown(connection, scope.tree(index), dialect, scope.catalogue)
        cautions += dialect.check(connection, entity, scope.tree(index), scope.where(index, entity, None))
        cautions += probe_reached(connection, dialect, scope, entity)
    probe_work_table(connection, dialect)
    if probe:
        probe.rollback()
    return list(dict.fromkeys(cautions))


def probe_work_table(connection: sa.Connection, dialect: Dialect) -> None:
    """Make a table of this transaction's own. Raises InvalidJobError where that right is missing."""
    try:
        dialect.work_table(connection, "probe", [sa.Column("k", sa.Integer, primary_key=True)])
    except sa.exc.DBAPIError as error:
        fault = dialect.fault(error)
        if fault.kind != "record":
            raise
        raise InvalidJobError(
            f"{fault.number}: {fault.text}: records are deleted by way of temporary tables; "
            f"let an owner grant {dialect.right_of_work_tables}",
            "database",
        ) from error


def probe_reached(connection: sa.Connection, dialect: Dialect, scope: Scope, entity: Entity) -> list[str]:
    """Try what a deletion does to records of other entities: takes along, unlinks, is kept by."""
    cautions: list[str] = []
    reached = scope.catalogue.reached(entity.name)
    for name in reached:
        other = scope.catalogue.entities[name]
        if name != entity.name:
            cautions += dialect.check(connection, other, QueryTree(name, None, ""), sa.true())
        for one in scope.catalogue.referrers(name):
            table = scope.catalogue.entities[one.child].table
            columns = [table.c[column] for column in one.child_columns]
            nothing: sa.ColumnElement[bool] = sa.literal_column("1 = 0")
            if one.rule == "remove_link" and one.unlinks:
                cleared = [table.c[column] for column in one.cleared or one.child_columns]
                connection.execute(sa.update(table).where(nothing).values({column: column for column in cleared}))
            connection.execute(sa.select(*columns).where(nothing)).all()
            if one.declared:
                probe_declared(connection, dialect, scope, one)
    return cautions


def probe_declared(connection: sa.Connection, dialect: Dialect, scope: Scope, one: Relationship) -> None:
    """Try to compare the columns of a relationship that only a catalogue knows: types and collations must allow it."""
    parent = scope.catalogue.entities[one.parent].table.alias("above")
    kid = scope.catalogue.entities[one.child].table.alias("kid")
    pairs = zip(one.child_columns, one.parent_columns, strict=True)
    same = sa.and_(*(parent.c[other] == kid.c[own] for own, other in pairs), sa.literal_column("1 = 0"))
    try:
        connection.execute(sa.select(sa.literal_column("1")).select_from(parent.join(kid, same))).all()
    except sa.exc.DBAPIError as error:
        fault = dialect.fault(error)
        if fault.kind != "record":
            raise
        raise InvalidJobError(
            f'"{one.child}.{", ".join(one.child_columns)}" cannot be compared with '
            f'"{one.parent}.{", ".join(one.parent_columns)}": {fault.text}',
            "catalogue.relationships",
        ) from error


def missing_indexes(
    connection: sa.Connection, dialect: Dialect, scope: Scope, estimates: dict[str, int]
) -> list[Caution]:
    """References without an index: each deleted record scans the whole referencing table."""
    cautions = []
    for one in scope.catalogue.relationships:
        if one.indexed:
            continue
        child = scope.catalogue.entities[one.child]
        rows = dialect.size(connection, child)
        deleted = estimates.get(one.parent, 0) or max(estimates.values(), default=0)
        if rows * deleted < WORTH_SAYING:
            continue
        text = (
            f"{one.child}.{', '.join(one.child_columns)} refers to {one.parent} and has no index: "
            f"each deleted record would scan {rows:,} rows.\n{create_index(dialect, child, one)}"
        )
        cautions.append(Caution(text, rows * deleted >= TOO_SLOW))
    return cautions


def create_index(dialect: Dialect, child: Entity, relationship: Relationship) -> str:
    """The statement that would help."""
    quote = dialect.quoted
    columns = ", ".join(quote(name) for name in relationship.child_columns)
    table = ".".join(quote(str(part)) for part in (child.table.schema, child.table.name) if part)
    return dialect.create_index(table, columns, quote(relationship.name + "_idx"))
