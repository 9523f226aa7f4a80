"""Schedules and ticks: commands change schedules, ticks make operations of what is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bulkdelete.consumers.operations import NONE, Check, checked, database_of
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.declarations import NOTHING, Declarations
from bulkdelete.domain.errors import InvalidJobError, RefusedError
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.scheduling.commands import AnyScheduleCommand, CreateSchedule, EditSchedule, Tick
from bulkdelete.domain.scheduling.index import DueSchedules
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.schedules import Schedules

log = logging.getLogger("bulkdelete.schedules")

MOST_AHEAD = timedelta(seconds=60)
"""How far a tick may be ahead of the receiver's own clock."""


def utc_now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@dataclass
class Scheduling:
    """What a process does with schedules; one tick at a time."""

    application: BulkDeletes
    databases: Collection[str] = ()
    check: Check | None = None
    catalogues: Mapping[str, Declarations] = field(default_factory=lambda: NONE)
    ledgers: Mapping[str, str] = field(default_factory=dict)
    guards: Guards = NO_GUARDS
    is_simulated: bool = False
    """Whether a tick may be of any time: the clock is not this machine's."""
    most_ahead: timedelta = MOST_AHEAD
    now: Callable[[], datetime] = utc_now
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.schedules = Schedules(self.application)
        self.due = DueSchedules(self.application)

    def take(self, command: AnyScheduleCommand) -> Schedule:
        """Carry a command out. Raises a RefusedError where it can never work, UnavailableError where it can later."""
        database = ""
        if isinstance(command, CreateSchedule | EditSchedule):
            database = self.database_of(command)
        return self.schedules.carry_out(command, self.now(), database)

    def database_of(self, command: CreateSchedule | EditSchedule) -> str:
        """Where its job is to run; the job is held against it, unless the command was carried out before."""
        database = database_of(command.job, self.databases)
        found = self.schedules.find(command.schedule_id)
        if found is None or str(command.command_id) not in found.commands:
            checked(self.prepared(command.job, database), database, self.check)
        return database

    def create(self, command: SubmitBulkDelete) -> Schedule:
        """Make a schedule of a submitted job that recurs; it takes the operation's id (spec §2.1, §2.3)."""
        same = {name: getattr(command, name) for name in ("command_id", "requested_by", "job")}
        return self.take(CreateSchedule(schedule_id=command.operation_id, **same))

    def tick(self, tick: Tick) -> list[Operation]:
        """Let begin what is due; the operations that do.

        Raises InvalidJobError for a tick from the future, UnavailableError where the event store is away.
        """
        at = tick.at if self.is_simulated else self.believed(tick.at)
        with self.lock:
            return [one for schedule_id in self.due.due(at) for one in self.run_due(schedule_id, at)]

    def believed(self, at: datetime) -> datetime:
        """The instant that a tick stands for. One that comes very late, or from a slow clock, only wakes us up:
        what was due meanwhile was missed, and is no occurrence in time. Raises InvalidJobError from the future.
        """
        now = self.now()
        if at - now > self.most_ahead:
            ahead, most = (at - now).total_seconds(), self.most_ahead.total_seconds()
            raise InvalidJobError(
                f"the tick is {ahead:,.0f} s ahead of the clock here; at most {most:,.0f} s are taken, unless the "
                "setting simulated_time allows any",
                "at",
            )
        return now if now - at > self.most_ahead else at

    def run_due(self, schedule_id: UUID, at: datetime) -> list[Operation]:
        """What begins of one schedule; one that cannot be read must not stop the others."""
        try:
            operation = self.schedules.run_due(schedule_id, at, self.prepared)
        except RefusedError as error:
            log.warning(
                "A schedule is passed over: %s", error,
                extra={"action": "schedule_failed", "schedule_id": str(schedule_id), "reason": str(error)[:500]},
            )  # fmt: skip
            return []
        if operation is None:
            return []
        extra = {"action": "occurred", "schedule_id": str(schedule_id), "operation_id": str(operation.id)}
        log.info("An operation begins: %s", operation.job["name"], extra=extra)
        return [operation]

    def prepared(self, job: Job, database: str) -> Job:
        """The job under the catalogue, the place of the ledger, and the guards that hold today."""
        return job.under(self.catalogues.get(database, NOTHING), self.ledgers.get(database), self.guards)
