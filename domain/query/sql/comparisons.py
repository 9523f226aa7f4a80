"""Comparisons of SQL: of one column with values, or of two columns; the truths are those of `conditions`."""

from __future__ import annotations

from sqlglot import exp

from bulkdelete.domain.query.operators import Operator, takes
from bulkdelete.domain.query.sql.functions import BY_NAME, DISTINCT_ROWS, KNOWN, LINKS, OPPOSITES, TEXT_COMPARE
from bulkdelete.domain.query.sql.literals import computed, is_value, value_of
from bulkdelete.domain.query.sql.names import Scope, attribute_of, only, word
from bulkdelete.domain.query.sql.parsing import SqlDialect
from bulkdelete.domain.query.sql.patterns import dataverse_pattern
from bulkdelete.domain.query.tree import Column, Comparison, Node, Value, junction
from bulkdelete.domain.spelling import suggestion

SIGNS: dict[type[exp.Expr], Operator] = {
    exp.EQ: Operator.EQUAL,
    exp.NEQ: Operator.NOT_EQUAL,
    exp.GT: Operator.GREATER_THAN,
    exp.GTE: Operator.GREATER_EQUAL,
    exp.LT: Operator.LESS_THAN,
    exp.LTE: Operator.LESS_EQUAL,
}
TURNED = {
    Operator.GREATER_THAN: Operator.LESS_THAN,
    Operator.GREATER_EQUAL: Operator.LESS_EQUAL,
    Operator.LESS_THAN: Operator.GREATER_THAN,
    Operator.LESS_EQUAL: Operator.GREATER_EQUAL,
}
"""The same comparison with its sides exchanged."""


def column_of(node: exp.Expr, scope: Scope) -> exp.Column:
    """What must be a column."""
    while isinstance(node, exp.Paren):
        node = node.this
    if not isinstance(node, exp.Column):
        raise scope.text.refusal(f"{word(node)} stands where the name of a column is expected", node)
    return node


def compared(column: exp.Column, operator: Operator, values: tuple[Value, ...], scope: Scope) -> Comparison:
    """One column held against values."""
    return Comparison(
        attribute_of(column, scope.text), operator, values, scope.text.at(column), scope.entity(column)
    )  # fmt: skip


def comparison(node: exp.Expr, scope: Scope, negated: bool) -> Comparison:
    """`a < 1`, `1 < a`, `a < b`."""
    only(node, scope.text, "this", "expression")
    operator, left, right = SIGNS[type(node)], unwrapped(node.this), unwrapped(node.expression)
    if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
        left, right, operator = right, left, TURNED.get(operator, operator)
    if not isinstance(left, exp.Column):
        first = left if not is_value(left) or not is_value(right) else node
        raise scope.text.refusal(
            "no column is compared here" if first is node else computed(left, "a column, or a value"),
            first,
        )
    if isinstance(right, exp.Column):
        turned = NEGATED_SIGN[operator] if negated else operator
        return Comparison(
            attribute_of(left, scope.text), turned, (), scope.text.at(left), scope.entity(left),
            Column(attribute_of(right, scope.text), scope.entity(right)),
        )  # fmt: skip
    value = value_of(right, scope.text)
    if operator in {Operator.EQUAL, Operator.NOT_EQUAL}:
        equal = (operator is Operator.EQUAL) is not negated
        return compared(left, Operator.EQUAL if equal else Operator.NOT_IN, (value,), scope)
    return compared(left, NEGATED_SIGN[operator] if negated else operator, (value,), scope)


NEGATED_SIGN = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.GREATER_THAN: Operator.LESS_EQUAL,
    Operator.GREATER_EQUAL: Operator.LESS_THAN,
    Operator.LESS_THAN: Operator.GREATER_EQUAL,
    Operator.LESS_EQUAL: Operator.GREATER_THAN,
}
"""Where a comparison is false; of two columns, so that NotEqual is not true of null."""


def unwrapped(node: exp.Expr) -> exp.Expr:
    """Without parentheses."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def distinct(node: exp.Expr, scope: Scope, equal: bool) -> Node:
    """`a IS [NOT] DISTINCT FROM …`, `a <=> …`: null is a value like others."""
    only(node, scope.text, "this", "expression")
    left, right = unwrapped(node.this), unwrapped(node.expression)
    if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
        left, right = right, left
    column, path = column_of(left, scope), scope.text.at(left)
    if isinstance(right, exp.Null):
        return compared(column, Operator.NULL if equal else Operator.NOT_NULL, (), scope)
    if not isinstance(right, exp.Column):
        value = value_of(right, scope.text)
        return compared(column, Operator.EQUAL if equal else Operator.NOT_EQUAL, (value,), scope)

    def both(one: Operator, other: Operator) -> Node:
        return junction(False, (compared(column, one, (), scope), compared(right, other, (), scope)), path)

    sides = Comparison(
        attribute_of(column, scope.text), Operator.EQUAL if equal else Operator.NOT_EQUAL, (), path,
        scope.entity(column), Column(attribute_of(right, scope.text), scope.entity(right)),
    )  # fmt: skip
    nulls = (
        (both(Operator.NULL, Operator.NULL),)
        if equal
        else (both(Operator.NULL, Operator.NOT_NULL), both(Operator.NOT_NULL, Operator.NULL))
    )
    return junction(True, (sides, *nulls), path)


def state(node: exp.Is, scope: Scope, negated: bool) -> Node:
    """`a IS NULL`, `a IS TRUE`: never unknown."""
    only(node, scope.text, "this", "expression", "negate")
    negated = bool(node.args.get("negate")) is not negated
    column, asked = column_of(node.this, scope), unwrapped(node.expression)
    match asked:
        case exp.Null():
            return compared(column, Operator.NOT_NULL if negated else Operator.NULL, (), scope)
        case exp.Boolean():
            operator = Operator.NOT_EQUAL if negated else Operator.EQUAL
            return compared(column, operator, (bool(asked.this),), scope)
        case _:
            raise scope.text.refusal(f"IS {word(asked)} is not taken; accepted: IS [NOT] NULL, TRUE, FALSE", node)


def pattern(node: exp.Expr, scope: Scope, negated: bool) -> Comparison:
    """`a LIKE 'x%'`, with its escape."""
    escape: str | None = "\\" if scope.text.dialect in {SqlDialect.POSTGRESQL, SqlDialect.MARIADB} else None
    like = node
    if isinstance(node, exp.Escape):
        like = unwrapped(node.this)
        said = value_of(node.expression, scope.text)
        if not isinstance(said, str) or len(said) > 1 or type(like) is not exp.Like:
            raise scope.text.refusal("one character is expected as the escape of a LIKE", node)
        escape = said or None
    only(like, scope.text, "this", "expression", "negate")
    # The parser turns `a NOT LIKE` into either NOT around it, or this mark.
    negated = bool(like.args.get("negate")) is not negated
    value, column = value_of(like.expression, scope.text), column_of(like.this, scope)
    if not isinstance(value, str):
        raise scope.text.refusal("a pattern is a text; put it in quotes", like)
    if "\\" in value and escape is None and scope.text.dialect is SqlDialect.PLAIN and not isinstance(node, exp.Escape):
        raise scope.text.refusal("a backslash in a pattern means one thing or another; say which by ESCAPE '!'", like)
    try:
        found = dataverse_pattern(value, escape)
    except ValueError as error:
        raise scope.text.refusal(str(error), like) from None
    return compared(column, Operator.NOT_LIKE if negated else Operator.LIKE, (found,), scope)


def function(node: exp.Anonymous, scope: Scope, negated: bool) -> Comparison:
    """`last_x_days(createdon, 30)`: an operator that only Dataverse has."""
    name, text = str(node.this).lower(), scope.text
    if name in LINKS:
        raise text.refusal(f"{name} joins a linked entity; it stands in EXISTS (SELECT …) or in the ON of a join", node)
    if name in {TEXT_COMPARE, DISTINCT_ROWS}:
        raise text.refusal(f"{name} is about the whole query: it stands at the top of its WHERE, joined by AND", node)
    if name not in BY_NAME:
        near = suggestion(name, KNOWN) or f"; known: {', '.join(KNOWN)}"
        raise text.refusal(f"the function {name:.60} is not taken{near}", node)
    operator, form = BY_NAME[name], BY_NAME[name].form
    only(node, text, "this", "expressions")
    if negated:
        if operator not in OPPOSITES:
            raise text.refusal(f"NOT {name} cannot be said: no operator is its opposite", node)
        operator = OPPOSITES[operator]
    if not node.expressions:
        raise text.refusal(f"{name} is asked of a column: {name}(createdon{', …' if form.most != 0 else ''})", node)
    column = column_of(node.expressions[0], scope)
    values = tuple(value_of(one, text) for one in node.expressions[1:])
    if len(values) < form.least or (form.most is not None and len(values) > form.most):
        raise text.refusal(f"{name} takes a column and {takes(operator)}, not {len(values)}", node)
    return compared(column, operator, values, scope)
