"""What the views answer, typed. `to_json` is what the command line prints; its field names are stable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from bulkdelete.domain.advice import advice
from bulkdelete.projections.plain import Answer, plain

RecordId = str | list[str]


@dataclass(frozen=True, slots=True)
class QueryStatus(Answer):
    """How far one query of an operation is. matched = deleted + failed + vanished."""

    entity: str
    strategy: str | None
    """How the entity is walked: `pages`, `rowids`, `keys`, `matching` (the records by themselves)."""
    matched: int
    estimated: int
    deleted: int
    failed: int
    vanished: int
    remaining: str | None
    """Why records that match may be left without a failure."""

    def to_json(self) -> dict[str, Any]:
        """The counts; why something may be left stands in the operation."""
        return {name: value for name, value in Answer.to_json(self).items() if name != "remaining"}


@dataclass(frozen=True, slots=True)
class OperationStatus(Answer):
    """How far an operation is, in records."""

    operation_id: UUID
    name: str
    status: str
    database: str
    requested_by: str
    deleted: int
    failed: int
    cascaded: Mapping[str, int]
    unlinked: Mapping[str, int]
    queries: tuple[QueryStatus, ...]
    duration_seconds: float
    """From the first start to the end, or to the last event."""
    submitted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cut_off: datetime | None
    waiting_for: str | None
    """Why it waits, and until when."""
    postponed_until: datetime | None
    rate: float | None
    """Records per second, at most."""
    reason: str | None
    field: str | None
    retry_of: UUID | None
    """The operation whose failures this one retries."""

    @property
    def matched(self) -> int:
        """Records whose turn has come."""
        return sum(query.matched for query in self.queries)

    @property
    def more(self) -> int:
        """Records that are still to come, by the estimate."""
        return sum(max(0, query.estimated - query.matched) for query in self.queries)

    @property
    def remaining(self) -> dict[str, str]:
        """Query index → why records that match may be left without a failure."""
        return {str(at): one.remaining for at, one in enumerate(self.queries) if one.remaining}

    def to_json(self) -> dict[str, Any]:
        """The same object that `run` prints."""
        return {**Answer.to_json(self), "remaining": self.remaining}


class OperationLine(NamedTuple):
    """How far an operation is, for a list of many."""

    operation_id: UUID
    name: str
    status: str
    deleted: int
    failed: int
    matched: int
    more: int
    """Records that are still to come, by the estimate."""
    duration_seconds: float
    waiting_for: str | None


@dataclass(frozen=True, slots=True)
class Halt(Answer):
    """Everything is halted: by whom, why, since when."""

    halted_at: datetime
    requested_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failure(Answer):
    """A record that could not be deleted, and why."""

    entity: str
    record_id: RecordId
    query_index: int
    error_number: str
    error_description: str
    constraint: str | None
    blocking_entity: str | None
    blocking_count: int | None
    """How many records of the blocking entity hold it back, where the run looked."""
    blocking_sample: list[RecordId] | None
    """The ids of some of them."""


@dataclass(frozen=True, slots=True)
class FailureCause(Answer):
    """Why some records of one entity could not be deleted; the texts are those of one of them."""

    count: int
    entity: str
    error_number: str
    error_description: str
    constraint: str | None
    blocking_entity: str | None
    retryable: bool
    example_id: RecordId
    blocking_count: int | None
    blocking_sample: list[RecordId] | None

    @property
    def name(self) -> str:
        """What tells the cause apart: the constraint, or the error's number."""
        return self.constraint or self.error_number

    @property
    def advice(self) -> str:
        """What to do about it."""
        return advice(self.entity, self.error_number, self.constraint, self.blocking_entity, self.retryable)

    def to_json(self) -> dict[str, Any]:
        """The fields, the cause's name and what to do about it."""
        return {"cause": self.name, **Answer.to_json(self), "advice": self.advice}


@dataclass(frozen=True, slots=True)
class Told(Answer):
    """How far one recipient is told how an operation ended."""

    notification_id: UUID
    operation_id: UUID
    outcome: str
    channel: str
    recipient: str
    status: str
    """`waiting`, `delivered` or `undeliverable`."""
    attempts: int
    reason: str | None
    """Why it did not arrive, or not yet."""
    requested_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DeletedRecord(Answer):
    """A record that is gone."""

    entity: str
    record_id: RecordId
    query_index: int
    cascaded: bool
    deleted_at: datetime


@dataclass(frozen=True, slots=True)
class Deletion(Answer):
    """Who deleted a record, when, and under which query."""

    entity: str
    record_id: RecordId
    deleted_at: datetime
    cascaded: bool
    operation_id: UUID
    name: str
    requested_by: str
    database: str
    query_index: int
    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RejectedRow(Answer):
    """A message that could never work."""

    rejected_at: datetime
    reason: str
    field: str | None
    topic: str
    partition: int | None
    offset: int | None
    body: str


@dataclass(frozen=True, slots=True)
class Step(Answer):
    """One event in the life of an operation."""

    type: str
    version: int
    timestamp: datetime
    data: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The event's fields beside its type, version and instant."""
        return {"type": self.type, "version": self.version, "timestamp": plain(self.timestamp), **self.data}
