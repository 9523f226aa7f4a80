"""The syntax tree of a query, whatever notation it was written in, and its truth with nulls.

A record is deleted only where its query is *true*. With a null in the attribute (Dataverse, spec §6.4):

    operator                                     null attribute
    -------------------------------------------  -----------------------------------------------
    Equal, In, Like, Between                     not true
    GreaterThan, GreaterEqual, LessThan,
    LessEqual                                    not true
    NotEqual                                     TRUE: "not equal, or null" as Dataverse does
    NotIn, NotLike, NotBetween                   not true: the sources disagree, this deletes fewer
    Null                                         TRUE
    NotNull                                      not true

`And` and `Or` join these truths; there is no general negation, so "not true" never has to be told from "unknown".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

Value = bool | int | Decimal | str


class Operator(StrEnum):
    """What can be asked of one attribute; the names are Dataverse's `ConditionOperator` (spec §6.3)."""

    EQUAL = "Equal"
    NOT_EQUAL = "NotEqual"
    GREATER_THAN = "GreaterThan"
    GREATER_EQUAL = "GreaterEqual"
    LESS_THAN = "LessThan"
    LESS_EQUAL = "LessEqual"
    IN = "In"
    NOT_IN = "NotIn"
    NULL = "Null"
    NOT_NULL = "NotNull"
    LIKE = "Like"
    NOT_LIKE = "NotLike"
    BETWEEN = "Between"
    NOT_BETWEEN = "NotBetween"


VALUE_COUNTS: dict[Operator, tuple[int, int | None]] = {
    **dict.fromkeys(Operator, (1, 1)),
    Operator.IN: (1, None),
    Operator.NOT_IN: (1, None),
    Operator.NULL: (0, 0),
    Operator.NOT_NULL: (0, 0),
    Operator.BETWEEN: (2, 2),
    Operator.NOT_BETWEEN: (2, 2),
}
"""How many values an operator takes: least and most (None: any number)."""

MATCHES_NULL = frozenset({Operator.NOT_EQUAL, Operator.NULL})
"""The operators that are true of a null attribute."""


@dataclass(frozen=True)
class Comparison:
    """One attribute held against values. `path` is where it was written, for errors."""

    attribute: str
    operator: Operator
    values: tuple[Value, ...]
    path: str


@dataclass(frozen=True)
class Junction:
    """Several conditions, all (`And`) or any (`Or`) of which must be true; never empty."""

    any: bool
    terms: tuple[Node, ...]
    path: str


Node = Comparison | Junction


@dataclass(frozen=True)
class QueryTree:
    """Which records of one entity: those for which `where` is true; all of them where it is None."""

    entity: str
    where: Node | None
    path: str

    def comparisons(self) -> Iterator[Comparison]:
        """Every comparison in the tree, in reading order."""
        pending: list[Node] = [self.where] if self.where else []
        while pending:
            node = pending.pop(0)
            if isinstance(node, Junction):
                pending[:0] = node.terms
            else:
                yield node
