"""The clock: its ticks, and what is open, operations and notifications, so that somebody looks after them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.notification import Notification
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.wall_time import rfc3339
from bulkdelete.producers.messages import Outgoing

REST = frozenset({str(one.TOPIC) for one in (Operation.Paused, Operation.Postponed, Operation.Halted)})
PAGE = 1000


@dataclass
class OpenStreams:
    """Streams that have begun and not ended, learned from the event store's log alone."""

    application: BulkDeletes
    begin: str
    """The topic of the event that begins one."""
    end: frozenset[str]
    position: int = 0
    found: dict[UUID, None] = field(default_factory=dict)

    @property
    def topics(self) -> list[str]:
        """The topics of the events that it learns from."""
        return sorted({self.begin, *self.end} - {""})

    def refresh(self) -> list[UUID]:
        """The open ones now, in the order they began."""
        recorder = self.application.recorder
        # Up to the last event there is: otherwise each look would search again through all that is not ours.
        last = recorder.max_notification_id() or 0
        topics = self.topics
        while self.position < last:
            page = recorder.select_notifications(
                self.position, PAGE, stop=last, topics=topics, inclusive_of_start=False
            )
            for one in page:
                self.take(one.topic, one.originator_id)
            self.position = page[-1].id if len(page) == PAGE else last
        return list(self.found)

    def take(self, topic: str, stream_id: UUID | str) -> None:
        """Something happened to one."""
        key = stream_id if isinstance(stream_id, UUID) else UUID(stream_id)
        if topic == self.begin:
            self.found[key] = None
        elif topic in self.end:
            self.found.pop(key, None)


class OpenOperations(OpenStreams):
    """Operations that were submitted and have not ended."""

    def __init__(self, application: BulkDeletes) -> None:
        ends = (Operation.Completed, Operation.Failed, Operation.Canceled)
        super().__init__(application, str(Operation.Submitted.TOPIC), frozenset(str(one.TOPIC) for one in ends))
        self.start = str(Operation.Started.TOPIC)
        self.running: set[UUID] = set()
        """Those of them that may delete records."""

    @property
    def topics(self) -> list[str]:
        """Those of their starts and rests, too."""
        return sorted({self.begin, self.start, *REST, *self.end})

    def take(self, topic: str, stream_id: UUID | str) -> None:
        """One was submitted, started, rests or ended."""
        super().take(topic, stream_id)
        key = stream_id if isinstance(stream_id, UUID) else UUID(stream_id)
        if topic == self.start:
            self.running.add(key)
        elif topic in REST | self.end:
            self.running.discard(key)


class EndedOperations(OpenStreams):
    """Operations whose ends people may want to know of, each told once."""

    def __init__(self, application: BulkDeletes) -> None:
        ends = (Operation.Completed, Operation.Failed)
        super().__init__(application, "", frozenset(str(one.TOPIC) for one in ends))

    def take(self, topic: str, stream_id: UUID | str) -> None:
        """One ended."""
        self.found[stream_id if isinstance(stream_id, UUID) else UUID(stream_id)] = None

    def fresh(self) -> list[UUID]:
        """Those that ended since the last look."""
        found = self.refresh()
        self.found.clear()
        return found


class PendingNotifications(OpenStreams):
    """Notifications of which somebody is still to be told."""

    def __init__(self, application: BulkDeletes) -> None:
        begin, end = Notification.Requested.TOPIC, Notification.Settled.TOPIC
        super().__init__(application, str(begin), frozenset({str(end)}))
        self.again = str(Notification.AskedAgain.TOPIC)

    @property
    def topics(self) -> list[str]:
        """Also where somebody asked for it again."""
        return sorted({self.begin, self.again, *self.end})

    def take(self, topic: str, stream_id: UUID | str) -> None:
        """One was requested, taken up again, or settled."""
        super().take(self.begin if topic == self.again else topic, stream_id)


def tick_message(topic: str, at: datetime) -> Outgoing:
    """A tick as a message: the same from every clock at the same instant."""
    return Outgoing(topic, None, json.dumps({"type": "Tick", "at": rfc3339(at)}).encode())
