"""What happens to an operation by itself: it starts, its queries are planned, batches are deleted, it ends.

The names and fields of events are the storage format, and public on Kafka: they never change their meaning;
a field that is added gets a new `class_version` with an upcast.
"""

from __future__ import annotations

from typing import Any, ClassVar

from eventsourcing.domain import AggregateCreated, AggregateEvent

from bulkdelete.domain.allotment import deleted_of
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.progress import OpenUnit, PlanProgress, finish_unit
from bulkdelete.domain.standing import Standing


class Happening(AggregateEvent):
    """Anything that can happen to an operation."""

    def apply(self, aggregate: Standing) -> None:
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


class Started(Happening):
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

    def apply(self, aggregate: Standing) -> None:
        for query, entity in zip(aggregate.queries, self.entities, strict=False):
            query["entity"] = entity
        aggregate.status = Status.IN_PROGRESS.value
        aggregate.stop_waiting()
        aggregate.opened = self.epoch
        aggregate.running_since = self.timestamp.isoformat()
        aggregate.started_at = aggregate.started_at or self.timestamp.isoformat()
        aggregate.cut_off = self.cut_off
        aggregate.order = self.order


class Planned(Happening):
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

    def apply(self, aggregate: Standing) -> None:
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


class BatchDeleted(Happening):
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

    def apply(self, aggregate: Standing) -> None:
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
            deleted = deleted_of(plan, self.unit) + self.deleted
            plan["open"][str(self.unit)] = OpenUnit(batch=self.batch + 1, position=self.position, deleted=deleted)
        aggregate.allot()


class Retrying(Happening):
    """Something the operation needs is away; it waits for it."""

    TOPIC: ClassVar[str] = "operation.retrying"
    reason: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.status = Status.RETRYING.value
        aggregate.waiting_for, aggregate.held_by = self.reason, None


class Held(Happening):
    """Nothing is away, but it must wait: others have their turn, or the database suffers."""

    TOPIC: ClassVar[str] = "operation.held"
    cause: str
    """One word or two that stay the same as long as it waits for the same."""
    reason: str

    def apply(self, aggregate: Standing) -> None:
        if aggregate.status == Status.RETRYING:
            is_open = aggregate.opened == aggregate.epoch
            aggregate.status = (Status.IN_PROGRESS if is_open else Status.WAITING).value
        aggregate.waiting_for, aggregate.held_by = self.reason, self.cause


class Failing(Happening):
    """It can never go on; batches already in the database are waited for."""

    TOPIC: ClassVar[str] = "operation.failing"
    reason: str
    field: str | None

    def apply(self, aggregate: Standing) -> None:
        aggregate.failing = True
        aggregate.reason = self.reason
        aggregate.field = self.field


class Failed(Happening):
    """It ended early; what was deleted stays deleted."""

    TOPIC: ClassVar[str] = "operation.failed"
    reason: str
    field: str | None

    def apply(self, aggregate: Standing) -> None:
        aggregate.end(self.timestamp, Status.FAILED)
        aggregate.reason = self.reason
        aggregate.field = self.field


class Completed(Happening):
    """Nothing that was asked for is left, or every remainder has its reason."""

    TOPIC: ClassVar[str] = "operation.completed"
    deleted: int
    failed: int
    remaining: dict[str, str]
    """Query index → why matching records without a failure may be left."""

    def apply(self, aggregate: Standing) -> None:
        aggregate.end(self.timestamp, Status.SUCCEEDED)


class FailuresRetried(Happening):
    """After the end: another operation was begun for the records that failed."""

    TOPIC: ClassVar[str] = "operation.failures_retried"
    command_id: str
    requested_by: str
    retry_id: str
    """The other operation."""
    causes: list[str]

    def apply(self, aggregate: Standing) -> None:
        aggregate.commands.append(self.command_id)
