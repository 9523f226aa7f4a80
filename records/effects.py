"""Effects: what a job will do, query by query in the order they run, counted as things are now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.record_ids import RecordId, RecordIds
from bulkdelete.records.dialect import Dialect, Walk
from bulkdelete.records.foreseen import Counts, Foreseen
from bulkdelete.records.predicates import Truth
from bulkdelete.records.scope import Scope

MOST_FOLLOWED = 2_000_000
"""Records of one query whose consequences are followed; of more, so many are, and the rest is estimated."""
MOST_ROUNDS = 12
"""Rounds in which records that are kept keep others."""
SAMPLE = 5
"""Records of each query that are shown."""


@dataclass(frozen=True)
class Effect:
    """Records of one entity that one relationship takes along, unlinks, or by which they block."""

    entity: str
    relationship: str
    rule: str
    level: int
    count: int

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"entity": self.entity, "relationship": self.relationship, "rule": self.rule, "level": self.level,
                "count": self.count}  # fmt: skip


@dataclass(frozen=True)
class Outlook:
    """What one query will do."""

    index: int
    count: int
    """Records that it finds, less those that earlier queries of the job will have deleted."""
    exact: bool
    """Whether it was counted; else the counts are estimates."""
    blocked: int
    """Of these, those that some record keeps."""
    effects: tuple[Effect, ...]
    sample: tuple[RecordId, ...]
    """Ids of some of its records that will go."""
    record_ids: tuple[RecordId, ...] | None = None
    """The ids of all its records that will go, as `deleted` writes them; None: not asked for."""


def outlooks(
    connection: sa.Connection, dialect: Dialect, scope: Scope, wheres: list[Truth], walks: list[Walk], ids: bool = False
) -> dict[int, Outlook]:
    """What each query will do, in the order they run; with the `ids` of their records, where these are asked for.

    What takes too long to follow is told by the database's estimates.
    """
    found: dict[int, Outlook] = {}
    try:
        with dialect.savepoint(connection):
            found = {one.index: one for one in Looking(Foreseen(connection, scope), wheres, walks, ids).all()}
    except sa.exc.DBAPIError as error:
        if dialect.fault(error).kind != "slow":
            raise
    for index in scope.order():
        found.setdefault(index, Outlook(index, walks[index].estimated, False, 0, (), ()))
    return found


@dataclass
class Looking:
    """Looks ahead, query by query, and once more as long as what went sets others free."""

    foreseen: Foreseen
    wheres: list[Truth]
    walks: list[Walk]
    ids: bool
    taken: dict[int, int] = field(default_factory=dict)
    """Query → records that it finds, less those that earlier ones take."""
    blocked: dict[int, int] = field(default_factory=dict)
    """Query → how many of them stay."""
    blocking: dict[int, Counts] = field(default_factory=dict)
    """Query → what keeps them."""

    def all(self) -> list[Outlook]:
        """What each query will do."""
        order = self.foreseen.scope.order()
        for index in order:
            self.taken[index] = self.select(index)
            self.follow(index)
        for _ in range(MOST_ROUNDS):
            # What a later query takes may have kept them, or takes them along.
            waiting = [(index, self.blocked[index]) for index in order if self.blocked[index]]
            for index, _ in waiting:
                self.select(index)
                self.follow(index)
            if all(self.blocked[index] == before for index, before in waiting):
                break
        return [self.outlook(index) for index in order]

    def select(self, index: int) -> int:
        """Take the records of a query that are not taken yet."""
        name = self.foreseen.scope.entity_names()[index]
        most = self.foreseen.scope.tree(index).top or (None if self.ids else MOST_FOLLOWED)
        return self.foreseen.select_roots(index, name, self.wheres[index], most)

    def follow(self, index: int) -> None:
        """Take along what cascades take, and leave out what stays: that may keep others."""
        name, blocking, blocked = self.foreseen.scope.entity_names()[index], Counts(), 0
        self.foreseen.grow(index)
        for _ in range(MOST_ROUNDS):
            if not self.foreseen.mark_kept(index):
                break
            for one in self.foreseen.links():
                if one.restricts:
                    for key, count in self.foreseen.tally(index, one).items():
                        blocking[key] = blocking.get(key, 0) + count
            blocked += self.foreseen.drop_kept(index, name)
            self.foreseen.grow(index)
        self.blocked[index], self.blocking[index] = blocked, blocking

    def outlook(self, index: int) -> Outlook:
        """What one query will do."""
        links, name = self.foreseen.links(), self.foreseen.scope.entity_names()[index]
        order, unlinked = self.foreseen.scope.order(), Counts()
        for one in links:
            if one.unlinks:
                # One that a later query takes is still there, and loses its link first.
                unlinked |= self.foreseen.tally(index, one, order[: order.index(index) + 1])
        rules = {one.name: "restrict" if one.restricts else one.rule for one in links}
        several = (self.foreseen.cascaded(index), unlinked, self.blocking[index])
        effects = tuple(one for counts in several for one in told(counts, rules))
        some = tuple(record_ids(self.foreseen, index, name, SAMPLE))
        every = tuple(record_ids(self.foreseen, index, name, None)) if self.ids else None
        found = Outlook(index, self.taken[index], True, self.blocked[index], effects, some, every)
        partly = self.taken[index] == MOST_FOLLOWED and not self.ids
        return scaled(found, self.walks[index].estimated) if partly else found


def told(counts: Counts, rules: Mapping[str, str]) -> Iterator[Effect]:
    """Counts as effects, the upper levels first."""
    for (relationship, entity, level), count in sorted(counts.items(), key=lambda one: one[0][2]):
        yield Effect(entity, relationship, rules[relationship], level, count)


def scaled(found: Outlook, estimated: int) -> Outlook:
    """The consequences of some records as an estimate of those of all."""
    factor = max(1.0, estimated / max(1, found.count))
    effects = tuple(replace(one, count=round(one.count * factor)) for one in found.effects)
    return replace(found, count=max(found.count, estimated), exact=False, blocked=round(found.blocked * factor),
                   effects=effects)  # fmt: skip


def record_ids(foreseen: Foreseen, index: int, name: str, most: int | None) -> Iterator[RecordId]:
    """The ids of a query's records that go, in key order, as `deleted` writes them."""
    kind = foreseen.entities[name].key_kind
    for text in foreseen.connection.execute(foreseen.records(index, name).limit(most)).scalars():
        yield from RecordIds.of(kind, [json.loads(text) if kind == "composite" else text])
