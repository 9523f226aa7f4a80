"""What keeps records back: how many of the blocking entity's records, and some of them."""

from __future__ import annotations

import json
from collections.abc import Hashable, Set
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.record_ids import RecordId, RecordIds, joined
from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.closure import Closure
from bulkdelete.records.failing import Failing

SAMPLE = 3
"""Ids that are told of the records that block one."""


@dataclass
class Kept:
    """Records that stay for one reason, and what blocks each of them, where that is another record."""

    ids: list[RecordIds] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    """How many records block each, in the order of the ids; 0 where that is not known."""
    samples: list[list[RecordId]] = field(default_factory=list)

    def add(self, ids: RecordIds, counts: list[int], samples: list[list[RecordId]]) -> None:
        """More records that stay."""
        self.ids.append(ids)
        self.counts += counts or [0] * ids.count
        self.samples += samples or [[] for _ in range(ids.count)]

    def remove(self, gone: Set[Hashable], kind: Any) -> list[Hashable]:
        """Take records out that are gone after all; returns which of them stood here."""
        ids = list(self.all_ids(kind))
        found = [hashable(one) for one in ids if hashable(one) in gone]
        if found:
            stay = [at for at, one in enumerate(ids) if hashable(one) not in gone]
            self.ids = [RecordIds.of(kind, [ids[at] for at in stay])] if stay else []
            self.counts, self.samples = [self.counts[at] for at in stay], [self.samples[at] for at in stay]
        return found

    @property
    def is_blocked(self) -> bool:
        """Whether it is known of any of them what blocks it."""
        return any(self.counts)

    def all_ids(self, kind: Any) -> RecordIds:
        """Their ids in one pack."""
        return joined(kind, self.ids)


def hashable(one: RecordId) -> Hashable:
    """An id as a member of a set."""
    return one if isinstance(one, str) else tuple(one)


def blockers(closure: Closure, relationship: Relationship, failing: Failing) -> dict[int, tuple[int, list[RecordId]]]:
    """Ordinal of a failing root → how many records of the relationship's child block it, and some of them."""
    dialect, child = closure.dialect, closure.scope.catalogue.entities[relationship.child]
    if not child.key:
        return {}
    source, outside, kid, above = closure.blocking(relationship)
    keys = [kid.c[key].label(f"k{at}") for at, key in enumerate(child.key)]
    pairs = (
        sa.select(above.c.ord.label("ord"), *keys)
        .distinct()
        .select_from(source)
        .where(*outside, failing.news_of(above.c.ord) == 1)
        .subquery("pairs")
    )
    own = [pairs.c[f"k{at}"] for at in range(len(child.key))]
    numbered = sa.select(
        pairs.c.ord, *own,
        sa.func.row_number().over(partition_by=pairs.c.ord, order_by=own).label("at"),
        sa.func.count().over(partition_by=pairs.c.ord).label("many"),
    ).subquery("numbered")  # fmt: skip
    text = dialect.key_text([numbered.c[f"k{at}"] for at in range(len(child.key))])
    found: dict[int, tuple[int, list[RecordId]]] = {}
    rows = closure.connection.execute(sa.select(numbered.c.ord, numbered.c.many, text).where(numbered.c.at <= SAMPLE))
    for ord_, many, one in rows:
        found.setdefault(ord_, (many, []))[1].append(one if len(child.key) == 1 else json.loads(one))
    return {ord_: (many, sorted(sample, key=by_length)) for ord_, (many, sample) in found.items()}


def by_length(one: RecordId) -> tuple[int, str]:
    """Numbers in their order, whatever order the database packed them in."""
    return len(str(one)), str(one)
