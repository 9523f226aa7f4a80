"""Which schedules there are, from the event store alone; each is named by the beginning of its id, or by its job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import ScheduleNotFoundError
from bulkdelete.domain.scheduling.schedule import Schedule

TOPICS = [str(one.TOPIC) for one in (Schedule.Created, Schedule.Edited, Schedule.Deleted)]
SECTION = 1000
MOST_SHOWN = 10


@dataclass
class Entry:
    """A schedule that was created."""

    schedule_id: UUID
    name: str
    deleted: bool = False


def created(application: BulkDeletes) -> list[Entry]:
    """All schedules, in the order in which they were created; deleted ones too."""
    found: dict[UUID, Entry] = {}
    start: int | None = None
    log = application.notification_log
    while section := log.select(start, SECTION, topics=TOPICS, inclusive_of_start=start is None):
        for notification in section:
            event = application.mapper.to_domain_event(notification)
            match event:
                case Schedule.Created() | Schedule.Edited():
                    found[event.originator_id] = Entry(event.originator_id, event.job["name"])
                case Schedule.Deleted():
                    found[event.originator_id].deleted = True
        start = section[-1].id
    return list(found.values())


def identify_schedule(application: BulkDeletes, text: str) -> UUID:
    """The schedule whose id begins so, or whose job has that name. Raises ScheduleNotFoundError."""
    return meant(created(application), text)


def meant(entries: Sequence[Entry], text: str) -> UUID:
    """Which of these is meant. Raises ScheduleNotFoundError."""
    live = [one for one in entries if not one.deleted]
    prefix = text.strip().lower().replace("-", "")
    for matches in (
        [one for one in live if one.name == text],
        [one for one in live if prefix and one.schedule_id.hex.startswith(prefix)],
        [one for one in entries if prefix and one.schedule_id.hex.startswith(prefix)],
        [one for one in live if one.name.lower().startswith(text.lower())],
    ):
        if len(matches) == 1:
            return matches[0].schedule_id
        if matches:
            shown = ", ".join(f"{one.schedule_id} ({one.name})" for one in matches[:MOST_SHOWN])
            raise ScheduleNotFoundError(f'"{text}" may mean {len(matches)} schedules: {shown}', "SCHEDULE")
    known = ", ".join(one.name for one in live[:MOST_SHOWN]) or "none"
    raise ScheduleNotFoundError(f'no schedule is named "{text:.60}", nor begins so; there are: {known}', "SCHEDULE")
