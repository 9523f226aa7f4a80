"""What to do next: an operation's events become work."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from bulkdelete.consumers.admission import Admission
from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.metering import Metering
from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.work import AnyWork, ClearLedger, DeleteBatch

OVERDUE = 15.0
"""Seconds without progress after which work is issued again; the ledger makes that harmless."""
KEPT_WAITING = 0.5
"""Seconds after which it is asked again whether an operation may begin."""
FIRST_IN_LINE = 10
"""Operations that wait for others in one database and are asked about at one tick."""
HELD = 1.0
"""Seconds after which it is tried again whether the database still suffers."""
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
    is_kept_waiting: bool = False
    """Whether it may not begin yet."""
    database: str = ""


@dataclass
class Planner:
    """Issues each piece of work once, and again when it is overdue."""

    application: BulkDeletes
    clock: Callable[[], float] = time.monotonic
    issued: dict[UUID, Issued] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    running: int = 1
    """Operations that share what may be deleted per second."""

    def __post_init__(self) -> None:
        self.admission = Admission(self.application, self.bounds, self.clock)
        self.was_halted = False
        self.metering = Metering(self.clock, self.bounds.rate)

    def follow(self, operation_id: UUID) -> list[AnyWork]:
        """The work that an event of this operation releases: what is outstanding and was not issued yet."""
        operation = self.admission.operation(operation_id)
        if operation is None:
            return []
        memory = self.memory(operation)
        memory.due = 0.0  # what it says may be due sooner than what was known
        work = outstanding(operation)
        memory.is_kept_waiting = not self.admission.admits(operation, work)
        if memory.is_kept_waiting:
            # When a halt is over everything is looked at anyway.
            memory.due = math.inf if self.admission.is_halted else self.clock() + KEPT_WAITING
            memory.pieces.clear()  # what was issued before may be lost by then
            return []
        unmetered, granted = self.metered(operation, work)
        return self.note(operation, unmetered, issue=True) + granted

    def metered(self, operation: Operation, work: list[AnyWork]) -> tuple[list[AnyWork], list[AnyWork]]:
        """Work that no rate bounds, and what a rate grants now."""
        rate = self.metering.rate(operation, self.running)
        if rate is None or not Status(operation.status).is_running:
            self.metering.forget(operation.id)
            return work, []
        batches = [one for one in work if isinstance(one, DeleteBatch)]
        others: list[AnyWork] = [one for one in work if not isinstance(one, DeleteBatch)]
        return others, [*self.metering.grant(operation, batches, rate)]

    def grants(self) -> list[AnyWork]:
        """What rates grant by now: to be asked for more often than a tick."""
        return [work for one in self.metering.are_due() for work in self.follow(one)]

    def pause(self, longest: float) -> float:
        """Seconds until a rate grants something, at most so many."""
        return self.metering.pause(longest)

    def tick(self, open_operations: Iterable[UUID]) -> list[AnyWork]:
        """What is overdue, of the operations that have not ended."""
        still_open = dict.fromkeys(open_operations)
        self.admission.look()
        if self.admission.is_halted != self.was_halted:
            self.was_halted = self.admission.is_halted
            for memory in self.issued.values():
                memory.due = 0.0
        due = self.first_in_line(one for one in still_open if self.may_be_due(one))
        found = [work for operation_id in due for work in self.overdue(operation_id)]
        for ended in [one for one in self.issued if one not in still_open and self.has_ended(one)]:
            del self.issued[ended]
            self.metering.forget(ended)
        return found

    def first_in_line(self, operation_ids: Iterable[UUID]) -> list[UUID]:
        """Of those that are kept waiting by others in their database, only the first: the others come after them."""
        waiting: Counter[str] = Counter()
        found = []
        for one in operation_ids:
            known = self.issued.get(one)
            if known is not None and known.is_kept_waiting:
                waiting[known.database] += 1
                if waiting[known.database] > FIRST_IN_LINE:
                    continue
            found.append(one)
        return found

    def may_be_due(self, operation_id: UUID) -> bool:
        """Whether an operation has to be looked at."""
        known = self.issued.get(operation_id)
        return known is None or known.due <= self.clock() or self.admission.is_due(operation_id)

    def has_ended(self, operation_id: UUID) -> bool:
        """Whether nothing can follow for the operation."""
        operation = self.application.find(operation_id)
        return operation is None or operation.is_final

    def overdue(self, operation_id: UUID) -> list[AnyWork]:
        """What is outstanding and has not moved for too long, or was away when it was tried."""
        known = self.issued.get(operation_id)
        if known is not None and known.is_kept_waiting:
            return self.follow(operation_id)
        operation = self.admission.operation(operation_id)
        if operation is None:
            return []
        work: list[AnyWork] = [one for one in outstanding(operation) if not isinstance(one, ClearLedger)]
        if not self.admission.admits(operation, work):
            return self.follow(operation_id)
        wanted, granted = self.metered(operation, work)
        # What this process never issued, somebody else may have, or its event is on the way: it gets its time.
        self.note(operation, wanted, issue=False)
        memory = self.memory(operation)
        found = [one for one in wanted if self.due(memory.pieces[identity(one)], operation) <= self.clock()]
        for one in found:
            piece = memory.pieces[identity(one)]
            piece.at, piece.attempts, piece.by_us = self.clock(), piece.attempts + 1, True
        memory.due = min(
            (self.due(piece, operation) for piece in memory.pieces.values()), default=self.clock() + OVERDUE
        )
        return found + granted

    def due(self, piece: Issue, operation: Operation) -> float:
        """When a piece of work should be tried again."""
        pause = HELD if operation.held_by is not None else OVERDUE
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
            found = self.issued[operation.id] = Issued(operation.epoch, database=operation.database)
        return found


def identity(work: AnyWork) -> tuple[str, ...]:
    """What tells two pieces of work of one operation apart; a unit's batches follow one another by themselves."""
    fields = work.model_dump(include={"type", "query_index", "number", "retry", "unit", "state"})
    return tuple(f"{name}={value}" for name, value in fields.items())
