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


Told = tuple[str, int, list[RecordId]]
"""A root's key as text, how many records block it, and some of them."""


def blocked(closure: Closure, relationship: Relationship, failing: Failing) -> list[Told]:
    """The failing roots that are to be told, with what blocks each by this relationship."""
    key = closure.dialect.key_text(closure.keys(closure.entity.name))
    is_direct = relationship.parent == closure.entity.name and not closure.cascades
    if is_direct and closure.scope.catalogue.entities[relationship.child].key:
        # Each root stands in its own row beside what blocks it: one statement tells both.
        found = blockers(closure, relationship, failing, roots_too=True)
        if len(found) == failing.news:
            return list(found.values())
    rows = closure.connection.execute(failing.roots(closure.roots.c.ord, key)).all()
    found = blockers(closure, relationship, failing)
    return [(text, *found.get(ord_, ("", 0, []))[1:]) for ord_, text in rows]


def blockers(
    closure: Closure, relationship: Relationship, failing: Failing, roots_too: bool = False
) -> dict[int, Told]:
    """Ordinal of a failing root → its key (with `roots_too`), how many records block it, and some of them."""
    dialect, child = closure.dialect, closure.scope.catalogue.entities[relationship.child]
    if not child.key:
        return {}
    source, outside, kid, above = closure.blocking(relationship)
    keys = [kid.c[key].label(f"b{at}") for at, key in enumerate(child.key)]
    # As text at once: MariaDB's derived tables forget how a column prints (zerofill).
    root = (
        dialect.key_text([one for one in above.c if one.name.startswith("k")]) if roots_too else sa.literal_column("''")
    )
    pairs = sa.select(above.c.ord.label("ord"), root.label("root"), *keys).select_from(source)
    pairs = pairs.where(*outside, failing.news_of(above.c.ord) == 1)
    each = (pairs if roots_too else pairs.distinct()).subquery("pairs")
    own = [each.c[f"b{at}"] for at in range(len(child.key))]
    numbered = sa.select(
        *each.c,
        sa.func.row_number().over(partition_by=each.c.ord, order_by=own).label("at"),
        sa.func.count().over(partition_by=each.c.ord).label("many"),
    ).subquery("numbered")  # fmt: skip
    text = dialect.key_text([numbered.c[one.name] for one in own])
    rows = closure.connection.execute(
        sa.select(numbered.c.ord, numbered.c.root, numbered.c.many, text).where(numbered.c.at <= SAMPLE)
    )
    found: dict[int, Told] = {}
    is_composite = len(child.key) > 1
    for ord_, key, many, one in rows:
        blocking = json.loads(one) if is_composite else one
        if many == 1:
            found[ord_] = (key, 1, [blocking])
        else:
            found.setdefault(ord_, (key, many, []))[2].append(blocking)
    for _, many, sample in found.values():
        if many > 1:
            sample.sort(key=by_length)
    return found


def by_length(one: RecordId) -> tuple[int, str]:
    """Numbers in their order, whatever order the database packed them in."""
    return len(str(one)), str(one)
