"""Prediction: what a job leaves, deletes, unlinks and fails at, worked out from the rules alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.properties.case import Case, Link, Record, Row
from tests.properties.rules import Behaviour, Blocker, Rules
from tests.properties.world import World

MOST_UNBOUNDED_PASSES = 4
"""Design §5: the walk and three sweeps, where nothing tells which records were there at the start."""

Failed = tuple[int, Record]
"""The index of the query, and the record."""


@dataclass
class Prediction:
    """The model of one run."""

    case: Case
    behaviour: Behaviour
    deleted: set[Record] = field(default_factory=set)
    cascaded: set[Record] = field(default_factory=set)
    failed: dict[Failed, set[Blocker]] = field(default_factory=dict)
    """Every failure that nothing settled, and what held the record back when it was tried last."""
    unlinked: Counter[str] = field(default_factory=Counter)
    is_bisected: bool = False
    """Whether an error has to be traced to its record: something holds one back that is not seen before."""
    is_torn: bool = False
    """Whether entities refer to each other in a ring. Where no order of them passes, what could go at once goes in
    parts, and a record may lose a link before it goes."""

    def __post_init__(self) -> None:
        self.world = World(self.case)
        self.rules = Rules(self.world, self.behaviour)

    def run(self) -> Prediction:
        """Work it out. Raises UndecidedError."""
        order = self.order()
        for index in order:
            self.walk(index)
        while self.try_again(order):
            pass
        return self

    def order(self) -> list[int]:
        """The queries as they run: one that restricts another's records goes before it; in a ring as written."""
        entities = [query["EntityName"] for query in self.case.queries]
        before = {
            later: {
                earlier
                for earlier, other in enumerate(entities)
                if other != entity and other in self.restricting(entity)
            }
            for later, entity in enumerate(entities)
        }
        ordered: list[int] = []
        while rest := {index: before[index] - set(ordered) for index in before if index not in ordered}:
            after = {index: self.waited_for(index, rest) for index in rest}
            ordered.append(next(index for index in rest if all(index in after[one] for one in after[index])))
        return ordered

    def waited_for(self, index: int, before: dict[int, set[int]]) -> set[int]:
        """All queries that one waits for, directly or not."""
        found: set[int] = set()
        pending = [index]
        while pending:
            new = before[pending.pop()] - found
            found |= new
            pending += new
        return found

    def restricting(self, entity: str) -> set[str]:
        """The entities that restrict what a deletion of this one's records takes along."""
        return {one.child for one in self.onto_reached(entity) if self.rules.keeps(one)}

    def onto_reached(self, entity: str) -> list[Link]:
        """The links onto an entity's records and onto all that a deletion of these takes along."""
        reached = [entity]
        for name in reached:
            reached += {
                one.child for one in self.case.referrers(name) if one.rule == "CASCADE" and one.child not in reached
            }
        return [one for name in reached for one in self.case.referrers(name)]

    def walk(self, index: int) -> None:
        """One query: pass after pass, since a link that is cleared may make more records match."""
        query = self.case.queries[index]
        if self.is_settled_first(query):
            self.one_pass(index, query)
            return
        is_bounded = self.case.table(query["EntityName"]).created_on is not None
        number = 1
        while self.one_pass(index, query) and (is_bounded or number < MOST_UNBOUNDED_PASSES):
            number += 1

    def is_settled_first(self, query: dict[str, Any]) -> bool:
        """Whether links that its own deletion clears could make more records match: then none of those is meant."""
        cleared = {
            column
            for link in self.onto_reached(query["EntityName"])
            if link.child == query["EntityName"] and link.rule in {"SET NULL", "SET DEFAULT"}
            for column in link.cleared or link.columns
        }
        return any(
            one["Operator"] in {"Null", "NotEqual"} and one["AttributeName"] in cleared
            for one in conditions(query.get("Criteria", {}))
        )

    def one_pass(self, index: int, query: dict[str, Any]) -> bool:
        """Delete what matches and has not failed; returns whether there was any."""
        matching = self.world.matching(query, self.behaviour.folds)
        tried = [record for record in matching if (index, record) not in self.failed]
        for record in self.delete(index, tried, set(matching)):
            del self.failed[index, record]
        return bool(tried)

    def try_again(self, order: Iterable[int]) -> bool:
        """Try what failed once more, now that others are gone; returns whether anything changed."""
        changed = False
        for index in order:
            mine = [record for at, record in self.failed if at == index]
            matching = set(self.world.matching(self.case.queries[index], self.behaviour.folds))
            for record in set(mine) - matching:
                del self.failed[index, record]
                changed = True
            tried = [record for record in mine if record in matching]
            for record in self.delete(index, tried, matching):
                del self.failed[index, record]
                changed = True
        return changed

    def delete(self, index: int, roots: list[Record], matching: set[Record]) -> set[Record]:
        """Delete what can go of these, and all it takes along; returns which earlier failures that settles."""
        going, held = self.rules.largest(roots)
        self.is_bisected |= any(one.why != "restricts" for blockers in held.values() for one in blockers)
        self.is_torn |= self.are_in_ring(going)
        for link in self.case.links:
            self.unlink(link, going)
        for record in going:
            del self.world.rows[record]
        self.deleted |= going & matching
        self.cascaded |= going - matching
        for root, blockers in held.items():
            self.failed[index, root] = blockers
        return {record for at, record in self.failed if at == index and record in going}

    def are_in_ring(self, going: set[Record]) -> bool:
        """Whether the entities of these records refer to each other in a ring by them, and a link of it restricts."""
        above: dict[str, set[str]] = {}
        restricting = set()
        for link in filter(self.rules.ties, self.case.links):
            parents = [one for one in going if one[0] == link.parent and link.parent != link.child]
            if any(child in going for parent in parents for child in self.world.referring(link, parent)):
                above.setdefault(link.child, set()).add(link.parent)
                if self.rules.restricts(link):
                    restricting.add((link.child, link.parent))
        return any(child in closed(parent, above) for child, parent in restricting)

    def unlink(self, link: Link, going: set[Record]) -> None:
        """Clear the links of records that stay, or set them to their defaults."""
        if link.rule not in {"SET NULL", "SET DEFAULT"}:
            return
        table = self.case.table(link.child)
        changes: Row = dict.fromkeys(link.cleared or link.columns)
        if link.rule == "SET DEFAULT":
            changes = {one: table.column(one).default for one in link.columns}
        losing = {
            child
            for parent in going
            if parent[0] == link.parent
            for child in self.world.referring(link, parent)
            if child not in going
        }
        for child in losing:
            self.world.rows[child] |= changes
        if losing:
            self.unlinked[link.child] += len(losing)


def conditions(criteria: dict[str, Any]) -> list[dict[str, Any]]:
    """The conditions of a filter and of all filters in it."""
    inner = [one for each in criteria.get("Filters", []) for one in conditions(each)]
    return [*criteria.get("Conditions", []), *inner]


def closed(name: str, above: dict[str, set[str]]) -> set[str]:
    """The entities that one refers to, and those that these refer to, and so on."""
    found: set[str] = set()
    pending = [name]
    while pending:
        new = above.get(pending.pop(), set()) - found
        found |= new
        pending += new
    return found
