"""DueSchedules: when each schedule is due, learned from the event store's log alone; no schedule is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.scheduling.schedule import Schedule

TOPICS = [
    str(one.TOPIC)
    for one in (
        Schedule.Created, Schedule.Edited, Schedule.Enabled, Schedule.Disabled, Schedule.Deleted, Schedule.RunRequested,
        Schedule.OccurrenceQueued, Schedule.OccurrencesSkipped, Schedule.Occurred, Schedule.OccurrenceRefused,
    )
]  # fmt: skip
PAGE = 1000


@dataclass
class DueSchedules:
    """The schedules that may have something due; follows the log from where it was."""

    application: BulkDeletes
    position: int = 0
    next_run: dict[UUID, datetime] = field(default_factory=dict)
    waiting: dict[UUID, set[str]] = field(default_factory=dict)
    """Operations that wait for the one before them."""

    def due(self, at: datetime) -> list[UUID]:
        """The schedules with something to do at an instant: what is due longest first, then what waits."""
        self.refresh()
        found = sorted((when, str(one), one) for one, when in self.next_run.items() if when <= at)
        return list(dict.fromkeys([*(one for _, _, one in found), *self.waiting]))

    def refresh(self) -> None:
        """Take in what happened since."""
        recorder = self.application.recorder
        # Up to the last event there is: otherwise each look would search again through all that is not ours.
        last = self.application.translated(recorder.max_notification_id) or 0
        while self.position < last:
            page = recorder.select_notifications(
                self.position, PAGE, stop=last, topics=TOPICS, inclusive_of_start=False
            )
            for one in page:
                self.take(self.application.mapper.to_domain_event(one))
            self.position = page[-1].id if len(page) == PAGE else last

    def take(self, event: Any) -> None:
        """Something happened to a schedule."""
        schedule_id: UUID = event.originator_id
        match event:
            case Schedule.RunRequested() | Schedule.OccurrenceQueued():
                self.waiting.setdefault(schedule_id, set()).add(event.operation_id)
            case Schedule.Occurred() | Schedule.OccurrenceRefused():
                self.forget(schedule_id, event.operation_id)
            case Schedule.Disabled() | Schedule.Deleted():
                self.waiting.pop(schedule_id, None)
                self.next_run.pop(schedule_id, None)
        if isinstance(event, Schedule.Disabled | Schedule.Deleted | Schedule.RunRequested):
            return
        if event.next_run is None:
            self.next_run.pop(schedule_id, None)
        else:
            self.next_run[schedule_id] = datetime.fromisoformat(event.next_run)

    def forget(self, schedule_id: UUID, operation_id: str) -> None:
        """An operation waits no longer."""
        waiting = self.waiting.get(schedule_id, set())
        waiting.discard(operation_id)
        if not waiting:
            self.waiting.pop(schedule_id, None)
