"""RecordedEvent: one event as the views take it, whether it comes from the event store or from Kafka.

On Kafka an event is a CloudEvent: `ce_type` is `bulkdelete.` and its topic, `ce_id` the stream's id and the version,
`ce_subject` the operation, `ce_time` the instant; the body is the JSON of the event's own fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, Notification, StoredEvent

from bulkdelete.domain.errors import ViewsError

LOG = "log"
"""The source of events read from the event store: its positions are notification ids."""

TYPE_PREFIX = "bulkdelete."

MOST_BYTES = 4 * 1024 * 1024
MOST_EVENTS = 2000


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """Something that happened, where it stands in its stream, and where it was read."""

    stream_id: UUID
    version: int
    topic: str
    timestamp: datetime
    data: dict[str, Any]
    """The event's own fields."""
    source: str = ""
    """`log`, or a Kafka topic and partition; empty: from a stream itself, without a position."""
    position: int = 0
    size: int = 0
    """Bytes, about."""

    @property
    def operation_id(self) -> UUID:
        """The operation it belongs to."""
        return UUID(self.data["operation_id"]) if self.topic.startswith("batch.") else self.stream_id


def from_stored(mapper: Mapper[UUID], stored: StoredEvent) -> RecordedEvent:
    """The event that the event store holds; a notification has its position in the log, too."""
    data = dict(vars(mapper.to_domain_event(stored)))
    stream_id, version = data.pop("originator_id"), data.pop("originator_version")
    data.pop("originator_topic", None)
    same = (stream_id, version, stored.topic, data.pop("timestamp"), data)
    if isinstance(stored, Notification):
        return RecordedEvent(*same, source=LOG, position=stored.id, size=len(stored.state))
    return RecordedEvent(*same, size=len(stored.state))


def from_cloud_event(headers: Mapping[str, str], body: bytes, source: str, position: int) -> RecordedEvent:
    """The event that a message on the topic `events` holds. Raises ViewsError where it holds none."""
    try:
        stream_id, version = headers["ce_id"].rsplit("/", 1)
        data = json.loads(body)
        if not headers["ce_type"].startswith(TYPE_PREFIX) or not isinstance(data, dict):
            raise ValueError("neither its type nor its body is an event's")
        return RecordedEvent(
            UUID(stream_id),
            int(version),
            headers["ce_type"].removeprefix(TYPE_PREFIX),
            datetime.fromisoformat(headers["ce_time"]),
            data,
            source,
            position,
            len(body),
        )
    except (KeyError, ValueError) as error:
        raise ViewsError(f"no event at {source}/{position}: {error!r:.200}") from None


def sections(events: Iterable[RecordedEvent]) -> Iterator[list[RecordedEvent]]:
    """The events in sections that are neither too many nor too large for memory."""
    section: list[RecordedEvent] = []
    used = 0
    for event in events:
        if section and (used + event.size > MOST_BYTES or len(section) >= MOST_EVENTS):
            yield section
            section, used = [], 0
        section.append(event)
        used += event.size
    if section:
        yield section
