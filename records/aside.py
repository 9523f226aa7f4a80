"""Records that stay: noted in our own table, so that later passes skip them, and told with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from bulkdelete.domain.failures import Cause
from bulkdelete.domain.record_ids import RecordIds
from bulkdelete.records.blockers import Kept, blockers, hashable
from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.causes import Reason
from bulkdelete.records.closure import Closure
from bulkdelete.records.ledger import Ledger, ids_of
from bulkdelete.records.predicates import Truth

PIECE = 5_000
"""Ordinals in one statement."""


@dataclass
class Aside:
    """The records of one batch that stay."""

    connection: sa.Connection
    operation: str
    query_index: int
    ledger: Ledger
    closure: Closure
    again: bool
    """Whether these records failed before: only what keeps them back now, and did not then, is news."""
    kept: dict[Reason, Kept] = field(default_factory=dict)
    """The records that stay, by reason."""
    cleared: list[RecordIds] = field(default_factory=list)
    """Records whose failure was told before and has another reason now."""

    def __post_init__(self) -> None:
        self.dialect = self.closure.dialect

    def causes(self) -> list[Cause]:
        """What is to be told of them."""
        entity = self.closure.entity
        return [reason.cause(entity.name, entity.key_kind, kept) for reason, kept in self.kept.items() if kept.ids]

    def settle(self, texts: list[str]) -> None:
        """Records that were noted and are gone after all: what this batch noted itself is not told at all."""
        entity = self.closure.entity
        gone = {hashable(one): text for one, text in zip(ids_of(entity, texts), texts, strict=True)}
        for kept in self.kept.values():
            for one in kept.remove(gone.keys(), entity.key_kind):
                gone.pop(one, None)
        if gone:
            self.cleared.append(ids_of(entity, list(gone.values())))

    def add(self, ords: list[int], reason: Reason, relationship: Relationship | None) -> None:
        """Note the records, so that later passes skip them, and keep their ids for the outcome."""
        roots = self.closure.roots
        for at in range(0, len(ords), PIECE):
            some = self.told_otherwise(ords[at : at + PIECE], reason) if self.again else ords[at : at + PIECE]
            if not some:
                continue
            asked = sa.and_(roots.c.ord.in_(some), roots.c.depth == 0)
            if not self.again:
                rows = sa.select(
                    sa.literal(self.operation), sa.literal(self.query_index),
                    self.dialect.key_text(self.closure.keys(self.closure.entity.name)),
                    sa.literal(reason.retryable), sa.literal(reason.mark),
                ).where(asked)  # fmt: skip
                names = ["operation_id", "query_index", "record", "retryable", "reason"]
                self.connection.execute(sa.insert(self.ledger.set_aside).from_select(names, rows))
            self.note(some, asked, reason, relationship)

    def told_otherwise(self, ords: list[int], reason: Reason) -> list[int]:
        """Of records that failed before, those that something else keeps back now: they are told anew."""
        roots, aside = self.closure.roots, self.ledger.set_aside
        mine = (aside.c.operation_id == self.operation, aside.c.query_index == self.query_index)
        key = self.dialect.key_text(self.closure.keys(self.closure.entity.name))
        rows = self.connection.execute(sa.select(key, roots.c.ord).where(roots.c.ord.in_(ords), roots.c.depth == 0))
        ord_of = {row[0]: row[1] for row in rows}
        texts = self.ledger.among(self.connection, (*mine, aside.c.reason != reason.mark), list(ord_of))
        if texts:
            self.ledger.mark(self.connection, mine, texts, reason.mark)
            self.cleared.append(ids_of(self.closure.entity, texts))
        return sorted(ord_of[text] for text in texts)

    def note(self, ords: list[int], asked: Truth, reason: Reason, relationship: Relationship | None) -> None:
        """Keep the ids of records that stay for the outcome, with what blocks each."""
        entity, keys = self.closure.entity, self.closure.keys(self.closure.entity.name)
        kept = self.kept.setdefault(reason, Kept())
        if relationship is None:
            packed = self.dialect.packed(entity.key_kind, keys)
            count, ids = self.connection.execute(sa.select(sa.func.count(), packed).where(asked)).one()
            kept.add(self.dialect.unpacked(entity.key_kind, ids, count), [], [])
            return
        found = blockers(self.closure, relationship, ords)
        rows = self.connection.execute(
            sa.select(self.closure.roots.c.ord, self.dialect.key_text(keys)).where(asked)
        ).all()
        block = [found.get(row[0], (0, [])) for row in rows]
        ids = ids_of(entity, [row[1] for row in rows])
        kept.add(ids, [many for many, _ in block], [sample for _, sample in block])
