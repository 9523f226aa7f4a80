"""The event store's own log as events for the views, in sections of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.projections.projector import Missing
from bulkdelete.projections.recorded import RecordedEvent, from_stored

MOST_BYTES = 8 * 1024 * 1024
MOST_EVENTS = 1000
STREAM_SECTION = 50


def end_of_log(application: BulkDeletes) -> int:
    """The position of the last event, 0 where there is none."""
    return application.translated(application.recorder.max_notification_id) or 0


def read_log(application: BulkDeletes, after: int, until: int | None = None) -> Iterator[list[RecordedEvent]]:
    """What happened after a position, in sections: short where the events are large."""
    limit = 16
    while True:
        section = application.translated(selection(application, after, until, limit))
        if not section:
            return
        yield section
        after = section[-1].position
        size = sum(event.size for event in section)
        if size > MOST_BYTES:
            limit = max(4, limit // 2)
        elif size < MOST_BYTES // 4:
            limit = min(MOST_EVENTS, limit * 2)


def selection(application: BulkDeletes, after: int, until: int | None, limit: int) -> Callable[[], list[RecordedEvent]]:
    """What selects some events."""

    def select() -> list[RecordedEvent]:
        found = application.recorder.select_notifications(after, limit, until, inclusive_of_start=False)
        return [from_stored(application.mapper, one) for one in found]

    return select


def stream_reader(application: BulkDeletes) -> Missing:
    """What reads a part of one stream."""

    def read(stream_id: UUID, after: int, until: int) -> Iterable[RecordedEvent]:
        while after < until:
            section = application.translated(stream_section(application, stream_id, after, until))
            if not section:
                return
            yield from section
            after = section[-1].version

    return read


def stream_section(
    application: BulkDeletes, stream_id: UUID, after: int, until: int
) -> Callable[[], list[RecordedEvent]]:
    """What selects some events of a stream."""

    def select() -> list[RecordedEvent]:
        found = application.recorder.select_events(stream_id, gt=after, lte=until, limit=STREAM_SECTION)
        return [from_stored(application.mapper, one) for one in found]

    return select
