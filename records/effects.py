"""Effects: what a job will do, query by query in the order they run, counted as things are now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
            foreseen = Foreseen(connection, scope)
            for index in scope.order():
                found[index] = outlook(foreseen, index, wheres[index], walks[index], ids)
    except sa.exc.DBAPIError as error:
        if dialect.fault(error).kind != "slow":
            raise
    for index in scope.order():
        found.setdefault(index, Outlook(index, walks[index].estimated, False, 0, (), ()))
    return found


def outlook(foreseen: Foreseen, index: int, where: Truth, walk: Walk, ids: bool) -> Outlook:
    """What one query will do."""
    name = foreseen.scope.entity_names()[index]
    taken = foreseen.select_roots(index, name, where, None if ids else MOST_FOLLOWED)
    grown, blocking, blocked = follow(foreseen, index, name)
    unlinked: Counts = {}
    for one in foreseen.links():
        if one.unlinks:
            unlinked |= foreseen.tally(index, one)
    rules = {one.name: one.rule for one in foreseen.links()}
    effects = tuple(one for counts in (grown, unlinked, blocking) for one in told(counts, rules))
    some = tuple(record_ids(foreseen, index, name, SAMPLE))
    every = tuple(record_ids(foreseen, index, name, None)) if ids else None
    found = Outlook(index, taken, True, blocked, effects, some, every)
    return scaled(found, walk.estimated) if taken == MOST_FOLLOWED and not ids else found


def follow(foreseen: Foreseen, index: int, name: str) -> tuple[Counts, Counts, int]:
    """What a query takes along, what blocks, and how many of its records stay: what stays may keep others."""
    blocking, blocked, grown = dict[tuple[str, str, int], int](), 0, foreseen.grow(index)
    for _ in range(MOST_ROUNDS):
        if not foreseen.mark_kept(index):
            break
        for one in foreseen.links():
            if one.restricts:
                for key, count in foreseen.tally(index, one).items():
                    blocking[key] = blocking.get(key, 0) + count
        blocked += foreseen.drop_kept(index, name)
        grown = foreseen.grow(index)
    return grown, blocking, blocked


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
