"""The rows of `operations` and `queries`, and what each event changes in them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bulkdelete.domain.errors import ViewsError
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.steering import begins, halted
from bulkdelete.projections.plain import as_json
from bulkdelete.projections.recorded import RecordedEvent

BECOMES = {
    Operation.PauseRequested.TOPIC: Status.PAUSING,
    Operation.Paused.TOPIC: Status.PAUSED,
    Operation.Resumed.TOPIC: Status.WAITING,
    Operation.Due.TOPIC: Status.WAITING,
    Operation.Released.TOPIC: Status.WAITING,
    Operation.CancelRequested.TOPIC: Status.CANCELING,
    Operation.Canceled.TOPIC: Status.CANCELED,
    Operation.Failed.TOPIC: Status.FAILED,
    Operation.Completed.TOPIC: Status.SUCCEEDED,
}


@dataclass
class QueryRow:
    """How far one query is."""

    operation_id: UUID
    query_index: int
    entity: str
    query: str
    matched: int = 0
    estimated: int = 0
    deleted: int = 0
    failed: int = 0
    vanished: int = 0
    passes: int = 0
    remaining: str | None = None
    strategy: str | None = None


@dataclass
class OperationRow:
    """How far an operation is. Counts are records; instants are UTC without saying so, as DuckDB takes them."""

    operation_id: UUID
    name: str
    database: str
    requested_by: str
    submitted_at: datetime
    updated_at: datetime
    digest: str
    job: str
    status: str = Status.WAITING.value
    deleted: int = 0
    failed: int = 0
    vanished: int = 0
    cascaded: str = "{}"
    unlinked: str = "{}"
    query_index: int = 0
    epoch: int = 1
    cut_off: datetime | None = None
    started_at: datetime | None = None
    running_since: datetime | None = None
    ran_microseconds: int = 0
    """Until `running_since`: pauses do not count."""
    ended_at: datetime | None = None
    waiting_for: str | None = None
    postponed_until: datetime | None = None
    rate: float | None = None
    reason: str | None = None
    field: str | None = None
    retry_of: UUID | None = None
    """The operation whose failures this one retries."""
    version: int = 1
    queries: list[QueryRow] = dataclasses.field(default_factory=list)


QUERY_COLUMNS = tuple(one.name for one in dataclasses.fields(QueryRow))
OPERATION_COLUMNS = tuple(one.name for one in dataclasses.fields(OperationRow) if one.name != "queries")


def utc(instant: datetime | str) -> datetime:
    """The instant in UTC, without its zone."""
    if isinstance(instant, str):
        instant = datetime.fromisoformat(instant)
    return instant.astimezone(UTC).replace(tzinfo=None)


def submitted(event: RecordedEvent) -> OperationRow:
    """The rows of an operation that was just submitted."""
    job = event.data["job"]
    at = utc(event.timestamp)
    retry_of = job.get("retry_of", {}).get("operation_id")
    queries = [
        QueryRow(event.stream_id, index, query["EntityName"], as_json(query))
        for index, query in enumerate(job["queries"])
    ]
    return OperationRow(
        operation_id=event.stream_id, name=job["name"], database=event.data["database"],
        requested_by=event.data["requested_by"], submitted_at=at, updated_at=at, digest=event.data["digest"],
        job=as_json(job), queries=queries, rate=job.get("rate"), retry_of=UUID(retry_of) if retry_of else None,
    )  # fmt: skip


def change(row: OperationRow, event: RecordedEvent) -> None:
    """Change an operation's rows as the event says."""
    data = event.data
    row.version = event.version
    row.updated_at = utc(event.timestamp)
    match event.topic:
        case Operation.Started.TOPIC:
            row.status, row.waiting_for = Status.IN_PROGRESS.value, None
            row.epoch, row.cut_off = data["epoch"], utc(data["cut_off"])
            row.started_at = row.started_at or row.updated_at
            row.running_since = row.updated_at
            for query, entity in zip(row.queries, data.get("entities", ()), strict=False):
                query.entity = entity
        case Operation.Planned.TOPIC:
            take_plan(row, data)
        case Operation.BatchDeleted.TOPIC:
            count(row, data)
        case Operation.Retrying.TOPIC:
            row.status, row.waiting_for = Status.RETRYING.value, data["reason"]
        case Operation.Held.TOPIC:
            hold(row, data)
        case Operation.Failing.TOPIC:
            row.reason, row.field = data["reason"], data["field"]
        case topic if topic in BECOMES:
            become(row, BECOMES[topic], data)
        case _:
            steer(row, event)


def steer(row: OperationRow, event: RecordedEvent) -> None:
    """Change an operation's rows as somebody asked."""
    data = event.data
    match event.topic:
        case Operation.PostponeRequested.TOPIC | Operation.Postponed.TOPIC:
            postpone(row, event)
        case Operation.Halting.TOPIC:
            row.status, row.waiting_for = Status.PAUSING.value, halted(data["requested_by"], data["reason"])
        case Operation.Halted.TOPIC:
            row.status = Status.PAUSED.value
            stop_running(row)
        case Operation.Throttled.TOPIC:
            row.rate = data["rate"]
        case Operation.CommandRefused.TOPIC | Operation.FailuresRetried.TOPIC:
            pass
        case topic:
            raise ViewsError(f"the views do not know the event {topic!r}; they need a newer bulkdelete")


def become(row: OperationRow, status: Status, data: dict[str, Any]) -> None:
    """Take the operation to another status."""
    row.status = status.value
    row.epoch = data.get("epoch", row.epoch)
    if status is Status.FAILED:
        row.reason, row.field = data["reason"], data["field"]
    for index, reason in data.get("remaining", {}).items():
        row.queries[int(index)].remaining = reason
    row.waiting_for, row.postponed_until = None, None
    if status.is_final or status is Status.PAUSED:
        stop_running(row)
    if status.is_final:
        row.ended_at = row.updated_at


def stop_running(row: OperationRow) -> None:
    """Nothing more is deleted, for now or for good."""
    if row.running_since is not None:
        row.ran_microseconds += max(0, (row.updated_at - row.running_since) // timedelta(microseconds=1))
        row.running_since = None


def hold(row: OperationRow, data: dict[str, Any]) -> None:
    """It has to wait although nothing is away."""
    if row.status == Status.RETRYING:
        row.status = (Status.WAITING if row.running_since is None else Status.IN_PROGRESS).value
    row.waiting_for = data["reason"]


def postpone(row: OperationRow, event: RecordedEvent) -> None:
    """It goes on at an instant: once its batches are recorded, or at once where it does not run."""
    until = event.data["until"]
    if event.topic == Operation.Postponed.TOPIC:
        row.status = Status.WAITING.value
        stop_running(row)
    elif row.running_since is not None:
        row.status = Status.PAUSING.value
    row.postponed_until = utc(until)
    row.waiting_for = begins(row.started_at is not None, until, event.data["time_zone"])


def resume_progress(row: OperationRow) -> None:
    """What was away is back, and nothing holds it, as far as an event proves it."""
    if row.status in {Status.RETRYING, Status.IN_PROGRESS}:
        row.status, row.waiting_for = Status.IN_PROGRESS.value, None


def take_plan(row: OperationRow, data: dict[str, Any]) -> None:
    """Note how a query is walked."""
    resume_progress(row)
    row.query_index = data["query_index"]
    query = row.queries[row.query_index]
    if not data["retry"]:
        query.passes = data["number"]
    if data["number"] == 1 and not data["retry"]:
        query.estimated = data["estimated"]
        query.strategy = data["walk"].get("kind")


def count(row: OperationRow, data: dict[str, Any]) -> None:
    """Count a batch, in its query and in the operation."""
    resume_progress(row)
    row.query_index = data["query_index"]
    failed = data["failed"] - data["cleared"]
    for counted in (row, row.queries[row.query_index]):
        counted.deleted += data["deleted"]
        counted.failed += failed
        counted.vanished += data["vanished"]
    row.queries[row.query_index].matched += data["deleted"] + failed + data["vanished"]
    row.cascaded = added(row.cascaded, data["cascaded"])
    row.unlinked = added(row.unlinked, data["unlinked"])


def added(totals: str, more: dict[str, int]) -> str:
    """Counts by entity, as JSON, with more of them."""
    if not more:
        return totals
    counts: dict[str, int] = json.loads(totals)
    for entity, records in more.items():
        counts[entity] = counts.get(entity, 0) + records
    return as_json(dict(sorted(counts.items())))
