"""Operation: one run of one job, from submission to its end. Small for ever: the ids are in the `Batch` streams.

The names and fields of the events are the storage format, and public on Kafka: they never change their meaning;
a field that is added gets a new `class_version` with an upcast.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate, event
from eventsourcing.domain import Snapshot as BaseSnapshot
from eventsourcing.utils import register_topic

from bulkdelete.domain.allotment import allot, deleted_of
from bulkdelete.domain.batch import BatchTotals
from bulkdelete.domain.commands import CancelOperation, ControlCommand, PauseOperation, ResumeOperation
from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.guards import Guards, broken, guards_of
from bulkdelete.domain.job import Job
from bulkdelete.domain.lifecycle import Status, check
from bulkdelete.domain.outcomes import BatchDone, FenceClosed, FenceOpened, QueryPlanned
from bulkdelete.domain.progress import (
    OpenUnit,
    PlanProgress,
    QueryProgress,
    close_pass,
    finish_unit,
    is_walked,
    query_progress,
    settled_of,
    try_again,
)


class Operation(BaseAggregate[UUID]):
    """One run of one job."""

    TOPIC: ClassVar[str] = "operation"

    class Snapshot(BaseSnapshot):
        """An operation as it was at some version."""

        TOPIC: ClassVar[str] = "operation.snapshot"

    class Event(AggregateEvent):
        """Anything that can happen to an operation."""

        def apply(self, aggregate: Operation) -> None:
            """Change the operation as the event says; never decides, never fails."""

    class Submitted(AggregateCreated):
        """Somebody asked for the records to be deleted."""

        TOPIC: ClassVar[str] = "operation.submitted"
        command_id: str
        requested_by: str
        database: str
        """A configured name, or a URL without its password."""
        job: dict[str, Any]
        digest: str

    class Started(Event):
        """The fence is open: records may be deleted, at this epoch."""

        TOPIC: ClassVar[str] = "operation.started"
        epoch: int
        cut_off: str
        """RFC 3339 in UTC, by the target database's clock: only records created before it are deleted."""
        order: list[int]
        entities: list[str]
        """The entity of each query by the database's own name."""
        class_version: ClassVar[int] = 2

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Version 1 left the entities as the job spells them."""
            state["entities"] = []

        def apply(self, aggregate: Operation) -> None:
            for query, entity in zip(aggregate.queries, self.entities, strict=False):
                query["entity"] = entity
            aggregate.status = Status.IN_PROGRESS.value
            aggregate.waiting_for = None
            aggregate.opened = self.epoch
            aggregate.running_since = self.timestamp.isoformat()
            aggregate.started_at = aggregate.started_at or self.timestamp.isoformat()
            aggregate.cut_off = self.cut_off
            aggregate.order = self.order

    class Planned(Event):
        """It is decided how to walk the entity of a query, in one pass."""

        TOPIC: ClassVar[str] = "operation.planned"
        query_index: int
        number: int
        retry: bool
        walk: dict[str, Any]
        first_unit: int
        units: int
        estimated: int
        bounded: bool

        def apply(self, aggregate: Operation) -> None:
            aggregate.resume_progress()
            query = aggregate.queries[self.query_index]
            query["settled"] = 0
            if not self.retry:
                query["number"] = self.number
                query["bounded"] = self.bounded
            if self.number == 1 and not self.retry:
                query["estimated"] = self.estimated
                query["strategy"] = self.walk.get("kind")
            aggregate.next_unit = self.first_unit + self.units
            aggregate.plan = PlanProgress(
                query_index=self.query_index, number=self.number, retry=self.retry, walk=self.walk,
                first=self.first_unit, units=self.units, walked=self.first_unit, beyond=[], open={},
            )  # fmt: skip
            aggregate.allot()
            aggregate.close_pass_if_walked()

    class BatchDeleted(Event):
        """One transaction is committed: its records are accounted for (their ids are in its `Batch` stream)."""

        TOPIC: ClassVar[str] = "operation.batch_deleted"
        epoch: int
        query_index: int
        unit: int
        batch: int
        deleted: int
        failed: int
        retryable: int
        """Of the failed ones, those that another attempt may delete."""
        cleared: int
        """Failures of earlier batches that are settled by this one: deleted or vanished."""
        vanished: int
        cascaded: dict[str, int]
        unlinked: dict[str, int]
        duration: float
        position: Any
        finished: bool

        def apply(self, aggregate: Operation) -> None:
            aggregate.resume_progress()
            query = aggregate.queries[self.query_index]
            query["deleted"] += self.deleted
            query["failed"] += self.failed - self.cleared
            query["retryable"] += self.retryable - self.cleared
            query["vanished"] += self.vanished
            # A failure that is only told anew settles nothing.
            query["settled"] += self.deleted + max(0, self.failed - self.cleared) + self.vanished
            for entity, count in self.cascaded.items():
                aggregate.cascaded[entity] = aggregate.cascaded.get(entity, 0) + count
            for entity, count in self.unlinked.items():
                aggregate.unlinked[entity] = aggregate.unlinked.get(entity, 0) + count
            plan = aggregate.plan
            if plan is None or not plan["first"] <= self.unit < plan["first"] + plan["units"]:
                return
            if self.finished:
                finish_unit(plan, self.unit)
                aggregate.close_pass_if_walked()
            else:
                plan["open"][str(self.unit)] = OpenUnit(
                    batch=self.batch + 1, position=self.position, deleted=deleted_of(plan, self.unit) + self.deleted
                )
            aggregate.allot()

    class Retrying(Event):
        """Something the operation needs is away; it waits for it."""

        TOPIC: ClassVar[str] = "operation.retrying"
        reason: str

        def apply(self, aggregate: Operation) -> None:
            aggregate.status = Status.RETRYING.value
            aggregate.waiting_for = self.reason

    class PauseRequested(Event):
        """Somebody asked for a pause; batches already in the database are waited for."""

        TOPIC: ClassVar[str] = "operation.pause_requested"
        command_id: str
        requested_by: str

        def apply(self, aggregate: Operation) -> None:
            aggregate.status = Status.PAUSING.value
            aggregate.commands.append(self.command_id)

    class Paused(Event):
        """Nothing more is deleted until it is resumed."""

        TOPIC: ClassVar[str] = "operation.paused"

        def apply(self, aggregate: Operation) -> None:
            aggregate.stop_running(self.timestamp)
            aggregate.status = Status.PAUSED.value
            aggregate.waiting_for = None

    class Resumed(Event):
        """Somebody resumed it: a new epoch begins."""

        TOPIC: ClassVar[str] = "operation.resumed"
        command_id: str
        requested_by: str
        epoch: int

        def apply(self, aggregate: Operation) -> None:
            aggregate.status = Status.WAITING.value
            aggregate.epoch = self.epoch
            aggregate.commands.append(self.command_id)

    class CancelRequested(Event):
        """Somebody canceled; batches already in the database are waited for."""

        TOPIC: ClassVar[str] = "operation.cancel_requested"
        command_id: str
        requested_by: str

        def apply(self, aggregate: Operation) -> None:
            aggregate.status = Status.CANCELING.value
            aggregate.commands.append(self.command_id)

    class Canceled(Event):
        """Nothing more is deleted, ever."""

        TOPIC: ClassVar[str] = "operation.canceled"

        def apply(self, aggregate: Operation) -> None:
            aggregate.stop_running(self.timestamp)
            aggregate.status = Status.CANCELED.value
            aggregate.waiting_for = None

    class CommandRefused(Event):
        """A command did not fit the state: told again it is refused again, whatever the state is then."""

        TOPIC: ClassVar[str] = "operation.command_refused"
        command_id: str
        command: str
        """The command's type."""
        requested_by: str
        reason: str

        def apply(self, aggregate: Operation) -> None:
            aggregate.refused[self.command_id] = self.reason

    class Failing(Event):
        """It can never go on; batches already in the database are waited for."""

        TOPIC: ClassVar[str] = "operation.failing"
        reason: str
        field: str | None

        def apply(self, aggregate: Operation) -> None:
            aggregate.failing = True
            aggregate.reason = self.reason
            aggregate.field = self.field

    class Failed(Event):
        """It ended early; what was deleted stays deleted."""

        TOPIC: ClassVar[str] = "operation.failed"
        reason: str
        field: str | None

        def apply(self, aggregate: Operation) -> None:
            aggregate.stop_running(self.timestamp)
            aggregate.status = Status.FAILED.value
            aggregate.waiting_for = None
            aggregate.reason = self.reason
            aggregate.field = self.field

    class Completed(Event):
        """Nothing that was asked for is left, or every remainder has its reason."""

        TOPIC: ClassVar[str] = "operation.completed"
        deleted: int
        failed: int
        remaining: dict[str, str]
        """Query index → why matching records without a failure may be left."""

        def apply(self, aggregate: Operation) -> None:
            aggregate.stop_running(self.timestamp)
            aggregate.status = Status.SUCCEEDED.value
            aggregate.waiting_for = None

    @event(Submitted)
    def __init__(self, command_id: str, requested_by: str, database: str, job: dict[str, Any], digest: str) -> None:
        self.database = database
        self.job = job
        self.digest = digest
        self.commands = [command_id]
        self.refused: dict[str, str] = {}
        self.status = Status.WAITING.value
        self.waiting_for: str | None = None
        self.reason: str | None = None
        self.field: str | None = None
        self.failing = False
        self.epoch = 1
        self.opened = 0
        self.started_at: str | None = None
        self.running_since: str | None = None
        self.ran_microseconds = 0
        self.requested_by = requested_by
        self.cut_off: str | None = None
        self.order: list[int] = []
        self.queries: list[QueryProgress] = [query_progress(query["EntityName"]) for query in job["queries"]]
        self.cascaded: dict[str, int] = {}
        self.unlinked: dict[str, int] = {}
        self.plan: PlanProgress | None = None
        self.next_unit = 0

    @classmethod
    def submit(cls, operation_id: UUID, command_id: UUID, requested_by: str, database: str, job: Job) -> Operation:
        """Begin an operation under an identity the caller chose."""
        return cls._create(
            cls.Submitted, id=operation_id, command_id=str(command_id), requested_by=requested_by,
            database=database, job=job.to_json(), digest=job.digest(),
        )  # fmt: skip

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
        if self.failing or not Status(self.status).is_running:
            return
        known = sum(max(one["estimated"], settled_of(one)) for one in self.queries)
        failed = sum(one["failed"] for one in self.queries)
        found = broken(self.guards, self.deleted, failed, known)
        if found is not None:
            self.trigger_event(self.Failing, field=found[0], reason=found[1])

    @property
    def guards(self) -> Guards:
        """The guards that the operation began with: the job's own, and the service's."""
        return guards_of(self.job)

    @property
    def deleted(self) -> int:
        """Records that its queries deleted."""
        return sum(one["deleted"] for one in self.queries)

    def allot(self) -> None:
        """Bound what each unit may still delete, where a guard bounds them all."""
        if self.plan is not None and (most := self.guards.max_records) is not None:
            allot(self.plan, self.job["options"]["window"], most, self.deleted)

    def wait_for(self, epoch: int, reason: str) -> None:
        """Record that something it needs is away."""
        if epoch != self.epoch or self.waiting_for == reason:
            return
        if Status(self.status) in {Status.WAITING, Status.IN_PROGRESS, Status.RETRYING}:
            self.trigger_event(self.Retrying, reason=reason)

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
        """Pause, resume or cancel, once, however often it is told. Raises TransitionError."""
        command_id = str(command.command_id)
        if command_id in self.refused:
            raise TransitionError(self.refused[command_id], "type")
        if command_id not in self.commands:
            self.begin_control(command, {"command_id": command_id, "requested_by": command.requested_by})

    def refuse_command(self, command: ControlCommand, reason: str) -> None:
        """Refuse a command for good, whatever the state is later. What has ended does so without remembering."""
        known = {*self.refused, *self.commands}
        if not self.is_final and str(command.command_id) not in known:
            self.trigger_event(
                self.CommandRefused, command_id=str(command.command_id), command=command.type,
                requested_by=command.requested_by, reason=reason,
            )  # fmt: skip

    def begin_control(self, command: ControlCommand, asked: dict[str, str]) -> None:
        """Raises TransitionError where the state does not allow it."""
        status = Status(self.status)
        match command:
            case PauseOperation():
                check(status, Status.PAUSING)
                self.trigger_event(self.PauseRequested, **asked)
            case ResumeOperation():
                check(status, Status.WAITING)
                self.trigger_event(self.Resumed, **asked, epoch=self.epoch + 1)
            case CancelOperation():
                check(status, Status.CANCELING)
                self.trigger_event(self.CancelRequested, **asked)

    def close(self, outcome: FenceClosed) -> None:
        """Record that nothing more is deleted, and why. One that is not asked for changes nothing."""
        if outcome.epoch != self.epoch:
            return
        match Status(self.status), outcome.state:
            case Status.PAUSING, "paused":
                self.trigger_event(self.Paused)
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

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return Status(self.status).is_final

    def started_before(self) -> datetime | None:
        """The cut-off, in UTC; None before the first start."""
        return datetime.fromisoformat(self.cut_off) if self.cut_off else None

    def ran_until(self, now: datetime) -> int:
        """Microseconds in which records could be deleted: pauses do not count."""
        if self.running_since is None:
            return self.ran_microseconds
        ran = (now - datetime.fromisoformat(self.running_since)) // timedelta(microseconds=1)
        return self.ran_microseconds + max(0, ran)  # a clock may be set back

    def stop_running(self, now: datetime) -> None:
        """Nothing more is deleted, for now or for good."""
        self.ran_microseconds, self.running_since = self.ran_until(now), None

    def resume_progress(self) -> None:
        """What was away is back, as far as an event proves it."""
        if self.status == Status.RETRYING:
            self.status = Status.IN_PROGRESS.value
            self.waiting_for = None

    def close_pass_if_walked(self) -> None:
        """After a plan's last unit the pass is over."""
        if self.plan is not None and is_walked(self.plan):
            query = self.queries[self.plan["query_index"]]
            close_pass(query, self.plan)
            if self.plan["retry"]:
                try_again(self.queries, query)


# A process that has taken no snapshot yet must still be able to read one.
register_topic(Operation.Snapshot.TOPIC, Operation.Snapshot)
