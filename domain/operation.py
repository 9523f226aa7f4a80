"""Operation: one run of one job, from submission to its end. Small for ever: the ids are in the `Batch` streams.

What it decides is here; how it stands is in `standing`, its events are in `course` and `steering`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate, event
from eventsourcing.domain import Snapshot as BaseSnapshot
from eventsourcing.utils import register_topic

from bulkdelete.domain import course, steering
from bulkdelete.domain.batch import BatchTotals
from bulkdelete.domain.commands import (
    CancelOperation,
    ControlCommand,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    RetryFailures,
    ThrottleOperation,
)
from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.job import GovernedJob, Job
from bulkdelete.domain.lifecycle import Status, asked, check_throttle
from bulkdelete.domain.outcomes import BatchDone, FenceClosed, FenceOpened, QueryPlanned
from bulkdelete.domain.progress import is_walked
from bulkdelete.domain.standing import Standing
from bulkdelete.domain.wall_time import DEFAULT_ZONE, rfc3339


class Operation(Standing, BaseAggregate[UUID]):
    """One run of one job."""

    TOPIC: ClassVar[str] = "operation"

    class Snapshot(BaseSnapshot):
        """An operation as it was at some version."""

        TOPIC: ClassVar[str] = "operation.snapshot"

    Event = course.Happening
    Submitted = course.Submitted
    Started = course.Started
    Planned = course.Planned
    BatchDeleted = course.BatchDeleted
    Retrying = course.Retrying
    Held = course.Held
    Failing = course.Failing
    Failed = course.Failed
    Completed = course.Completed
    FailuresRetried = course.FailuresRetried

    PauseRequested = steering.PauseRequested
    Paused = steering.Paused
    Resumed = steering.Resumed
    PostponeRequested = steering.PostponeRequested
    Postponed = steering.Postponed
    Due = steering.Due
    Throttled = steering.Throttled
    Halting = steering.Halting
    Halted = steering.Halted
    Released = steering.Released
    CancelRequested = steering.CancelRequested
    Canceled = steering.Canceled
    CommandRefused = steering.CommandRefused

    @event(Submitted)
    def __init__(self, command_id: str, requested_by: str, database: str, job: dict[str, Any], digest: str) -> None:
        self.stand(command_id, requested_by, database, job, digest)

    @classmethod
    def submit(cls, operation_id: UUID, command_id: UUID, requested_by: str, database: str, job: Job) -> Operation:
        """Begin an operation under an identity the caller chose."""
        operation = cls._create(
            cls.Submitted, id=operation_id, command_id=str(command_id), requested_by=requested_by,
            database=database, job=job.to_json(), digest=job.digest(),
        )  # fmt: skip
        if job.starts_at:
            operation.trigger_event(
                cls.Postponed, until=rfc3339(job.starts_at), time_zone=job.time_zone or DEFAULT_ZONE
            )
        return operation

    def open(self, outcome: FenceOpened) -> None:
        """Record that the fence is open. A later or an unasked one changes nothing."""
        if outcome.epoch != self.epoch or self.opened == outcome.epoch:
            return
        if Status(self.status) not in {Status.WAITING, Status.RETRYING}:
            return
        cut_off = outcome.cut_off.isoformat().replace("+00:00", "Z")
        self.trigger_event(
            self.Started, epoch=outcome.epoch, cut_off=cut_off, order=outcome.order, entities=outcome.entities
        )

    def take_plan(self, outcome: QueryPlanned) -> None:
        """Record how a query is walked. One that is planned already, or not asked for, changes nothing."""
        if outcome.epoch != self.epoch or not Status(self.status).is_running:
            return
        query = self.queries[outcome.query_index]
        expected = query["number"] if outcome.retry else query["number"] + 1
        if (query["done"] and not outcome.retry) or outcome.number != expected or (outcome.retry and query["retried"]):
            return
        if self.plan is not None and not is_walked(self.plan):
            return
        self.trigger_event(
            self.Planned, query_index=outcome.query_index, number=outcome.number, retry=outcome.retry,
            walk=outcome.walk, first_unit=self.next_unit, units=outcome.units, estimated=outcome.estimated,
            bounded=outcome.bounded,
        )  # fmt: skip

    def record_batch(self, outcome: BatchDone, totals: BatchTotals) -> None:
        """Count what a transaction did. Whoever calls holds the batch's identity: it is counted once."""
        self.trigger_event(
            self.BatchDeleted, epoch=outcome.epoch, query_index=outcome.query_index, unit=outcome.unit,
            batch=outcome.batch, deleted=totals.deleted, failed=totals.failed, retryable=totals.retryable,
            cleared=totals.cleared, vanished=totals.vanished, cascaded=totals.cascaded,
            unlinked=totals.unlinked, duration=outcome.duration, position=outcome.position,
            finished=outcome.finished,
        )  # fmt: skip
        self.keep_guards()

    def keep_guards(self) -> None:
        """Stop where the recorded counts break a guard."""
        if not self.failing and Status(self.status).is_running and (found := self.broken_guard) is not None:
            self.trigger_event(self.Failing, field=found[0], reason=found[1])

    def wait_for(self, epoch: int, reason: str) -> None:
        """Record that something it needs is away."""
        if epoch != self.epoch or self.waiting_for == reason:
            return
        if Status(self.status) in {Status.WAITING, Status.IN_PROGRESS, Status.RETRYING}:
            self.trigger_event(self.Retrying, reason=reason)

    def hold(self, epoch: int, cause: str, reason: str) -> None:
        """Record that it must wait although nothing is away; the same cause is told once."""
        if epoch != self.epoch or self.held_by == cause:
            return
        if Status(self.status) in {Status.WAITING, Status.IN_PROGRESS, Status.RETRYING}:
            self.trigger_event(self.Held, cause=cause, reason=reason)

    def refuse(self, epoch: int, reason: str, field: str | None) -> None:
        """Record that it can never go on."""
        status = Status(self.status)
        if epoch != self.epoch or status.is_final or self.failing:
            return
        if self.opened < self.epoch:
            if status in {Status.WAITING, Status.RETRYING}:
                self.trigger_event(self.Failed, reason=reason, field=field)
        elif status.is_running:
            self.trigger_event(self.Failing, reason=reason, field=field)

    def control(self, command: ControlCommand) -> None:
        """Carry a control out once, however often it is told. Raises TransitionError."""
        command_id = str(command.command_id)
        if command_id in self.refused:
            raise TransitionError(self.refused[command_id], "type")
        if command_id not in self.commands:
            self.begin_control(command, {"command_id": command_id, "requested_by": command.requested_by})

    def retry(self, command: RetryFailures) -> Operation:
        """Begin another operation for the records that failed. Raises TransitionError before the end."""
        if (refused := self.refused.get(str(command.command_id))) is not None:
            raise TransitionError(refused, "type")
        cut_off = self.cut_off_of_failures()
        job = GovernedJob.read(self.job).retrying(self.id, command.causes, cut_off)
        self.trigger_event(
            self.FailuresRetried, command_id=str(command.command_id), requested_by=command.requested_by,
            retry_id=str(command.new_id), causes=list(command.causes),
        )  # fmt: skip
        return self.submit(command.new_id, command.command_id, command.requested_by, self.database, job)

    def refuse_command(self, command: ControlCommand | RetryFailures, reason: str) -> None:
        """Refuse a command for good, whatever the state is later. What has ended does so without remembering."""
        known = {*self.refused, *self.commands}
        if not self.is_final and str(command.command_id) not in known:
            self.trigger_event(
                self.CommandRefused, command_id=str(command.command_id), command=command.type,
                requested_by=command.requested_by, reason=reason,
            )  # fmt: skip

    def begin_control(self, command: ControlCommand, by: dict[str, str]) -> None:
        """Raises TransitionError where the state does not allow it."""
        status = Status(self.status)
        match command:
            case PauseOperation():
                then = asked(status, "pause")
                self.trigger_event(self.PauseRequested, **by)
                if then is Status.PAUSED:
                    self.trigger_event(self.Paused)
            case ResumeOperation():
                asked(status, "resume")
                self.trigger_event(self.Resumed, **by, epoch=self.next_epoch)
            case CancelOperation():
                asked(status, "cancel")
                self.trigger_event(self.CancelRequested, **by)
            case PostponeOperation():
                then = asked(status, "postpone")
                until = {"until": rfc3339(command.instant), "time_zone": command.time_zone or DEFAULT_ZONE}
                self.trigger_event(self.PostponeRequested, **by, **until)
                if then is Status.POSTPONED:
                    self.trigger_event(self.Postponed, **until)
            case ThrottleOperation():
                check_throttle(status)
                self.trigger_event(self.Throttled, **by, rate=command.rate)

    def begin_if_due(self, now: datetime) -> None:
        """Let it go on where the instant that it was postponed to has come."""
        if self.status == Status.POSTPONED and now >= datetime.fromisoformat(self.postponed_until or ""):
            self.trigger_event(self.Due, epoch=self.next_epoch)

    def halt(self, requested_by: str, reason: str) -> None:
        """Stop deleting for the time of a halt; what does not delete needs no stopping."""
        if Status(self.status).is_running:
            self.trigger_event(self.Halting, requested_by=requested_by, reason=reason)

    def release(self) -> None:
        """The halt is over."""
        if self.status == Status.HALTED:
            self.trigger_event(self.Released, epoch=self.next_epoch)

    def close(self, outcome: FenceClosed) -> None:
        """Record that nothing more is deleted, and why. One that is not asked for changes nothing."""
        if outcome.epoch != self.epoch:
            return
        match Status(self.status), outcome.state:
            case Status.PAUSING, "paused":
                self.trigger_event(self.Paused)
            case Status.POSTPONING, "paused":
                self.trigger_event(self.Postponed, until=self.postponed_until, time_zone=self.time_zone)
            case Status.HALTING, "paused":
                self.trigger_event(self.Halted)
            case Status.CANCELING, "canceled":
                self.trigger_event(self.Canceled)
            case ((Status.IN_PROGRESS | Status.RETRYING), "ended") if self.failing:
                self.trigger_event(self.Failed, reason=self.reason or "", field=self.field)
            case ((Status.IN_PROGRESS | Status.RETRYING), "ended"):
                remaining = {str(i): one["remaining"] for i, one in enumerate(self.queries) if one["remaining"]}
                self.trigger_event(
                    self.Completed, deleted=sum(one["deleted"] for one in self.queries),
                    failed=sum(one["failed"] for one in self.queries), remaining=remaining,
                )  # fmt: skip


# A process that has taken no snapshot yet must still be able to read one.
register_topic(Operation.Snapshot.TOPIC, Operation.Snapshot)
