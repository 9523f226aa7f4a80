"""Conditions of SQL as nodes of the tree, in SQL's own three-valued logic.

A node is true exactly where SQL's condition is. `negated` asks where it is *false*, which is what NOT makes true:

    SQL                                   tree
    ------------------------------------  ------------------------------------------------------------
    a = 1, NOT a <> 1                     Equal
    a <> 1, NOT a = 1                     NotIn (one value): NotEqual would be true of null
    a IS DISTINCT FROM 1                  NotEqual: here SQL, too, is true of null
    a <> b                                NotEqual of two columns: not true where either is null
    NOT (p AND q), NOT (p OR q)           NOT p OR NOT q, NOT p AND NOT q: so it is with unknown, too
    a, NOT a                              Equal true, Equal false
    a IN (SELECT …), EXISTS, NOT EXISTS   a link: In, Exists, NotAny
    a NOT IN (SELECT …)                   refused: it depends on nulls among what the subquery finds
    last_x_days(a, 30)                    LastXDays; NOT of what has no opposite is refused
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.sql.comparisons import (
    SIGNS,
    column_of,
    compared,
    comparison,
    distinct,
    function,
    pattern,
    state,
)
from bulkdelete.domain.query.sql.literals import value_of
from bulkdelete.domain.query.sql.names import Scope, only, word
from bulkdelete.domain.query.tree import Link, Node, junction

MOST_VALUES = 10_000
Related = Callable[[exp.Expr, exp.Expr | None, Scope, bool], Link]
"""Reads a subquery as a link: EXISTS's or IN's, what stands before IN, and whether NOT stands before it."""


def terms_of(node: exp.Expr, kind: type[exp.Connector]) -> list[exp.Expr]:
    """What AND or OR joins, in order: a chain of them is one."""
    found: list[exp.Expr] = []
    while type(node) is kind:
        found.append(node.expression)
        node = node.this
    return [node, *reversed(found)]


class Conditions:
    """Reads conditions. `related` reads the subqueries among them."""

    def __init__(self, related: Related) -> None:
        self.related = related

    def node(self, node: exp.Expr, scope: Scope, negated: bool = False) -> Node:
        """A condition as a node of the tree. Raises InvalidJobError with the place."""
        match node:
            case exp.Paren():
                only(node, scope.text, "this")
                return self.node(node.this, scope, negated)
            case exp.Not():
                only(node, scope.text, "this")
                return self.node(node.this, scope, not negated)
            case exp.And() | exp.Or():
                terms = tuple(self.node(one, scope, negated) for one in terms_of(node, type(node)))
                return junction(isinstance(node, exp.Or) is not negated, terms, scope.text.at(node))
            case exp.Exists():
                only(node, scope.text, "this")
                return self.related(node, None, scope, negated)
            case exp.In():
                return self.membership(node, scope, negated)
            case _:
                return self.simple(node, scope, negated)

    def simple(self, node: exp.Expr, scope: Scope, negated: bool) -> Node:
        """A condition about one column, or two."""
        match node:
            case exp.Column():
                return compared(node, Operator.EQUAL, (not negated,), scope)
            case exp.EQ() | exp.NEQ() | exp.GT() | exp.GTE() | exp.LT() | exp.LTE() if type(node) in SIGNS:
                return comparison(node, scope, negated)
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                return distinct(node, scope, isinstance(node, exp.NullSafeEQ) is not negated)
            case exp.Is():
                return state(node, scope, negated)
            case exp.Between():
                only(node, scope.text, "this", "low", "high")
                values = (value_of(node.args["low"], scope.text), value_of(node.args["high"], scope.text))
                operator = Operator.NOT_BETWEEN if negated else Operator.BETWEEN
                return compared(column_of(node.this, scope), operator, values, scope)
            case exp.Like() | exp.Escape() if type(node) in {exp.Like, exp.Escape}:
                return pattern(node, scope, negated)
            case exp.Anonymous():
                return function(node, scope, negated)
            case exp.ILike():
                raise scope.text.refusal("ILIKE is not taken; say LIKE, and text: ignore_case in the query", node)
            case exp.Boolean() | exp.Literal() | exp.Null():
                raise scope.text.refusal(
                    "no column is asked here; say all_records: true if every record is meant", node
                )
            case _:
                raise scope.text.refusal(
                    f"{word(node)} is no condition that is taken; accepted: AND, OR, NOT, =, <>, <, <=, >, >=, "
                    "IN, BETWEEN, LIKE, IS NULL, IS DISTINCT FROM, EXISTS, and functions such as "
                    "last_x_days(createdon, 30)",
                    node,
                )

    def membership(self, node: exp.In, scope: Scope, negated: bool) -> Node:
        """`a IN (1, 2)`, `a IN (SELECT …)`."""
        if (query := node.args.get("query")) is not None:
            only(node, scope.text, "this", "query")
            if negated:
                raise scope.text.refusal(
                    "NOT IN (SELECT …) is true of nothing where the subquery finds a null; write NOT EXISTS", query
                )
            return self.related(query, node.this, scope, False)
        only(node, scope.text, "this", "expressions")
        if len(node.expressions) > MOST_VALUES:
            raise scope.text.refusal(f"{len(node.expressions):,} values; at most {MOST_VALUES:,} are taken", node)
        values = tuple(value_of(one, scope.text) for one in node.expressions)
        operator = Operator.NOT_IN if negated else Operator.IN
        return compared(column_of(node.this, scope), operator, values, scope)
