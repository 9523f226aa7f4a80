"""What to do next: an operation's events become work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.work import AnyWork, ClearLedger, DeleteBatch

OVERDUE = 15.0
"""Seconds without progress after which work is issued again; the ledger makes that harmless."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds between two attempts at what is away: each pause twice the one before."""


@dataclass
class Issue:
    """A piece of work: when it was issued or first seen, from which batch on, and how often since it last moved."""

    at: float
    batch: int
    by_us: bool
    """Whether this process issued it; else it was only seen to be outstanding."""
    attempts: int = 0


@dataclass
class Issued:
    """What was issued for one operation at one epoch, in this process: a memory that may be lost."""

    epoch: int
    pieces: dict[tuple[str, ...], Issue] = field(default_factory=dict)
    due: float = 0.0
    """When something may be overdue: until then a tick need not load the operation."""


@dataclass
class Planner:
    """Issues each piece of work once, and again when it is overdue."""

    application: BulkDeletes
    clock: Callable[[], float] = time.monotonic
    issued: dict[UUID, Issued] = field(default_factory=dict)

    def follow(self, operation_id: UUID) -> list[AnyWork]:
        """The work that an event of this operation releases: what is outstanding and was not issued yet."""
        operation = self.application.find(operation_id)
        if operation is None:
            return []
        self.memory(operation).due = 0.0  # what it says may be due sooner than what was known
        return self.note(operation, outstanding(operation), issue=True)

    def tick(self, open_operations: Iterable[UUID]) -> list[AnyWork]:
        """What is overdue, of the operations that have not ended."""
        still_open = dict.fromkeys(open_operations)
        due = [one for one in still_open if one not in self.issued or self.issued[one].due <= self.clock()]
        found = [work for operation_id in due for work in self.overdue(operation_id)]
        for ended in [one for one in self.issued if one not in still_open and self.has_ended(one)]:
            del self.issued[ended]
        return found

    def has_ended(self, operation_id: UUID) -> bool:
        """Whether nothing can follow for the operation."""
        operation = self.application.find(operation_id)
        return operation is None or operation.is_final

    def overdue(self, operation_id: UUID) -> list[AnyWork]:
        """What is outstanding and has not moved for too long, or was away when it was tried."""
        operation = self.application.find(operation_id)
        if operation is None:
            return []
        wanted: list[AnyWork] = [work for work in outstanding(operation) if not isinstance(work, ClearLedger)]
        # What this process never issued, somebody else may have, or its event is on the way: it gets its time.
        self.note(operation, wanted, issue=False)
        memory = self.memory(operation)
        found = [work for work in wanted if self.due(memory.pieces[identity(work)], operation) <= self.clock()]
        for work in found:
            piece = memory.pieces[identity(work)]
            piece.at, piece.attempts, piece.by_us = self.clock(), piece.attempts + 1, True
        memory.due = min((self.due(one, operation) for one in memory.pieces.values()), default=self.clock() + OVERDUE)
        return found

    def due(self, piece: Issue, operation: Operation) -> float:
        """When a piece of work should be tried again."""
        pause = OVERDUE
        if operation.status == Status.RETRYING:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**piece.attempts)
        return piece.at + pause

    def note(self, operation: Operation, wanted: list[AnyWork], issue: bool) -> list[AnyWork]:
        """Remember what is outstanding, and forget what no longer is; returns what this process did not issue yet."""
        pieces = self.memory(operation).pieces
        now = self.clock()
        fresh: list[AnyWork] = []
        for work in wanted:
            known = pieces.get(identity(work))
            batch = work.batch if isinstance(work, DeleteBatch) else 0
            if known is None or not known.by_us:
                fresh.append(work)
            if known is None or batch > known.batch:
                pieces[identity(work)] = Issue(now, batch, by_us=known is not None and known.by_us)
            pieces[identity(work)].by_us |= issue
        for gone in pieces.keys() - {identity(work) for work in wanted}:
            del pieces[gone]
        return fresh

    def memory(self, operation: Operation) -> Issued:
        """What was issued for the operation at its present epoch."""
        found = self.issued.get(operation.id)
        if found is None or found.epoch != operation.epoch:
            found = self.issued[operation.id] = Issued(operation.epoch)
        return found


def identity(work: AnyWork) -> tuple[str, ...]:
    """What tells two pieces of work of one operation apart; a unit's batches follow one another by themselves."""
    fields = work.model_dump(include={"type", "query_index", "number", "retry", "unit", "state"})
    return tuple(f"{name}={value}" for name, value in fields.items())
