"""Which records a query means, worked out over plain rows and not by the code under test.

Joins are carried out one by one, as combinations of rows; dates are asked of each row's own local day.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bulkdelete.domain.query.tree import Comparison, Join, Junction, Link, Node, QueryTree
from tests.language.dates import Clock, FiscalYear
from tests.language.world import ATTRIBUTES

Record = Mapping[str, Any]
Records = Mapping[str, list[Record]]
Names = Mapping[str, Record | None]
"""Alias (or entity) → the row chosen of it; None: an outer link found none."""

VISIBLE = {Join.INNER, Join.LEFT_OUTER, Join.NATURAL, Join.MATCH_FIRST_ROW}
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "Equal": operator.eq, "NotEqual": operator.ne, "LessThan": operator.lt, "LessEqual": operator.le,
    "GreaterThan": operator.gt, "GreaterEqual": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class Evaluator:
    """Says which records of a world a query means."""

    records: Records
    clock: Clock
    fiscal: FiscalYear
    user: Mapping[str, Any]
    text: str = "database"
    folds: bool = False
    """Whether patterns ignore the case of ASCII where the database decides, as SQLite's do."""
    entities: dict[str, str] = field(default_factory=dict)

    def ids(self, tree: QueryTree) -> set[int]:
        """The ids of the records that the query means."""
        return {one["id"] for one in self.records[tree.entity] if self.means(tree, one)}

    def means(self, tree: QueryTree, record: Record) -> bool:
        """Whether some combination of linked rows makes the query true of a record."""
        entities = {tree.entity: tree.entity} | {one.alias or one.entity: one.entity for one in tree.every_link()}
        mine = Evaluator(self.records, self.clock, self.fiscal, self.user, tree.text or self.text, self.folds, entities)
        start: Names = {tree.entity: record}
        return any(
            tree.where is None or mine.true(tree.where, names, tree.entity)
            for names in mine.combined(tree.links, start, tree.entity)
        )

    def combined(self, links: tuple[Link, ...], names: Names, outer: str) -> Iterator[Names]:
        """All combinations of rows of these links."""
        if not links:
            yield names
            return
        for first in self.rows(links[0], names, outer):
            yield from self.combined(links[1:], first, outer)

    def rows(self, link: Link, names: Names, outer: str) -> Iterator[Names]:
        """The same with one link joined, and those within it."""
        name, above = link.alias or link.entity, names[outer]
        if link.join not in VISIBLE:
            if above is not None and self.related(link, names, outer):
                yield names
            return
        joined = [{**names, name: one} for one in self.joined(link, names, outer)]
        found = [one for one in joined if link.where is None or self.true(link.where, one, name)]
        if not found and link.join is Join.LEFT_OUTER:
            found = [{**names, name: None}]
        for one in found:
            yield from self.combined(link.links, one, name)

    def joined(self, link: Link, names: Names, outer: str) -> list[Record]:
        """The rows that belong to the one around."""
        above = names[outer]
        value = None if above is None else above[link.outer_attribute]
        return [] if value is None else [one for one in self.records[link.entity] if one[link.attribute] == value]

    def related(self, link: Link, names: Names, outer: str) -> bool:
        """What a link asks for that shows no rows."""
        name = link.alias or link.entity
        joined = [{**names, name: one} for one in self.joined(link, names, outer)]
        holding = any(
            (link.where is None or self.true(link.where, one, name))
            and any(True for _ in self.combined(link.links, one, name))
            for one in joined
        )
        if link.join is Join.NOT_ANY:
            return not holding
        return bool(joined) and not holding if link.join is Join.ALL else holding

    def true(self, node: Node, names: Names, own: str) -> bool:
        """Whether a condition is true."""
        match node:
            case Junction(any=any_of, terms=terms):
                return (any if any_of else all)(self.true(one, names, own) for one in terms)
            case Link():
                return self.related(node, names, own)
            case Comparison():
                return self.compares(node, names, own)

    def compares(self, what: Comparison, names: Names, own: str) -> bool:
        """Whether a comparison is true."""
        name = what.entity or own
        record = names[name]
        kind = ATTRIBUTES[self.entities[name]][what.attribute]
        value = None if record is None else record[what.attribute]
        if what.column is not None:
            there = names[what.column.entity or name]
            other = None if there is None else there[what.column.attribute]
            if value is None or other is None:
                return False
            return SIGNS[what.operator](self.spelled(value), self.spelled(other))
        if value is None:
            return what.operator in {"Null", "NotEqual"}
        match what.operator.form.family:
            case "null":
                return what.operator == "NotNull"
            case "text":
                return self.is_like(what.operator, value, str(what.values[0]))
            case "choices":
                some = any(one in value for one in what.values)
                return some if what.operator == "ContainValues" else bool(value) and not some
            case "user":
                return self.of_user(what.operator, value)
            case "hierarchy":
                return self.in_hierarchy(what.operator, value, what.values[0], what.attribute)
            case "day" | "span":
                return self.clock.holds(what.operator, what.values, value)
            case "fiscal":
                return self.fiscal.holds(what.operator, what.values, value, self.clock)
            case _:
                return self.compared(what.operator, value, what.values, kind)

    def spelled(self, value: Any) -> Any:
        """A text as it compares."""
        return value.lower() if isinstance(value, str) and self.text == "ignore_case" else value

    def compared(self, name: str, value: Any, values: tuple[Any, ...], kind: str) -> bool:
        """A comparison with values."""
        if kind in {"day", "wall", "instant"}:
            return self.clock.compares(name, value, [str(one) for one in values])
        mine, others = self.spelled(value), [self.spelled(one) for one in values]
        if isinstance(mine, Decimal):
            others = [Decimal(str(one)) for one in others]
        match name:
            case "In":
                return mine in others
            case "NotIn":
                return mine not in others
            case "Between":
                return bool(others[0] <= mine <= others[1])
            case "NotBetween":
                return not others[0] <= mine <= others[1]
            case _:
                return SIGNS[name](mine, others[0])

    def is_like(self, name: str, value: str, text: str) -> bool:
        """A pattern, or a part of a text."""
        negated = "Not" in name
        if "Contain" in name:
            literal = self.matches(value, ".*" + re.escape(self.spelled(text)) + ".*")
            wild = "[" not in text.replace("[%]", "").replace("[_]", "") and any(one in text for one in "%_")
            wild = wild or re.search(r"\[.+\]", text) is not None
            if negated:
                return not literal and not (wild and self.matches(value, ".*" + self.pattern(text) + ".*"))
            return literal
        pattern = self.pattern(text)
        pattern += ".*" if "Begin" in name else ""
        pattern = (".*" if "End" in name else "") + pattern
        return self.matches(value, pattern) is not negated

    def matches(self, value: str, pattern: str) -> bool:
        """A whole text against a regular expression."""
        fold = re.IGNORECASE | re.ASCII if self.folds and self.text == "database" else re.NOFLAG
        return re.fullmatch(pattern, self.spelled(value), re.DOTALL | fold) is not None

    def pattern(self, text: str) -> str:
        """Dataverse's pattern as a regular expression."""
        found = ""
        for one in re.split(r"(\[[^\]]+\]|%|_)", self.spelled(text)):
            if one in {"%", "_"}:
                found += ".*" if one == "%" else "."
            elif one.startswith("[") and one.endswith("]"):
                inside = one[1:-1]
                negated = inside.startswith("^") and len(inside) > 1
                body = inside[1:] if negated else inside
                escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", body)
                escaped = "\\-" + escaped[1:] if escaped.startswith("-") else escaped
                escaped = escaped[:-1] + "\\-" if escaped.endswith("-") and escaped != "\\-" else escaped
                found += f"[{'^' if negated else ''}{escaped}]"
            else:
                found += re.escape(one)
        return found

    def of_user(self, name: str, value: Any) -> bool:
        """A condition on the job's user."""
        me, unit, teams = self.user["id"], self.user["business_unit"], self.user["teams"]
        reports = name.startswith("EqualUserOrUserHierarchy") and me in self.above(value, "person")
        found = {
            "EqualUserId": value == me,
            "NotEqualUserId": value != me,
            "EqualBusinessId": value == unit,
            "NotEqualBusinessId": value != unit,
            "EqualUserLanguage": value == self.user["language"],
            "EqualUserTeams": value in teams,
            "EqualUserOrUserTeams": value == me or value in teams,
            "EqualUserOrUserHierarchy": reports,
            "EqualUserOrUserHierarchyAndTeams": reports or value in teams,
        }  # fmt: skip
        return bool(found[name])

    def in_hierarchy(self, name: str, value: Any, node: Any, attribute: str) -> bool:
        """A condition on who is above whom."""
        entity = "item" if attribute == "up" else "person"
        known = any(one["id"] == node for one in self.records[entity])
        mine = self.above(value, entity)
        match name:
            case "Under":
                return node in mine and value != node and self.is_there(value, entity)
            case "UnderOrEqual":
                return node in mine and self.is_there(value, entity)
            case "NotUnder":
                return known and not (node in mine and self.is_there(value, entity))
            case _:
                above = self.above(node, entity) if known else set()
                return value in above and (name == "AboveOrEqual" or value != node)

    def is_there(self, value: Any, entity: str) -> bool:
        """Whether a record is there."""
        return any(one["id"] == value for one in self.records[entity])

    def above(self, value: Any, entity: str) -> set[Any]:
        """A record's id and the ids of all above it."""
        up = "boss" if entity == "person" else "up"
        parents = {one["id"]: one[up] for one in self.records[entity]}
        found: set[Any] = set()
        while value is not None and value not in found:
            found.add(value)
            value = parents.get(value)
        return found
