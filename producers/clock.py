"""The clock: which operations are open, so that somebody looks after them when nothing else happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.operation import Operation

BEGIN = str(Operation.Submitted.TOPIC)
END = frozenset({str(one.TOPIC) for one in (Operation.Completed, Operation.Failed, Operation.Canceled)})
START = str(Operation.Started.TOPIC)
REST = frozenset({str(one.TOPIC) for one in (Operation.Paused, Operation.Postponed, Operation.Halted)})
TOPICS: Sequence[str] = sorted({BEGIN, START, *REST, *END})
PAGE = 1000


@dataclass
class OpenOperations:
    """Operations that were submitted and have not ended, learned from the event store's log alone."""

    application: BulkDeletes
    position: int = 0
    found: dict[UUID, None] = field(default_factory=dict)
    running: set[UUID] = field(default_factory=set)
    """Those of them that may delete records."""

    def refresh(self) -> list[UUID]:
        """The open operations now, in the order they were submitted."""
        recorder = self.application.recorder
        # Up to the last event there is: otherwise each look would search again through all that is not ours.
        last = recorder.max_notification_id() or 0
        while self.position < last:
            page = recorder.select_notifications(
                self.position, PAGE, stop=last, topics=TOPICS, inclusive_of_start=False
            )
            for one in page:
                self.take(one.topic, one.originator_id)
            self.position = page[-1].id if len(page) == PAGE else last
        return list(self.found)

    def take(self, topic: str, operation_id: UUID | str) -> None:
        """An operation was submitted, started, rests or ended."""
        key = operation_id if isinstance(operation_id, UUID) else UUID(operation_id)
        if topic == BEGIN:
            self.found[key] = None
        elif topic in END:
            self.found.pop(key, None)
        if topic == START:
            self.running.add(key)
        elif topic in REST | END:
            self.running.discard(key)
