"""A query's syntax tree as an SQL expression: every value bound, every name from the catalogue."""

from __future__ import annotations

import re
from typing import NoReturn, Protocol

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Comparison, Link, Node, QueryTree, Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.values import Bound, fit

Truth = sa.ColumnElement[bool]

ORDERED = {"integer", "decimal", "float", "text", "date", "datetime", "instant", "uuid", "boolean", "binary", "other"}
TEXTUAL = {"text"}
SUPPORTED = {one for one in Operator if one.form.family in {"comparison", "null"}} | {Operator.LIKE, Operator.NOT_LIKE}
ESCAPE = "\\"


class Operands(Protocol):
    """How a dialect writes one attribute and the values it is compared with."""

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """The attribute as these values are to be compared with it."""
        ...

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The attribute, in a form that compares as its kind says."""
        ...

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """A value, bound in the attribute's type."""
        ...

    def is_null(self, entity: Entity, attribute: Attribute) -> Truth:
        """Whether the attribute is null."""
        ...

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """What must hold for a comparison to mean anything, where a column may hold values of any type."""
        ...


def predicate(tree: QueryTree, entity: Entity, operands: Operands) -> Truth:
    """The query as one expression. Raises InvalidJobError for an attribute or value that does not fit."""
    for link in tree.links:
        not_yet(link)
    if tree.top is not None:
        raise InvalidJobError("TopCount is not supported yet", f"{tree.path}.TopCount")
    return sa.true() if tree.where is None else node(tree.where, entity, operands)


def not_yet(what: Link) -> NoReturn:
    """Refuse a link."""
    raise InvalidJobError("links are not supported yet", what.path)


def node(what: Node, entity: Entity, operands: Operands) -> Truth:
    """One node of the tree as an expression."""
    if isinstance(what, Comparison):
        return comparison(what, entity, operands)
    if isinstance(what, Link):
        not_yet(what)
    terms = [node(term, entity, operands) for term in what.terms]
    return sa.or_(*terms) if what.any else sa.and_(*terms)


def comparison(what: Comparison, entity: Entity, operands: Operands) -> Truth:
    """One condition as an expression, with the truth table of `domain/query.py`."""
    if what.column is not None or what.entity is not None or what.operator not in SUPPORTED:
        raise InvalidJobError(f"{what.operator} is not supported yet like this", f"{what.path}.Operator")
    attribute = entity.attribute(what.attribute, f"{what.path}.AttributeName")
    if what.operator is Operator.NULL:
        return operands.is_null(entity, attribute)
    if what.operator is Operator.NOT_NULL:
        return entity.table.c[attribute.name].is_not(None)
    if what.operator not in {Operator.LIKE, Operator.NOT_LIKE}:
        attribute = operands.understood(attribute, what.values)
    column = operands.operand(entity, attribute)
    guard = operands.guard(entity, attribute)
    if what.operator in {Operator.LIKE, Operator.NOT_LIKE}:
        truth = like(what, attribute, column)
    else:
        values = [
            operands.bound(attribute, fit(value, attribute, f"{what.path}.Values[{index}]"))
            for index, value in enumerate(what.values)
        ]
        truth = compared(what.operator, column, values)
    if what.operator is Operator.NOT_EQUAL:
        # Null is not equal: Dataverse's reading, and the only negation with it (spec §6.4).
        return sa.not_(sa.func.coalesce(truth if guard is None else sa.and_(guard, truth), sa.false()))
    return truth if guard is None else sa.and_(guard, truth)


def compared(operator: Operator, column: sa.ColumnElement[object], values: list[sa.ColumnElement[object]]) -> Truth:
    """The comparison itself; of NotEqual its opposite."""
    match operator:
        case Operator.EQUAL | Operator.NOT_EQUAL:
            return column == values[0]
        case Operator.GREATER_THAN:
            return column > values[0]
        case Operator.GREATER_EQUAL:
            return column >= values[0]
        case Operator.LESS_THAN:
            return column < values[0]
        case Operator.LESS_EQUAL:
            return column <= values[0]
        case Operator.IN:
            return column.in_(values)
        case Operator.NOT_IN:
            return column.not_in(values)
        case Operator.BETWEEN:
            return column.between(values[0], values[1])
        case Operator.NOT_BETWEEN:
            return sa.or_(column < values[0], column > values[1])
        case _:
            raise InvalidJobError(f"{operator} is not supported")


def like(what: Comparison, attribute: Attribute, column: sa.ColumnElement[object]) -> Truth:
    """A pattern with `%`, `_` and wildcards taken literally in brackets, as in `[%]`."""
    if attribute.kind not in TEXTUAL:
        raise InvalidJobError(
            f'{what.operator} compares texts; attribute "{attribute.name}" is {attribute.native}',
            f"{what.path}.Operator",
        )
    pattern = fit(what.values[0], attribute, f"{what.path}.Values[0]")
    text = sa.bindparam(None, pattern_of(str(pattern), f"{what.path}.Values[0]"), type_=sa.Text)
    return column.like(text, escape=ESCAPE) if what.operator is Operator.LIKE else column.not_like(text, escape=ESCAPE)


def pattern_of(pattern: str, path: str) -> str:
    """Dataverse's pattern as SQL's. Raises InvalidJobError for a class such as `[a-c]`, which is not supported yet."""

    def piece(found: re.Match[str]) -> str:
        text = found.group()
        if text == ESCAPE:
            return ESCAPE * 2
        if len(text) == 3 and text[1] in "%_[":
            return text[1] if text[1] == "[" else ESCAPE + text[1]
        raise InvalidJobError(
            f'"{text}" is a class of characters, which is not supported yet; accepted: %, _, and [%] [_] [[] '
            "for the characters themselves",
            path,
        )

    return re.sub(r"\[[^\]]*\]|\[|\\", piece, pattern)
