"""The in-process transport: the same handlers, queues instead of topics, nothing durable but the event store."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from bulkdelete.consumers.attention import Attention
from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.deletion import Deletion
from bulkdelete.consumers.operations import take_outcomes
from bulkdelete.consumers.planning import Planner
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import AnyOutcome
from bulkdelete.domain.steering import halted
from bulkdelete.domain.work import AnyWork, ClearLedger
from bulkdelete.producers.clock import OpenOperations
from bulkdelete.records.target import Target

POLL = 0.2
"""Seconds between two looks at the event store, for what another process asked."""
OUTCOMES = 4
"""Outcomes waiting to be recorded, and recorded in one save, at most: a worker that is faster waits."""


@dataclass
class LocalRun:
    """Drives one operation to its end, in this process."""

    application: BulkDeletes
    target: Target
    operation_id: UUID
    on_progress: Callable[[Operation], None] = lambda operation: None
    on_wait: Callable[[str], None] = lambda reason: None
    """Told each time that the operation waits for something else."""
    stopping: threading.Event = field(default_factory=threading.Event)
    bounds: Bounds = field(default_factory=Bounds)

    def __post_init__(self) -> None:
        self.planner = Planner(self.application, bounds=self.bounds)
        self.open = OpenOperations(self.application)
        attention = Attention(self.application)
        self.deletion = Deletion(self.application, lambda _name: self.target, self.stopping.is_set, attention)
        self.work: queue.SimpleQueue[AnyWork | None] = queue.SimpleQueue()
        self.outcomes: queue.Queue[AnyOutcome | BaseException | Finished] = queue.Queue(OUTCOMES)
        self.busy = 0
        self.waiting_for: str | None = None

    def prove(self) -> int:
        """Records that the database proves deleted beyond what is recorded; they are recorded as the run goes on."""
        operation = self.application.operation(self.operation_id)
        return self.deletion.proven(operation, self.target.under(operation.job.get("ledger")))

    def drive(self) -> Operation:
        """Run until the operation has ended or is paused, or `stopping` is set; returns it as it is then.

        One that is postponed or halted is waited for.
        """
        workers = [
            threading.Thread(target=self.worker, name=f"deletion-{at}", daemon=True)
            for at in range(self.target.dialect.workers)
        ]
        for worker in workers:
            worker.start()
        # A thread that comes back from the database gets its turn at once, not after Python's 5 ms.
        sys.setswitchinterval(0.0005)
        try:
            return self.coordinate()
        finally:
            for _ in workers:
                self.work.put(None)
            for worker in workers:
                worker.join(timeout=10)

    def coordinate(self) -> Operation:
        """Record outcomes and issue what they release."""
        operation = self.follow()
        while not self.is_over(operation):
            try:
                found = self.arrived()
            except queue.Empty:
                self.count()
                operation = self.follow()
                self.issue(self.planner.overdue(self.operation_id))
                continue
            if outcomes := [one for one in found if not isinstance(one, Finished)]:
                self.issue(take_outcomes(outcomes, self.application, self.bounds))
                operation = self.follow()
            self.busy -= len(found) - len(outcomes)
        return operation

    def arrived(self) -> list[AnyOutcome | Finished]:
        """What workers told since, as soon as there is something. Raises queue.Empty, and a worker's own error."""
        found: list[AnyOutcome | Finished] = []
        one = self.outcomes.get(timeout=self.planner.pause(POLL))
        while True:
            if isinstance(one, BaseException):
                raise one
            found.append(one)
            if len(found) == OUTCOMES:
                return found
            try:
                one = self.outcomes.get_nowait()
            except queue.Empty:
                return found

    def follow(self) -> Operation:
        """Issue what the operation needs now."""
        if not self.stopping.is_set():
            self.issue(self.planner.follow(self.operation_id))
        operation = self.application.operation(self.operation_id)
        self.on_progress(operation)
        self.tell_waiting(operation)
        return operation

    def tell_waiting(self, operation: Operation) -> None:
        """Tell what the operation waits for, once."""
        brake = self.planner.admission.brake
        waiting_for = operation.waiting_for
        if waiting_for is None and operation.status == Status.WAITING and brake is not None and brake.is_on:
            waiting_for = halted(brake.requested_by, brake.reason)
        if waiting_for is not None and waiting_for != self.waiting_for:
            self.on_wait(waiting_for)
        self.waiting_for = waiting_for

    def count(self) -> None:
        """Count the operations that share what may be deleted per second."""
        if self.bounds.rate is not None:
            self.open.refresh()
            others = self.open.running - {self.operation_id}
            self.planner.running = 1 + sum(self.bounds.is_driven(one) for one in others)

    def issue(self, work: list[AnyWork]) -> None:
        """Give work to the workers."""
        for one in [] if self.stopping.is_set() else work:
            self.busy += 1
            self.work.put(one)

    def is_over(self, operation: Operation) -> bool:
        """Whether there is nothing left to do here."""
        if self.busy:
            return False
        return self.stopping.is_set() or operation.is_final or operation.status == Status.PAUSED

    def worker(self) -> None:
        """Do work until told to stop; an error that no handler knows ends the run."""
        while (work := self.work.get()) is not None:
            try:
                if not self.stopping.is_set() or isinstance(work, ClearLedger):
                    for outcome in self.deletion.do(work):
                        self.outcomes.put(outcome)
            except BaseException as error:
                self.outcomes.put(error)
            self.outcomes.put(Finished())


class Finished:
    """A worker is done with a piece of work."""
