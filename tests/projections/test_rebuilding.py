"""The log is enough: views that are made anew say the same, and views that say something else are found out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import UnavailableError, ViewsError
from bulkdelete.domain.rejection import Rejection
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.projector import RejectedMessage
from bulkdelete.projections.rebuild import rebuild
from bulkdelete.projections.verify import verify
from tests.projections.story import AT, Story, all_events, whole


def shown(files: ViewFiles) -> dict[str, list[Any]]:
    """Everything that a plain client sees."""
    with duckdb.connect(str(files.snapshot), read_only=True) as plain:
        tables = ("operations", "queries", "failures", "deleted_records", "rejections")
        return {table: sorted(plain.execute(f"SELECT * FROM {table}").fetchall(), key=str) for table in tables}


@pytest.mark.parametrize("full", [1, 4, 250_000])
def test_views_made_anew_are_the_same(
    application: BulkDeletes, files: ViewFiles, full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkdelete.projections.parts.FULL", full)
    for first in (0, 100):
        whole(application, first)
    with ViewKeeper(files, application) as keeper:
        keeper.catch_up()
        rejection = Rejection(reason="no such word", topic="bulkdelete.commands", body="{}")
        keeper.reject([RejectedMessage(rejection, AT, "bulkdelete.rejected/0", 4)])
    before = shown(files)

    assert rebuild(files, application) == len(all_events(application))
    assert shown(files) == before
    assert len(before["rejections"]) == 1
    with ViewKeeper(files, application) as keeper:
        assert keeper.writer.positions()["bulkdelete.rejected/0"] == 4
    assert verify(files, application).equal


def test_views_are_made_anew_from_kafka_alone(application: BulkDeletes, files: ViewFiles) -> None:
    whole(application)
    with open_views(files, application):
        pass
    before = shown(files)
    events = [replace(event, source="bulkdelete.events/0") for event in all_events(application)]

    assert rebuild(files, events=events) == len(events)
    assert shown(files) == before
    assert verify(files, application).equal
    assert verify(files, application, events=events).equal


def test_a_topic_that_lost_its_beginning_is_no_log(application: BulkDeletes, files: ViewFiles) -> None:
    whole(application)
    with open_views(files, application):
        pass
    before = shown(files)
    events = all_events(application)

    with pytest.raises(ViewsError, match="does not begin at version 1: rebuild from the event store"):
        rebuild(files, events=events[1:])
    with pytest.raises(ViewsError, match="versions 3 to 3 are missing"):
        rebuild(files, events=[event for event in events if event.version != 3])
    assert shown(files) == before


def test_nobody_rebuilds_under_a_living_writer(application: BulkDeletes, files: ViewFiles) -> None:
    with ViewKeeper(files, application) as keeper:
        keeper.acquire()
        with pytest.raises(UnavailableError, match="another process writes"):
            rebuild(files, application)


TAMPERING = {
    "operations": "UPDATE operations SET deleted = deleted + 1",
    "queries": "DELETE FROM queries WHERE query_index = 1",
    "deleted_records": "UPDATE internal.packs SET ints = [77] WHERE fate = 'deleted'",
    "failures": "UPDATE internal.packs SET error_number = '1' WHERE fate = 'failed'",
}


@pytest.mark.parametrize("table", TAMPERING)
def test_a_row_that_somebody_changed_is_found_out(application: BulkDeletes, files: ViewFiles, table: str) -> None:
    whole(application)
    with open_views(files, application):
        pass
    with duckdb.connect(str(files.snapshot)) as plain:
        plain.execute(TAMPERING[table])

    found = verify(files, application)

    assert not found.equal
    assert [difference.table for difference in found.differences] == [table]
    assert found.differences[0].only_in_log > 0
    assert found.differences[0].examples[0]["found_in"] in {"views", "log"}
    rebuild(files, application)
    assert verify(files, application).equal


def test_a_row_that_is_there_twice_is_found_out(application: BulkDeletes, files: ViewFiles) -> None:
    whole(application)
    with open_views(files, application):
        pass
    with duckdb.connect(str(files.snapshot)) as plain:
        plain.execute("INSERT INTO internal.packs SELECT * FROM internal.packs WHERE entity = 'activity'")

    (difference,) = verify(files, application).differences

    assert (difference.table, difference.only_in_views, difference.only_in_log) == ("deleted_records", 2, 0)


def test_one_operation_is_verified_alone(application: BulkDeletes, files: ViewFiles) -> None:
    mine, other = whole(application), whole(application, 100)
    with open_views(files, application):
        pass
    with duckdb.connect(str(files.snapshot)) as plain:
        plain.execute("UPDATE operations SET name = 'Other' WHERE operation_id = ?", [other.id])

    assert verify(files, application, mine.id).equal
    assert verify(files, application, mine.id).rows["deleted_records"] == 8
    assert not verify(files, application, other.id).equal
    assert not verify(files, application).equal


def test_views_are_verified_as_far_as_they_have_come(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application)
    with ViewKeeper(files, application) as keeper:
        keeper.catch_up()
        keeper.publish()
        story.started()
        whole(application)
        found = verify(files, application)
    assert found.equal
    assert found.events == 1
