"""Comparisons with values and with other columns, with the truth table of `domain/query/tree.py`."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import Comparison, TextMode
from bulkdelete.records.catalogue import Attribute
from bulkdelete.records.conditions.moments import SIGNS
from bulkdelete.records.conditions.rows import Row
from bulkdelete.records.conditions.times import TIMES, is_compared_with_times, zone_of
from bulkdelete.records.declared import are_comparable
from bulkdelete.records.predicates import Operands, Truth
from bulkdelete.records.values import fit

OF_SIGN = {
    Operator.EQUAL: "=", Operator.LESS_THAN: "<", Operator.LESS_EQUAL: "<=", Operator.GREATER_THAN: ">",
    Operator.GREATER_EQUAL: ">=",
}  # fmt: skip


def null_or_not(truth: Truth) -> Truth:
    """Where it is not true, also for want of a value: Dataverse's `NotEqual` (spec §6.4)."""
    return sa.not_(sa.func.coalesce(truth, sa.false()))


def compared_with_values(what: Comparison, row: Row, operands: Operands, terms: Terms) -> Truth:
    """One attribute against values."""
    attribute = operands.understood(row.attribute(what.attribute, f"{what.path}.AttributeName"), what.values)
    if attribute.kind in TIMES:
        return is_compared_with_times(what, row, attribute, operands, terms)
    entity = row.entity
    column: sa.ColumnElement[object] = operands.operand(entity, attribute)
    values = [
        operands.bound(attribute, fit(value, attribute, f"{what.path}.Values[{index}]"))
        for index, value in enumerate(what.values)
    ]
    if attribute.kind == "text" and terms.text is not TextMode.DATABASE:
        column, values = operands.text(column, terms.text), [operands.text(one, terms.text) for one in values]
    guard = operands.guard(entity, attribute)
    truth = held(what.operator, column, values)
    truth = truth if guard is None else sa.and_(guard, truth)
    return null_or_not(truth) if what.operator is Operator.NOT_EQUAL else truth


def held(operator: Operator, column: sa.ColumnElement[object], values: list[sa.ColumnElement[object]]) -> Truth:
    """The comparison itself; of NotEqual its opposite."""
    match operator:
        case Operator.NOT_EQUAL:
            return column == values[0]
        case Operator.IN:
            return column.in_(values)
        case Operator.NOT_IN:
            return column.not_in(values)
        case Operator.BETWEEN:
            return sa.and_(column >= values[0], column <= values[1])
        case Operator.NOT_BETWEEN:
            return sa.or_(column < values[0], column > values[1])
        case _:
            truth: Truth = SIGNS[OF_SIGN[operator]](column, values[0])
            return truth


def compared_with_column(what: Comparison, row: Row, other: Row, operands: Operands, terms: Terms) -> Truth:
    """Two columns of the same kind; not true where either is null."""
    assert what.column is not None
    one = row.attribute(what.attribute, f"{what.path}.AttributeName")
    two = other.attribute(what.column.attribute, f"{what.path}.Values[0]")
    if not are_alike(one, two):
        raise InvalidJobError(
            f'"{one.name}" is {one.native}, "{two.name}" is {two.native}: only columns of the same kind are compared',
            f"{what.path}.Values[0]",
        )
    sides: list[sa.ColumnElement[object]] = []
    guards: list[Truth] = []
    for there, attribute in ((row, one), (other, two)):
        entity = there.entity
        if attribute.kind in TIMES:
            sides.append(operands.same_time(entity, attribute, zone_of(entity, terms)))
            continue
        side = operands.operand(entity, attribute)
        text = attribute.kind == "text" and terms.text is not TextMode.DATABASE
        sides.append(operands.text(side, terms.text) if text else side)
        if (guard := operands.guard(entity, attribute)) is not None:
            guards.append(guard)
    truth = sides[0] != sides[1] if what.operator is Operator.NOT_EQUAL else SIGNS[OF_SIGN[what.operator]](*sides)
    return sa.and_(*guards, truth)


def are_alike(one: Attribute, two: Attribute) -> bool:
    """Whether two columns may be compared: days with days, times with times."""
    if one.kind in TIMES or two.kind in TIMES:
        return one.kind == two.kind
    return are_comparable(one, two)
