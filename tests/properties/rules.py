"""The rules of deletion, record by record: what goes together, what holds what back, what loses its link.

A record and all that its deletion takes along go together or not at all. What is to go is a set of such groups,
as large as possible: a group stays where a record outside all that goes restricts one of its records. That set
is unique, since a group that stays can only keep others back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from tests.properties.case import Link, Record, Rule, Value
from tests.properties.world import World

T = TypeVar("T")
Group = frozenset[Record]


class UndecidedError(Exception):
    """The rules leave the outcome to the order in which a database happens to go about it."""


@dataclass(frozen=True)
class Behaviour:
    """Where databases differ."""

    at_once: frozenset[Rule] = frozenset()
    """Rules held against each single record at the moment it goes, and not against what the statement leaves:
    records in a ring of such references hold each other back for ever.

    SQLite: RESTRICT. MariaDB: RESTRICT and NO ACTION, which are the same there.
    PostgreSQL: none; its RESTRICT too asks after the statement's last record has gone.
    """
    default_restricts: bool = False
    """Whether SET DEFAULT silently means RESTRICT (MariaDB)."""
    holds_itself: bool = False
    """Whether such a reference of a record to itself holds it back as well (InnoDB: 1451)."""
    nulls_at_once: bool = False
    """Whether setting a column to null that must not be is an error also for a record that the statement is about to
    delete (SQLite): such links hold back as those in `at_once` do."""
    folds: bool = False
    """Whether Like ignores the case of ASCII letters."""

    def rule(self, link: Link) -> Rule:
        """What a link's rule comes to."""
        return "RESTRICT" if self.default_restricts and link.rule == "SET DEFAULT" else link.rule


BEHAVIOURS = {
    "sqlite": Behaviour(at_once=frozenset({"RESTRICT"}), nulls_at_once=True, folds=True),
    "postgresql": Behaviour(),
    "mariadb": Behaviour(
        at_once=frozenset({"RESTRICT", "NO ACTION"}), holds_itself=True, default_restricts=True, folds=True
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Blocker:
    """What holds a record back."""

    link: Link
    why: Literal["restricts", "cannot be cleared", "ring"]


@dataclass
class Rules:
    """The rules, over the records as they are now."""

    world: World
    behaviour: Behaviour

    def group(self, root: Record) -> Group:
        """A record and all that cascades take along."""
        found = {root}
        pending = [root]
        while pending:
            record = pending.pop()
            for link in self.world.case.referrers(record[0]):
                if link.rule == "CASCADE":
                    new = set(self.world.referring(link, record)) - found
                    found |= new
                    pending += new
        return frozenset(found)

    def largest(self, roots: Iterable[Record]) -> tuple[set[Record], dict[Record, set[Blocker]]]:
        """All that can go of these roots' groups, and what holds each of the other roots back."""
        groups = {root: self.group(root) for root in roots}
        self.refuse_mixed_rings(union(groups.values()))
        dropped: dict[Record, set[Blocker]] = {}
        while True:
            going = union(group for root, group in groups.items() if root not in dropped)
            held = {record: found for record in going if (found := self.blockers(record, going))}
            blocked = {root for root in groups.keys() - dropped if groups[root] & held.keys()}
            if not blocked:
                break
            dropped |= {root: union(held[one] for one in groups[root] & held.keys()) for root in blocked}
        self.refuse_undecided(going)
        for root, blockers in dropped.items():
            # Those that stay since then hold it back as well.
            blockers.update(*(self.blockers(record, going | groups[root]) for record in groups[root]))
            blockers.update(self.fallen_back(groups[root], going))
        return going, dropped

    def fallen_back(self, group: Group, going: Set[Record]) -> Iterator[Blocker]:
        """Links onto the group that fall back to a record of the same group."""
        for record in group:
            for link in self.world.case.referrers(record[0]):
                stays = set(self.world.referring(link, record)) - going - group
                if stays and link.rule == "SET DEFAULT" and self.world.referred(link, self.defaults(link)) in group:
                    yield Blocker(link, "cannot be cleared")

    def blockers(self, record: Record, going: Set[Record]) -> set[Blocker]:
        """What holds a record back while all these go."""
        found = set()
        for link in self.world.case.referrers(record[0]):
            outside = [one for one in self.world.referring(link, record) if one not in going]
            if outside and self.restricts(link):
                found.add(Blocker(link, "restricts"))
            if outside and self.is_unclearable(link, record):
                found.add(Blocker(link, "cannot be cleared"))
            if self.in_ring(link, record, going):
                found.add(Blocker(link, "ring"))
        return found

    def restricts(self, link: Link) -> bool:
        """Whether a record that refers to another by this link keeps it."""
        return self.behaviour.rule(link) in {"RESTRICT", "NO ACTION"}

    def keeps(self, link: Link) -> bool:
        """Whether a record that refers to another by this link keeps it, or can only go before it."""
        return self.restricts(link) or (link.rule == "SET NULL" and self.nulls_what_is_not_null(link))

    def is_unclearable(self, link: Link, parent: Record) -> bool:
        """Whether a record that refers to this one cannot lose or change that link."""
        if self.behaviour.rule(link) != "SET DEFAULT":
            return self.nulls_what_is_not_null(link)
        values = self.defaults(link)
        missing = None not in values and self.world.referred(link, values) in {None, parent}
        return missing or self.nulls_what_is_not_null(link)

    def nulls_what_is_not_null(self, link: Link) -> bool:
        """Whether the rule sets a column to null that must not be."""
        table = self.world.case.table(link.child)
        match self.behaviour.rule(link):
            case "SET NULL":
                return any(not table.column(one).nullable for one in link.cleared or link.columns)
            case "SET DEFAULT":
                columns = [table.column(one) for one in link.columns]
                return any(one.default is None and not one.nullable for one in columns)
        return False

    def defaults(self, link: Link) -> list[Value]:
        """What SET DEFAULT sets."""
        return [self.world.case.table(link.child).column(one).default for one in link.columns]

    def holds_at_once(self, link: Link) -> bool:
        """Whether the link holds back a record that goes before the one that refers to it, whatever follows."""
        if link.enforced is None:
            return False
        enforced = replace(link, rule=link.enforced)
        at_once = self.behaviour.rule(enforced) in self.behaviour.at_once and not self.can_be_cut(link)
        return at_once or (self.behaviour.nulls_at_once and self.nulls_what_is_not_null(link))

    def can_be_cut(self, link: Link) -> bool:
        """Whether the link of a record that goes can be cleared before, so that it holds nothing back."""
        table = self.world.case.table(link.child)
        return any(table.column(one).nullable for one in link.columns if one not in table.key)

    def in_ring(self, link: Link, record: Record, going: Set[Record]) -> bool:
        """Whether this link closes a ring of records that hold each other back at once."""
        return self.holds_at_once(link) and any(
            record in self.ahead(one, going, self.holds_at_once)
            for one in self.world.referring(link, record)
            if one != record or self.behaviour.holds_itself
        )

    def ahead(self, record: Record, going: Set[Record], chosen: Callable[[Link], bool]) -> set[Record]:
        """The records among these that refer to a record by chosen links, directly or not."""
        found: set[Record] = set()
        pending = [record]
        while pending:
            parent = pending.pop()
            for link in filter(chosen, self.world.case.referrers(parent[0])):
                new = {one for one in self.world.referring(link, parent) if one in going} - found
                found |= new
                pending += new
        return found

    def refuse_undecided(self, going: Set[Record]) -> None:
        """Raise UndecidedError where the order in which these go decides which can."""
        for record in going:
            for link in self.world.case.referrers(record[0]):
                children = set(self.world.referring(link, record)) - {record}
                if self.behaviour.rule(link) == "SET DEFAULT" and children - going:
                    # The link falls back to a record that is to go as well: whichever goes first keeps the other.
                    self.refuse(self.world.referred(link, self.defaults(link)) in going)

    def refuse_mixed_rings(self, going: Set[Record]) -> None:
        """Raise UndecidedError for a ring some links of which hold at once, and others do not.

        It depends on which of its records the database comes to first.
        """
        for link in filter(self.holds_at_once, self.world.case.links):
            for record in [one for one in going if one[0] == link.parent]:
                for child in set(self.world.referring(link, record)) - {record}:
                    if child in going and record in self.ahead(child, going, self.ties):
                        ring = self.ahead(child, going, self.ties) & self.behind(record, going)
                        self.refuse(any(self.is_tied_otherwise(one, ring) for one in ring))

    def behind(self, record: Record, going: Set[Record]) -> set[Record]:
        """The records among these that this one refers to, directly or not."""
        return {one for one in going if record in self.ahead(one, going, self.ties)}

    def is_tied_otherwise(self, record: Record, ring: Set[Record]) -> bool:
        """Whether a record of a ring is referred to from within it by a link that does not hold at once."""
        return any(
            set(self.world.referring(link, record)) & ring - {record}
            for link in self.world.case.referrers(record[0])
            if self.ties(link) and not self.holds_at_once(link)
        )

    def ties(self, link: Link) -> bool:
        """Whether the order matters in which two records go that this link joins."""
        return link.rule != "SET NULL" or self.nulls_what_is_not_null(link)

    def refuse(self, is_undecided: bool) -> None:
        """Raise UndecidedError."""
        if is_undecided:
            raise UndecidedError


def union(found: Iterable[Set[T]]) -> set[T]:
    """All members of some sets."""
    return {one for each in found for one in each}
