"""What the first so many records are: the order of a query with a top."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import QueryTree, TextMode
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.conditions.times import TIMES, zone_of
from bulkdelete.records.predicates import Operands


def ordered(tree: QueryTree, entity: Entity, operands: Operands, terms: Terms) -> list[sa.ColumnElement[Any]]:
    """The expressions to order by: nulls first on every database, texts as they compare."""
    found: list[sa.ColumnElement[Any]] = []
    for order in tree.orders:
        attribute = entity.attribute(order.attribute, f"{order.path}.AttributeName")
        column: sa.ColumnElement[Any] = operands.operand(entity, attribute)
        if attribute.kind in TIMES:
            column = operands.same_time(entity, attribute, zone_of(entity, terms))
        elif attribute.kind == "text" and (tree.text or terms.text) is not TextMode.DATABASE:
            column = operands.text(column, tree.text or terms.text)
        nulls_first = sa.case((operands.is_null(entity, attribute), 0), else_=1)
        found += [nulls_first, column.desc() if order.descending else column]
    return found


def check_top(tree: QueryTree) -> None:
    """Refuse a top that joined rows would count against. Raises InvalidJobError."""
    if tree.top is None:
        return
    if any(link.join.is_visible for link in tree.every_link()):
        raise InvalidJobError(
            "counts joined rows where a link joins them, and so means another number of records; "
            "links of the kinds Exists, In, Any, NotAny, All join none",
            f"{tree.path}.TopCount",
        )
