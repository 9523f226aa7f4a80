"""Records that stay: noted in our own table, so that later passes skip them, and told with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from bulkdelete.domain.failures import Cause
from bulkdelete.domain.record_ids import RecordIds
from bulkdelete.records.blockers import Kept, blocked, hashable
from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.causes import Reason
from bulkdelete.records.closure import Closure
from bulkdelete.records.failing import Failing
from bulkdelete.records.ledger import Ledger, ids_of, loose


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

    def add(self, failing: Failing, reason: Reason, relationship: Relationship | None) -> None:
        """Note the records, so that later passes skip them, and keep their ids for the outcome."""
        key = self.dialect.key_text(self.closure.keys(self.closure.entity.name))
        if self.again:
            self.tell_otherwise(failing, reason, key)
        else:
            self.set_aside(failing, reason, key, self.query_index)
            if reason.is_loose and not self.dialect.alone:
                self.set_aside(failing, reason, key, loose(self.query_index))
        if relationship is None:
            self.note(failing, reason)
        else:
            self.note_blocked(failing, reason, relationship)

    def set_aside(self, failing: Failing, reason: Reason, key: sa.ColumnElement[str], index: int) -> None:
        """Write them into our own table."""
        rows = failing.roots(
            sa.literal(self.operation), sa.literal(index), key, sa.literal(reason.retryable), sa.literal(reason.mark)
        )  # fmt: skip
        names = ["operation_id", "query_index", "record", "retryable", "reason"]
        self.connection.execute(sa.insert(self.ledger.set_aside).from_select(names, rows))

    def tell_otherwise(self, failing: Failing, reason: Reason, key: sa.ColumnElement[str]) -> None:
        """Of records that failed before, tell only those that something else keeps back now, and tell them anew."""
        aside = self.ledger.set_aside
        mine = (aside.c.operation_id == self.operation, aside.c.query_index == self.query_index)
        failing.keep_news(self.ledger.is_among((*mine, aside.c.reason != reason.mark), key))
        if texts := list(self.connection.execute(failing.roots(key)).scalars()):
            self.ledger.mark(self.connection, mine, texts, reason.mark)
            self.cleared.append(ids_of(self.closure.entity, texts))

    def note(self, failing: Failing, reason: Reason) -> None:
        """Keep the ids of records that stay for the outcome."""
        kind = self.closure.entity.key_kind
        packed = self.dialect.packed(kind, self.closure.keys(self.closure.entity.name))
        count, ids = self.connection.execute(failing.roots(sa.func.count(), packed)).one()
        if count:
            self.kept.setdefault(reason, Kept()).add(self.dialect.unpacked(kind, ids, count), [], [])

    def note_blocked(self, failing: Failing, reason: Reason, relationship: Relationship) -> None:
        """The same, with what blocks each."""
        if failing.news and (rows := blocked(self.closure, relationship, failing)):
            texts, counts, samples = zip(*rows, strict=True)
            kept = self.kept.setdefault(reason, Kept())
            kept.add(ids_of(self.closure.entity, list(texts)), list(counts), list(samples))
