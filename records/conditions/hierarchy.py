"""Records under and above one another in an entity that refers to itself, and the people who report to a user."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.naming import subjects
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Comparison, QueryTree, Value
from bulkdelete.records.catalogue import Catalogue, Hierarchy
from bulkdelete.records.conditions.rows import Row
from bulkdelete.records.predicates import Operands, Truth
from bulkdelete.records.values import fit

AnySelect = sa.Select[Any]


def is_in_hierarchy(what: Comparison, row: Row, operands: Operands, catalogue: Catalogue) -> Truth:
    """An operator of the family hierarchy. What is not under an unknown record is nothing."""
    attribute = row.attribute(what.attribute, f"{what.path}.AttributeName")
    hierarchy = catalogue.hierarchy(row.entity.name, attribute.name, f"{what.path}.AttributeName")
    column = row.entity.table.c[attribute.name]
    node = bound(hierarchy, what.values[0], operands, f"{what.path}.Values[0]")
    match what.operator:
        case Operator.UNDER:
            return column.in_(descendants(hierarchy, node, itself=False))
        case Operator.UNDER_OR_EQUAL:
            return column.in_(descendants(hierarchy, node, itself=True))
        case Operator.ABOVE:
            return column.in_(ancestors(hierarchy, node, itself=False))
        case Operator.ABOVE_OR_EQUAL:
            return column.in_(ancestors(hierarchy, node, itself=True))
        case _:
            known = sa.exists().where(there(hierarchy).c[hierarchy.node] == node)
            below = descendants(hierarchy, node, itself=True)
            return sa.and_(column.is_not(None), column.not_in(below), known)


def refuse_unknown(connection: sa.Connection, tree: QueryTree, operands: Operands, catalogue: Catalogue) -> None:
    """Refuse what is not under a record that is not there: everything would be. Raises InvalidJobError."""
    for what, about in subjects(tree):
        if what.operator is Operator.NOT_UNDER:
            hierarchy = catalogue.hierarchy(name_of(about, catalogue), what.attribute, f"{what.path}.AttributeName")
            node = bound(hierarchy, what.values[0], operands, f"{what.path}.Values[0]")
            known = sa.exists().where(there(hierarchy).c[hierarchy.node] == node)
            if not connection.execute(sa.select(known)).scalar():
                raise InvalidJobError(
                    f'"{hierarchy.entity.name}" has no record {what.values[0]}: nothing is known to be under it',
                    f"{what.path}.Values[0]",
                )


def name_of(spelled: str, catalogue: Catalogue) -> str:
    """The catalogue's name of an entity, however the job spells it."""
    linked = catalogue.linked.get(spelled)
    return catalogue.asked[spelled] if linked is None else linked.name


def bound(hierarchy: Hierarchy, value: Value, operands: Operands, path: str) -> sa.ColumnElement[object]:
    """A node's value, bound."""
    attribute = hierarchy.entity.attributes[hierarchy.node]
    return operands.bound(attribute, fit(value, attribute, path))


def there(hierarchy: Hierarchy) -> sa.FromClause:
    """The entity, once more."""
    return hierarchy.entity.table.alias()


def descendants(hierarchy: Hierarchy, node: sa.ColumnElement[object], itself: bool) -> AnySelect:
    """Everything under a record; rings end where they began."""
    top, below = there(hierarchy), there(hierarchy)
    first = top.c[hierarchy.node] == node if itself else top.c[hierarchy.up] == node
    found = sa.select(top.c[hierarchy.node].label("node")).where(first).cte(recursive=True, nesting=True)
    found = found.union(sa.select(below.c[hierarchy.node]).join(found, below.c[hierarchy.up] == found.c.node))
    every = sa.select(found.c.node).where(found.c.node.is_not(None))
    return every if itself else every.where(found.c.node != node)


def ancestors(hierarchy: Hierarchy, node: sa.ColumnElement[object], itself: bool) -> AnySelect:
    """Everything above a record; rings end where they began."""
    bottom, above = there(hierarchy), there(hierarchy)
    start = bottom.c[hierarchy.node if itself else hierarchy.up]
    found = sa.select(start.label("node")).where(bottom.c[hierarchy.node] == node).cte(recursive=True, nesting=True)
    found = found.union(sa.select(above.c[hierarchy.up]).join(found, above.c[hierarchy.node] == found.c.node))
    # What is named above may not be there: only records count.
    every = sa.select(found.c.node).where(found.c.node.is_not(None))
    return every if itself else every.where(found.c.node != node)
