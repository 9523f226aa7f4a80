"""The history of an operation: its events as the event store holds them, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from eventsourcing.utils import resolve_topic

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.batch import Batch, batch_id
from bulkdelete.domain.notification import notification_id
from bulkdelete.domain.notify import Outcome
from bulkdelete.domain.operation import Operation
from bulkdelete.projections.answers import Step
from bulkdelete.projections.log import stream_reader
from bulkdelete.projections.notifications import TOPICS
from bulkdelete.projections.plain import plain
from bulkdelete.projections.recorded import RecordedEvent

LAST_VERSION = 2**62


def steps(application: BulkDeletes, operation_id: UUID, with_records: bool = False) -> Iterator[Step]:
    """The events of an operation in order; with the events of each batch, ids and all, before it is counted.

    What was told of its end follows.
    """
    read = stream_reader(application)
    for event in read(operation_id, 0, LAST_VERSION):
        if with_records and event.topic == Operation.BatchDeleted.TOPIC:
            stream = batch_id(operation_id, event.data["unit"], event.data["batch"])
            yield from (step(one) for one in read(stream, 0, LAST_VERSION) if one.topic != Batch.PartRecorded.TOPIC)
        yield step(event)
    for outcome in Outcome:
        yield from map(step, read(notification_id(operation_id, outcome), 0, LAST_VERSION))


def steps_of(events: Iterable[RecordedEvent], operation_id: UUID, with_records: bool = False) -> Iterator[Step]:
    """The same from a log that is read as a whole, in its order."""
    for event in events:
        if event.operation_id != operation_id or event.topic == Batch.PartRecorded.TOPIC:
            continue
        if with_records or event.stream_id == operation_id or event.topic.startswith(TOPICS):
            yield step(event)


def step(event: RecordedEvent) -> Step:
    """An event as the history shows it."""
    data: dict[str, Any] = plain(event.data)
    return Step(resolve_topic(event.topic).__name__, event.version, event.timestamp, data)
