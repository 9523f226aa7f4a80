"""How far each stream is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bulkdelete.domain.batch import Batch
from bulkdelete.domain.errors import ViewsError
from bulkdelete.projections.packs import ordinal
from bulkdelete.projections.recorded import RecordedEvent


@dataclass
class Stream:
    """How far a stream is recorded."""

    stream_id: UUID
    version: int = 0
    operation_id: UUID | None = None
    ordinal: int = 0


def follow(stream: Stream, event: RecordedEvent) -> RecordedEvent:
    """Move a stream on to its next event. Raises ViewsError where it is another one."""
    if event.version != stream.version + 1:
        raise ViewsError(f"stream {event.stream_id}: version {stream.version + 1} is missing, {event.version} came")
    stream.version = event.version
    if event.version == 1:
        stream.operation_id = event.operation_id
        if event.topic == Batch.Recorded.TOPIC:
            stream.ordinal = ordinal(event.data["unit"], event.data["batch"])
    return event
