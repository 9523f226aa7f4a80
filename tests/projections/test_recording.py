"""Events change the views once, in order, however they come."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import ViewsError
from bulkdelete.domain.rejection import Rejection
from bulkdelete.producers.events import encode
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.log import stream_reader
from bulkdelete.projections.operations import OPERATION_COLUMNS
from bulkdelete.projections.projector import Projector, RejectedMessage
from bulkdelete.projections.rebuild import none_are_missing
from bulkdelete.projections.recorded import LOG, RecordedEvent, from_cloud_event
from tests.projections.story import AT, Story, all_events, cause, gone, whole

Rows = dict[str, list[tuple[object, ...]]]


def rows_of(projector: Projector) -> Rows:
    """Everything that people see."""
    tables = ("operations", "queries", "failures", "deleted_records", "bulkdeleteoperation", "bulkdeletefailure")
    found = {table: projector.connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    return {table: sorted(rows, key=str) for table, rows in found.items()}


def from_kafka(application: BulkDeletes, partitions: int = 3) -> Iterator[RecordedEvent]:
    """The log as Kafka brings it: in order per operation, CloudEvents."""
    offsets = [0] * partitions
    for notification in application.notification_log.select(None, 1000):
        sent = encode(application.mapper.to_domain_event(notification), "bulkdelete.events")
        partition = sum(sent.key or b"") % partitions
        yield from_cloud_event(sent.headers, sent.body, f"bulkdelete.events/{partition}", offsets[partition])
        offsets[partition] += 1


@pytest.fixture
def projector(files: ViewFiles, application: BulkDeletes) -> Iterator[Projector]:
    opened = Projector(files, stream_reader(application))
    yield opened
    opened.close()


def projected(tmp: ViewFiles, name: str, events: Iterable[RecordedEvent]) -> Rows:
    """The rows of fresh views that took these events and nothing else."""
    aside = Projector(ViewFiles.beside(tmp.folder / f"{name}.duckdb"), none_are_missing)
    try:
        aside.record(events)
        return rows_of(aside)
    finally:
        aside.close()


def test_what_comes_again_changes_nothing(projector: Projector, application: BulkDeletes) -> None:
    whole(application)
    events = all_events(application)

    assert projector.record(events) == len(events)
    rows = rows_of(projector)
    assert projector.record(events) == 0
    assert projector.record(events[5:] + events[:9]) == 0
    assert rows_of(projector) == rows
    assert len(rows["deleted_records"]) == 8


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_of_pieces_and_repeats_gives_the_same_rows(
    projector: Projector, application: BulkDeletes, files: ViewFiles, seed: int
) -> None:
    chance = random.Random(seed)
    for first in (0, 100):
        whole(application, first)
    events = all_events(application)
    reached = 0
    while reached < len(events):
        start = max(0, reached - chance.randrange(4))
        reached = min(len(events), start + chance.randrange(1, 9))
        projector.record(events[start:reached])

    assert rows_of(projector) == projected(files, "once", events)


def test_kafka_and_the_event_store_give_the_same_rows(
    projector: Projector, application: BulkDeletes, files: ViewFiles
) -> None:
    for first in (0, 100, 200):
        whole(application, first)
    projector.record(all_events(application))

    brought = list(from_kafka(application))
    assert rows_of(projector) == projected(files, "kafka", sorted(brought, key=lambda one: one.source))
    assert projector.record(brought) == 0
    assert projector.positions() == {one.source: one.position for one in [*all_events(application), *brought]}


def test_a_hole_is_filled_from_the_event_store_first(
    projector: Projector, application: BulkDeletes, files: ViewFiles
) -> None:
    whole(application)
    events = all_events(application)
    ends = {event.stream_id: event.version for event in events}

    projector.record(event for event in events if event.version == ends[event.stream_id])

    assert rows_of(projector) == projected(files, "once", events)


def test_a_hole_that_nobody_fills_stops_everything_at_once(files: ViewFiles, application: BulkDeletes) -> None:
    whole(application)
    events = all_events(application)

    def nothing(stream_id: UUID, after: int, until: int) -> list[RecordedEvent]:
        return []

    projector = Projector(files, nothing)
    try:
        with pytest.raises(ViewsError, match="version 1 is missing, 2 came"):
            projector.record(event for event in events if event.version != 1)
        assert rows_of(projector)["operations"] == []
        assert projector.positions() == {}
    finally:
        projector.close()


def test_rows_and_position_are_written_together(projector: Projector, application: BulkDeletes) -> None:
    Story(application).started().planned(1)
    events = all_events(application)
    broken = replace(events[-1], data={**events[-1].data, "query_index": 7})

    projector.record(events[:1])
    with pytest.raises(IndexError):
        projector.record([*events[1:-1], broken])

    assert projector.positions() == {LOG: events[0].position}
    (operation,) = projector.operations([events[0].stream_id]).values()
    assert operation.version == 1
    projector.record(events)
    assert projector.positions() == {LOG: events[-1].position}


def test_an_event_of_a_later_release_stops_the_views(projector: Projector, application: BulkDeletes) -> None:
    Story(application)
    (submitted,) = all_events(application)
    unknown = replace(submitted, version=2, topic="operation.moved_to_mars", data={})

    with pytest.raises(ViewsError, match=r"do not know the event 'operation\.moved_to_mars'"):
        projector.record([submitted, unknown])


def test_streams_that_are_not_ours_are_passed_by(projector: Projector, application: BulkDeletes) -> None:
    Story(application)
    (submitted,) = all_events(application)
    other = replace(submitted, stream_id=UUID(int=7), version=4, topic="stranger.ticked", data={}, position=9)

    assert projector.record([submitted, other]) == 1
    assert projector.positions() == {LOG: 9}


def test_a_rejection_stands_once(projector: Projector) -> None:
    rejection = Rejection(reason="no such word", field="job.nmae", topic="bulkdelete.commands", body="{}")
    messages = [RejectedMessage(rejection, AT, "bulkdelete.rejected/0", offset) for offset in range(3)]

    assert projector.reject(messages[:2]) == 2
    assert projector.reject(messages) == 1
    assert projector.reject(messages) == 0
    ((count,),) = projector.connection.execute("SELECT count(*) FROM rejections").fetchall()
    assert count == 3


def test_what_is_no_event_is_refused() -> None:
    for headers in ({}, {"ce_id": "x/1", "ce_type": "bulkdelete.operation.paused", "ce_time": "2026-01-01T00:00:00Z"}):
        with pytest.raises(ViewsError, match="no event at events/0/5"):
            from_cloud_event(headers, b"{}", "events/0", 5)


def test_every_column_of_an_operation_is_written(projector: Projector, application: BulkDeletes) -> None:
    whole(application)
    projector.record(all_events(application))

    described = projector.connection.execute("DESCRIBE operations").fetchall()
    assert {row[0] for row in described} == set(OPERATION_COLUMNS)


def test_records_that_vanish_while_failing_in_parts_of_one_batch(
    projector: Projector, application: BulkDeletes
) -> None:
    story = Story(application).started().planned(1)
    story.batch(0, part=0, parts=2, deleted=[gone(1, 2)])
    projector.record(all_events(application))
    story.batch(0, part=1, parts=2, failures=[cause(3)], vanished=1)
    projector.record(all_events(application))

    (operation,) = projector.operations([story.id]).values()
    assert (operation.deleted, operation.failed, operation.vanished) == (2, 1, 1)
    assert len(rows_of(projector)["deleted_records"]) == 2
