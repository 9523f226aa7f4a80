"""A query as a sentence that a manager understands, and what is to be known beside it.

Relative dates are told with their concrete interval; conditions that also match empty values say so; where the
sources of Dataverse's semantics disagree, the reading that was chosen is told.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bulkdelete.domain.query.intervals import Interval, intervals
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.readings import readings
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import (
    Column,
    Comparison,
    Join,
    Junction,
    Link,
    Node,
    QueryTree,
    Value,
)

FEW = 5
"""Values of a list that are told; of the others only how many."""

PLAIN = {
    Operator.EQUAL: "is {0}", Operator.NOT_EQUAL: "is not {0} (or is empty)",
    Operator.GREATER_THAN: "is more than {0}", Operator.GREATER_EQUAL: "is at least {0}",
    Operator.LESS_THAN: "is less than {0}", Operator.LESS_EQUAL: "is at most {0}",
    Operator.BETWEEN: "is from {0} to {1}, both included",
    Operator.NOT_BETWEEN: "lies outside {0} to {1} (and is not empty)",
    Operator.NULL: "is empty", Operator.NOT_NULL: "is not empty",
    Operator.LIKE: "looks like {0}", Operator.NOT_LIKE: "does not look like {0} (and is not empty)",
    Operator.CONTAINS: "contains {0}", Operator.DOES_NOT_CONTAIN: "does not contain {0} (and is not empty)",
    Operator.BEGINS_WITH: "begins with {0}",
    Operator.DOES_NOT_BEGIN_WITH: "does not begin with {0} (and is not empty)",
    Operator.ENDS_WITH: "ends with {0}", Operator.DOES_NOT_END_WITH: "does not end with {0} (and is not empty)",
    Operator.UNDER: "lies below {0} in the hierarchy",
    Operator.NOT_UNDER: "does not lie below {0} in the hierarchy, and is not {0} itself (and is not empty)",
    Operator.UNDER_OR_EQUAL: "is {0} or lies below it in the hierarchy",
    Operator.ABOVE: "lies above {0} in the hierarchy",
    Operator.ABOVE_OR_EQUAL: "is {0} or lies above it in the hierarchy",
}  # fmt: skip
"""Operators with one or two values, in words."""

DATED = {
    Operator.GREATER_THAN: "is after {0}", Operator.GREATER_EQUAL: "is {0} or later",
    Operator.LESS_THAN: "is before {0}", Operator.LESS_EQUAL: "is {0} or earlier",
}  # fmt: skip
"""Of values that look like days or times."""

USERS = {
    Operator.EQUAL_USER_ID: "is {user}", Operator.NOT_EQUAL_USER_ID: "is not {user} (and is not empty)",
    Operator.EQUAL_BUSINESS_ID: "is the business unit of {user}",
    Operator.NOT_EQUAL_BUSINESS_ID: "is not the business unit of {user} (and is not empty)",
    Operator.EQUAL_USER_LANGUAGE: "is the language of {user}",
    Operator.EQUAL_USER_TEAMS: "is a team of {user}",
    Operator.EQUAL_USER_OR_USER_TEAMS: "is {user} or a team of theirs",
    Operator.EQUAL_USER_OR_USER_HIERARCHY: "is {user} or someone who reports to them",
    Operator.EQUAL_USER_OR_USER_HIERARCHY_AND_TEAMS: "is {user}, someone who reports to them, or a team of theirs",
}  # fmt: skip

RELATED = {
    Join.INNER: "there is a related {0}", Join.NATURAL: "there is a related {0}",
    Join.MATCH_FIRST_ROW: "there is a related {0}", Join.EXISTS: "there is a related {0}",
    Join.IN: "there is a related {0}", Join.ANY: "there is a related {0}", Join.NOT_ALL: "there is a related {0}",
    Join.LEFT_OUTER: "its related {0}, if there is one, is looked at",
    Join.NOT_ANY: "there is no related {0}",
    Join.ALL: "there is a related {0}, and for none of them it is so that",
}  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """What a query means."""

    sentence: str
    matches_empty: tuple[str, ...]
    """Conditions that also match records without a value."""
    readings: tuple[str, ...]
    """How it is read where its words leave room: nulls, texts, days, links, and where sources disagree."""

    def to_json(self) -> dict[str, object]:
        """As plain data."""
        return {"sentence": self.sentence, "matches_empty": list(self.matches_empty), "readings": list(self.readings)}


def explained(tree: QueryTree, terms: Terms) -> Explanation:
    """What a query means, its words referring to `terms`."""
    told = Told(terms)
    parts = ([told.node(tree.where, bool(tree.links))] if tree.where is not None else []) + list(
        map(told.link, tree.links)
    )
    which = " and ".join(parts)
    sentence = (
        f"Deletes every record of {tree.entity}" if not which else f"Deletes records of {tree.entity} where {which}"
    )
    if tree.top is not None:
        by = ", ".join(f"{one.attribute}{' downwards' if one.descending else ''}" for one in tree.orders)
        sentence += f"; of these only the first {tree.top:,} by {by}"
    return Explanation(sentence + ".", tuple(empties(tree)), tuple(readings(tree, terms)))


def empties(tree: QueryTree) -> Iterator[str]:
    """Conditions that also match where there is no value."""
    for one in tree.comparisons():
        if one.operator is Operator.NOT_EQUAL and one.column is None:
            yield f"{named(one.attribute, one.entity)} is not {spelled(one.values[0])}: also where it is empty"
        elif one.operator is Operator.NULL:
            yield f"{named(one.attribute, one.entity)} is empty"


def named(attribute: str, entity: str | None) -> str:
    """A column, and whose it is."""
    return attribute if entity is None else f"{entity}.{attribute}"


def spelled(value: Value) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) and (not value or value != value.strip()) else str(value)


def listed(values: tuple[Value, ...]) -> str:
    """Several values, the last after "or"; of many the first ones."""
    few = [spelled(one) for one in values[:FEW]]
    if len(values) > FEW:
        return f"{', '.join(few)} or one of {len(values) - FEW:,} others"
    return few[0] if len(few) == 1 else f"{', '.join(few[:-1])} or {few[-1]}"


def instant(at: datetime.datetime, terms: Terms) -> str:
    """A local time with its zone."""
    shape = "%Y-%m-%d %H:%M" if not at.second and not at.microsecond else "%Y-%m-%d %H:%M:%S"
    return f"{at.strftime(shape)} {terms.zone.key}"


@dataclass(frozen=True)
class Told:
    """Tells the parts of a query."""

    terms: Terms

    def node(self, node: Node, within: bool) -> str:
        """A condition; `within` another one, in parentheses where it joins by or."""
        match node:
            case Comparison():
                return f"{named(node.attribute, node.entity)} {self.predicate(node)}"
            case Link():
                return self.link(node)
            case Junction(any=any_of, terms=terms):
                text = (" or " if any_of else " and ").join(self.node(one, True) for one in terms)
                return f"({text})" if within and any_of else text

    def link(self, link: Link) -> str:
        """Rows of another entity."""
        name = f"{link.entity} ({link.alias})" if link.alias is not None and link.alias != link.entity else link.entity
        text = RELATED[link.join].format(f"{name} [{link.attribute} = {link.outer_attribute}]")
        inner = ([self.node(link.where, True)] if link.where is not None else []) + list(map(self.link, link.links))
        if not inner:
            return text.removesuffix(", and for none of them it is so that") + (
                ", and none at all" if link.join is Join.ALL else ""
            )
        joined = " and ".join(inner)
        return f"{text} {joined}" if link.join is Join.ALL else f"{text} with {joined}"

    def predicate(self, node: Comparison) -> str:
        """What is asked of an attribute."""
        operator, values = node.operator, node.values
        if node.column is not None:
            return compared(operator, node.column)
        if operator in {Operator.IN, Operator.CONTAIN_VALUES}:
            return f"{'is' if operator is Operator.IN else 'holds'} {listed(values)}"
        if operator in {Operator.NOT_IN, Operator.DOES_NOT_CONTAIN_VALUES}:
            return f"{'is not' if operator is Operator.NOT_IN else 'holds not'} {listed(values)} (and is not empty)"
        if operator in DATED and isinstance(values[0], str) and re.match(r"\d{4}-\d\d-\d\d", values[0]):
            return DATED[operator].format(values[0])
        if operator in PLAIN:
            return PLAIN[operator].format(*map(spelled, values))
        if operator in USERS:
            user = self.terms.user
            return USERS[operator].format(user="the job's user" + (f" {user.id}" if user is not None else ""))
        return self.dated(operator, values)

    def dated(self, operator: Operator, values: tuple[Value, ...]) -> str:
        """A day, a span or a fiscal period, with what it is today."""
        words = operator.form.fetchxml.replace("-", " ").replace("olderthan", "older than")
        for one in values:
            words = words.replace(" x ", f" {one} ", 1) if " x " in words else f"{words} {one}"
        try:
            found = intervals(operator, values, self.terms)
        except ValueError as error:
            return f"is in {words} (which needs {error})"
        if not found:
            return f"is in no time at all ({words})"
        if len(found) > FEW:
            first, last = found[0], found[-1]
            return f"lies in one of {len(found)} periods, {self.between(first)} … {self.between(last)} ({words})"
        return f"is {' or '.join(map(self.between, found))} ({words})"

    def between(self, interval: Interval) -> str:
        """A half-open interval."""
        start, end = interval.start, interval.end
        if start is None:
            return "at any time" if end is None else f"before {instant(end, self.terms)}"
        if end is None:
            return f"{instant(start, self.terms)} or later"
        return f"from {instant(start, self.terms)} until before {instant(end, self.terms)}"


def compared(operator: Operator, column: Column) -> str:
    """Two columns."""
    other = named(column.attribute, column.entity)
    text = PLAIN[operator].format(other)
    return text.replace("(or is empty)", "(and neither is empty)")
