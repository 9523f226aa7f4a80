"""Serving a state folder without a broker: ticks let begin what is due, each open operation is driven in a thread.

Nothing durable is here: whatever is under way is found again in the event store. Several may serve the same folder, and
`run` may go on beside them: a lock an operation says who drives it.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from eventsourcing.persistence import PersistenceError

from bulkdelete.consumers.schedules import Scheduling, utc_now
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import BulkDeleteError, OperationBusyError, TargetChangedError
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import WorkRefused
from bulkdelete.domain.scheduling.commands import Tick
from bulkdelete.producers.clock import OpenOperations
from bulkdelete.records.target import Target
from bulkdelete.service.limits import bounds_of, limits_of
from bulkdelete.service.local import LocalRun
from bulkdelete.service.local_schedules import catalogues_of, targets_of
from bulkdelete.service.notices import telling
from bulkdelete.service.settings import Settings
from bulkdelete.service.state import State
from bulkdelete.service.targets import Targets

log = logging.getLogger("bulkdelete.service")

LOOK = 0.5
"""Seconds between two looks at the operations."""
LATER = 2.0
"""Seconds after which one that cannot go on now is looked at again."""
LONGEST_PAUSE = 30.0


@dataclass
class Embedded:
    """Serves one state folder until told to stop."""

    settings: Settings
    application: BulkDeletes
    targets: Targets
    stopping: threading.Event = field(default_factory=threading.Event)
    not_before: dict[UUID, float] = field(default_factory=dict)
    failures: dict[UUID, int] = field(default_factory=dict)
    driven: dict[UUID, threading.Thread] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = State(self.settings.state)
        databases = self.targets.addresses
        catalogues = catalogues_of(self.settings)
        ledgers = self.targets.ledgers
        self.scheduling = Scheduling(
            self.application, databases, self.targets.check, catalogues, ledgers, self.settings.guards
        )
        self.open = OpenOperations(self.application)
        self.bounds = bounds_of(self.settings, self.is_driven)

    def is_driven(self, operation_id: UUID) -> bool:
        """Whether somebody works at an operation: this process or another one."""
        thread = self.driven.get(operation_id)
        return (thread is not None and thread.is_alive()) or self.state.is_driven(operation_id)

    def run(self) -> None:
        """Serve until `stopping` is set; operations in hand stop after their batch."""
        log.info("Serving %s", self.state.folder, extra={"action": "serving", "roles": ["embedded"]})
        ticked = float("-inf")
        telling_ends = telling(self.settings, self.application, self.state, self.stopping)
        with self.state.keeping_views(self.application), telling_ends:
            while not self.stopping.wait(min(LOOK, self.settings.tick_seconds)):
                try:
                    if time.monotonic() - ticked >= self.settings.tick_seconds:
                        ticked = time.monotonic()
                        self.scheduling.tick(Tick(at=utc_now()))
                    self.look()
                except (BulkDeleteError, PersistenceError) as error:
                    log.warning("The clock goes on: %s", error, extra={"action": "clock_waits"})
                except Exception:
                    log.exception("The clock goes on", extra={"action": "handler_failed"})
            for thread in list(self.driven.values()):
                thread.join(timeout=20)
        log.info("Stopped", extra={"action": "stopped"})

    def look(self) -> None:
        """Drive what can go on."""
        self.driven = {one: thread for one, thread in self.driven.items() if thread.is_alive()}
        still_open = self.open.refresh()
        for memory in (self.not_before, self.failures):
            for gone in memory.keys() - set(still_open):
                del memory[gone]
        for operation_id in still_open:
            if len(self.driven) >= self.settings.deletion_workers:
                return
            if operation_id in self.driven or self.not_before.get(operation_id, 0) > time.monotonic():
                continue
            if self.can_go_on(operation_id):
                self.begin(operation_id)
            else:
                self.not_before[operation_id] = time.monotonic() + LATER

    def can_go_on(self, operation_id: UUID) -> bool:
        """Whether there is something to do for an operation now."""
        operation = self.application.operation(operation_id)
        if operation.status == Status.POSTPONED:
            return datetime.fromisoformat(operation.postponed_until or "") <= utc_now()
        if operation.status in {Status.HALTED, Status.WAITING} and (brake := self.application.brake()):
            return not brake.is_on
        return operation.status != Status.PAUSED

    def begin(self, operation_id: UUID) -> None:
        """Drive an operation in a thread of its own."""
        thread = threading.Thread(target=self.drive, args=[operation_id], name=f"drive-{operation_id}", daemon=True)
        self.driven[operation_id] = thread
        thread.start()

    def drive(self, operation_id: UUID) -> None:
        """Drive it as far as it goes; whatever goes wrong, the others go on and this one is tried again."""
        try:
            with self.state.driving(operation_id):
                self.drive_alone(operation_id)
            self.failures.pop(operation_id, None)
        except TargetChangedError as error:
            operation = self.application.operation(operation_id)
            self.application.record(
                WorkRefused(operation_id=operation_id, epoch=operation.epoch, reason=str(error), field="database")
            )
        except OperationBusyError:
            self.not_before[operation_id] = time.monotonic() + LATER
        except Exception as error:
            failures = self.failures[operation_id] = self.failures.get(operation_id, 0) + 1
            pause = min(LONGEST_PAUSE, 2.0**failures)
            self.not_before[operation_id] = time.monotonic() + pause
            extra = {"action": "work_failed", "operation_id": str(operation_id), "error": type(error).__name__}
            log.warning("Operation %s goes on in %.0f s: %s", operation_id, pause, error, extra=extra)

    def drive_alone(self, operation_id: UUID) -> None:
        """Drive it, the only one that does."""
        operation = self.application.operation(operation_id)
        name = operation.database
        address = self.targets.address_of(name)
        with closing(Target(address, self.targets.ledgers.get(name), limits=limits_of(self.settings, name))) as target:
            run = LocalRun(self.application, target, operation_id, bounds=self.bounds)

            def let_go(operation: Operation) -> None:
                """One that is to wait for hours needs no thread meanwhile."""
                rests = {Status.POSTPONED, Status.HALTED}
                if self.stopping.is_set() or operation.status in rests:
                    run.stopping.set()

            run.on_progress = let_go
            ended = run.drive()
        extra = {"action": "driven", "operation_id": str(operation_id), "status": ended.status}
        log.info("Operation %s is %s", operation_id, ended.status.replace("_", " "), extra=extra)


def serve(settings: Settings, application: BulkDeletes, stopping: threading.Event) -> None:
    """Serve a state folder until told to stop."""
    with closing(targets_of(settings)) as targets:
        Embedded(settings, application, targets, stopping).run()
