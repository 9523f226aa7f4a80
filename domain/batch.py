"""Batch: what one transaction in the target database did, record by record.

Its id follows from the operation, the unit and the batch number, so that an outcome delivered twice
meets the stream it already wrote, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate, event

from bulkdelete.domain.outcomes import BatchDone


def batch_id(operation_id: UUID, unit: int, batch: int) -> UUID:
    """The identity of a batch's stream."""
    return uuid5(operation_id, f"{unit}/{batch}")


@dataclass
class BatchTotals:
    """The counts of one batch, all its parts together. Records."""

    deleted: int = 0
    failed: int = 0
    retryable: int = 0
    cleared: int = 0
    vanished: int = 0
    cascaded: dict[str, int] = field(default_factory=dict)
    unlinked: dict[str, int] = field(default_factory=dict)


class Batch(BaseAggregate[UUID]):
    """What one transaction did, record by record."""

    TOPIC: ClassVar[str] = "batch"

    class Event(AggregateEvent):
        """One part of what became of a batch's records."""

        def apply(self, aggregate: Batch) -> None:
            """Change the batch as the event says; never decides, never fails."""

    class Recorded(AggregateCreated):
        """A transaction is known to be committed; what it did follows."""

        TOPIC: ClassVar[str] = "batch.recorded"
        operation_id: str
        epoch: int
        query_index: int
        unit: int
        batch: int
        parts: int
        deleted_at: str
        """RFC 3339 in UTC, by the target database's clock."""

    class RecordsDeleted(Event):
        """Records of one entity are gone."""

        TOPIC: ClassVar[str] = "batch.records_deleted"
        operation_id: str
        query_index: int
        entity: str
        cascaded: bool
        records: dict[str, Any]
        """Packed ids: `kind`, `count`, `data` (see `record_ids`)."""
        deleted_at: str

        def apply(self, aggregate: Batch) -> None:
            count = self.records["count"]
            if self.cascaded:
                aggregate.cascaded[self.entity] = aggregate.cascaded.get(self.entity, 0) + count
            else:
                aggregate.deleted += count

    class RecordFailed(Event):
        """Records could not be deleted, all for the same reason."""

        TOPIC: ClassVar[str] = "batch.record_failed"
        operation_id: str
        query_index: int
        entity: str
        error_number: str
        error_description: str
        constraint: str | None
        blocking_entity: str | None
        retryable: bool
        records: dict[str, Any]
        blocking_counts: list[int]
        """How many records hold each of these back, in the order of `records`; 0, or none at all: not known."""
        blocking_samples: list[list[Any]]
        class_version: ClassVar[int] = 2

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Version 1 did not look at what blocks a record."""
            state["blocking_counts"] = []
            state["blocking_samples"] = []

        def apply(self, aggregate: Batch) -> None:
            aggregate.failed += self.records["count"]
            if self.retryable:
                aggregate.retryable += self.records["count"]

    class FailureCleared(Event):
        """Records that failed before are settled: deleted now, or gone or no longer matching."""

        TOPIC: ClassVar[str] = "batch.failure_cleared"
        operation_id: str
        query_index: int
        entity: str
        records: dict[str, Any]

        def apply(self, aggregate: Batch) -> None:
            aggregate.cleared += self.records["count"]

    class PartRecorded(Event):
        """A part of the outcome is recorded whole."""

        TOPIC: ClassVar[str] = "batch.part_recorded"
        operation_id: str
        vanished: int
        unlinked: dict[str, int]

        def apply(self, aggregate: Batch) -> None:
            aggregate.recorded += 1
            aggregate.vanished += self.vanished
            for entity, count in self.unlinked.items():
                aggregate.unlinked[entity] = aggregate.unlinked.get(entity, 0) + count

    @event(Recorded)
    def __init__(
        self,
        operation_id: str,
        epoch: int,
        query_index: int,
        unit: int,
        batch: int,
        parts: int,
        deleted_at: str,
    ) -> None:
        self.operation_id = operation_id
        self.query_index = query_index
        self.parts = parts
        self.deleted_at = deleted_at
        self.recorded = 0
        self.deleted = 0
        self.failed = 0
        self.retryable = 0
        self.cleared = 0
        self.vanished = 0
        self.cascaded: dict[str, int] = {}
        self.unlinked: dict[str, int] = {}

    @classmethod
    def begin(cls, outcome: BatchDone) -> Batch:
        """The stream of a batch of which nothing is recorded yet."""
        return cls._create(
            cls.Recorded, id=batch_id(outcome.operation_id, outcome.unit, outcome.batch),
            operation_id=str(outcome.operation_id), epoch=outcome.epoch, query_index=outcome.query_index,
            unit=outcome.unit, batch=outcome.batch, parts=outcome.parts,
            deleted_at=outcome.deleted_at.isoformat().replace("+00:00", "Z"),
        )  # fmt: skip

    def record(self, outcome: BatchDone, entity: str) -> None:
        """Record one part: its deleted records, its failures, the failures it settles. `entity` is the query's."""
        same: dict[str, Any] = {"operation_id": self.operation_id, "query_index": self.query_index}
        for gone in outcome.deleted:
            self.trigger_event(
                self.RecordsDeleted, **same, entity=gone.entity, cascaded=gone.cascaded,
                records=gone.records.model_dump(), deleted_at=self.deleted_at,
            )  # fmt: skip
        # Cleared first: a failure whose reason changed is told anew in the same batch.
        for records in outcome.cleared:
            self.trigger_event(self.FailureCleared, **same, entity=entity, records=records.model_dump())
        for cause in outcome.failures:
            self.trigger_event(self.RecordFailed, **same, **cause.model_dump())
        self.trigger_event(
            self.PartRecorded,
            operation_id=self.operation_id,
            vanished=outcome.vanished,
            unlinked=outcome.unlinked,
        )

    @property
    def is_whole(self) -> bool:
        """Whether every part is recorded."""
        return self.recorded == self.parts

    def totals(self) -> BatchTotals:
        """The counts of all parts together."""
        return BatchTotals(
            self.deleted,
            self.failed,
            self.retryable,
            self.cleared,
            self.vanished,
            self.cascaded,
            self.unlinked,
        )
