"""The truth of a query over one record, worked out in Python and not by the code under test."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

Record = Mapping[str, Any]


def holds(criteria: Mapping[str, Any], record: Record, fold: bool = False) -> bool:
    """Whether the criteria are true of the record; `fold`: patterns ignore ASCII case, as in SQLite."""
    terms = [condition(one, record, fold) for one in criteria.get("Conditions", [])]
    terms += [holds(one, record, fold) for one in criteria.get("Filters", [])]
    return any(terms) if criteria.get("FilterOperator", "And") == "Or" else all(terms)


def condition(one: Mapping[str, Any], record: Record, fold: bool) -> bool:
    """One condition: with a null only Null and NotEqual are true."""
    value, operator = record[one["AttributeName"]], one["Operator"]
    if value is None:
        return operator in {"Null", "NotEqual"}
    values = [like_of(value, other) for other in one.get("Values", [])]
    return TESTS[operator](value, values, fold)


def like_of(value: Any, other: Any) -> Any:
    """The query's value in the type of the record's."""
    if isinstance(value, datetime.datetime):
        found = datetime.datetime.fromisoformat(other)
        found = found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
        return found if value.tzinfo else found.astimezone(datetime.UTC).replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return datetime.date.fromisoformat(other)
    if isinstance(value, Decimal):
        return Decimal(str(other))
    if isinstance(value, float | UUID):
        return type(value)(other)
    return other


def matches(value: str, pattern: str, fold: bool) -> bool:
    """Whether a text matches a pattern of `%`, `_` and bracketed characters."""
    pieces = re.split(r"(\[[%_[]\]|%|_)", pattern)
    text = "".join(
        ".*" if one == "%" else "." if one == "_" else re.escape(one[1] if len(one) == 3 and one[0] == "[" else one)
        for one in pieces
    )
    return re.fullmatch(text, value, re.DOTALL | (re.IGNORECASE | re.ASCII if fold else 0)) is not None


TESTS: dict[str, Callable[[Any, list[Any], bool], bool]] = {
    "Equal": lambda value, to, _: value == to[0],
    "NotEqual": lambda value, to, _: value != to[0],
    "GreaterThan": lambda value, to, _: value > to[0],
    "GreaterEqual": lambda value, to, _: value >= to[0],
    "LessThan": lambda value, to, _: value < to[0],
    "LessEqual": lambda value, to, _: value <= to[0],
    "In": lambda value, to, _: value in to,
    "NotIn": lambda value, to, _: value not in to,
    "Null": lambda _value, _to, _: False,
    "NotNull": lambda _value, _to, _: True,
    "Like": lambda value, to, fold: matches(value, to[0], fold),
    "NotLike": lambda value, to, fold: not matches(value, to[0], fold),
    "Between": lambda value, to, _: to[0] <= value <= to[1],
    "NotBetween": lambda value, to, _: not to[0] <= value <= to[1],
}
"""Truth of a value that is not null."""
