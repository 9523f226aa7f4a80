"""What commands and outcomes leave in the views."""

from __future__ import annotations

import json

import duckdb
import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import CancelOperation, Halt, PauseOperation, ResumeOperation, command_of
from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.domain.outcomes import WorkRefused, WorkReturned
from bulkdelete.domain.summary import summary
from bulkdelete.projections.answers import OperationLine
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from tests.projections.story import Story, cause, gone, packed, whole


def status_is_the_operation(application: BulkDeletes, files: ViewFiles, story: Story) -> str:
    """Whether `status` says exactly what `run` would print; the status."""
    with open_views(files, application) as views:
        found = views.status(story.id)
        assert found.to_json() == summary(application.operation(story.id))
        return found.status


def test_the_status_is_what_run_prints_at_every_moment(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application, "incident", "contact")
    assert status_is_the_operation(application, files, story) == "waiting"
    story.started([1, 0])
    assert status_is_the_operation(application, files, story) == "in_progress"
    story.planned(3, query_index=1)
    application.record(WorkReturned(operation_id=story.id, epoch=1, reason="the database is away"))
    assert status_is_the_operation(application, files, story) == "retrying"
    story.batch(0, query_index=1, deleted=[gone(1, entity="contact")], vanished=2, unlinked={"email": 3})
    assert status_is_the_operation(application, files, story) == "in_progress"
    story.told(PauseOperation)
    assert status_is_the_operation(application, files, story) == "pausing"
    story.ended("paused")
    assert status_is_the_operation(application, files, story) == "paused"
    story.told(ResumeOperation)
    assert status_is_the_operation(application, files, story) == "waiting"
    story.started(epoch=2).told(CancelOperation)
    assert status_is_the_operation(application, files, story) == "canceling"


def test_a_list_of_many_says_the_same_in_fewer_words(application: BulkDeletes, files: ViewFiles) -> None:
    whole(application)
    Story(application, name='Ünï "quoted" [bold]')
    refused = Story(application)
    application.record(WorkRefused(operation_id=refused.id, epoch=1, reason="no such entity", field="queries[0]"))
    Story(application, "a", "b").started([1, 0]).planned(3, query_index=1).batch(0, query_index=1, vanished=2)
    left = Story(application).started().planned(1).batch(0, deleted=[gone(1)])
    for number in (2, 3):
        left.planned(1, number=number).batch(number - 1, deleted=[gone(number)])
    left.planned(1, number=4).ended()
    take_brake(application)

    with open_views(files, application) as views:
        found = list(views.operations())
        texts = list(views.operations_json())
        lines = list(views.lines())

    assert len(found) == 5
    assert [json.loads(text) for _, text in texts] == [one.to_json() for one in found]
    assert [list(json.loads(text)) for _, text in texts] == [list(one.to_json()) for one in found]
    assert [one for one, _ in texts] == [one.operation_id for one in found]
    assert [tuple(one) for one in lines] == [
        tuple(getattr(one, name) for name in OperationLine._fields) for one in found
    ]
    assert any(one.waiting_for == "halted by ops: disk" for one in lines)


def take_brake(application: BulkDeletes) -> None:
    application.take_brake(command_of(Halt, requested_by="ops", reason="disk"))


@pytest.mark.parametrize("state", ["ended", "canceled"])
def test_an_end_is_final(application: BulkDeletes, files: ViewFiles, state: str) -> None:
    story = Story(application).started()
    if state == "canceled":
        story.told(CancelOperation)
    story.ended(state)

    assert status_is_the_operation(application, files, story) == {"ended": "succeeded"}.get(state, state)


def test_a_job_that_does_not_fit_failed_with_its_reason(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application)
    application.record(WorkRefused(operation_id=story.id, epoch=1, reason="no such entity", field="queries[0]"))

    assert status_is_the_operation(application, files, story) == "failed"
    with open_views(files, application) as views:
        assert (views.status().reason, views.status().field) == ("no such entity", "queries[0]")


def test_every_record_of_a_whole_operation_is_accounted_for(application: BulkDeletes, files: ViewFiles) -> None:
    story = whole(application)

    with open_views(files, application) as views:
        status = views.status()
        assert [(query.deleted, query.failed, query.vanished) for query in status.queries] == [(2, 2, 0), (4, 0, 1)]
        assert (status.cascaded, status.unlinked) == ({"activity": 2}, {"email": 4})
        assert sorted((one.entity, one.record_id, one.query_index, one.cascaded) for one in views.deleted()) == [
            ("activity", "7", 0, True), ("activity", "8", 0, True),
            ("contact", "1", 1, False), ("contact", "2", 1, False), ("contact", "3", 1, False),
            ("contact", "4", 1, False), ("incident", "5", 0, False), ("incident", "6", 0, False),
        ]  # fmt: skip
        assert sorted((one.entity, one.record_id, one.blocking_entity) for one in views.failures()) == [
            ("incident", "10", "case"), ("incident", "9", "case"),
        ]  # fmt: skip
        (deletion,) = views.deleted_record("activity", "7")
        assert (deletion.operation_id, deletion.requested_by, deletion.query_index, deletion.query["EntityName"]) == (
            story.id, "ops@example.com", 0, "incident",
        )  # fmt: skip
        assert deletion.to_json()["deleted_at"] == "2026-11-23T19:40:02.113000Z"
        assert views.deleted_record("incident", "9") == []


def test_a_failure_stands_until_a_later_batch_settles_it(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application).started().planned(2)
    story.batch(0, failures=[cause(1, 2, 3, retryable=True)])
    story.batch(1, failures=[cause(4, retryable=True)])
    story.planned(0, number=2).planned(1, number=2, retry=True)
    story.batch(2, deleted=[gone(1)], cleared=[packed(1, 4)], vanished=1)

    with open_views(files, application) as views:
        assert sorted(str(one.record_id) for one in views.failures()) == ["2", "3"]
        assert views.status().failed == 2


def test_the_views_speak_dataverse(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application).started().planned(1)
    long = "x" * 600
    story.batch(0, deleted=[gone(1)], failures=[cause(2, error_description=long), cause(3, error_number="40P01")])
    with open_views(files, application):
        pass

    with duckdb.connect(str(files.snapshot), read_only=True) as plain:
        operation = plain.execute(
            "SELECT bulkdeleteoperationid, asyncoperationid, name, statecode, statuscode, successcount, failurecount, "
            "processingqeindex, isrecurring, nextrun, createdby FROM bulkdeleteoperation"
        ).fetchall()
        failures = plain.execute(
            "SELECT regardingobjectid, regardingobjecttypecode, errornumber, length(errordescription), "
            "orderedqueryindex, bulkdeleteoperationid FROM bulkdeletefailure ORDER BY 1"
        ).fetchall()
        ids = plain.execute("SELECT bulkdeletefailureid FROM bulkdeletefailure ORDER BY 1").fetchall()
        full = plain.execute("SELECT max(length(error_description)) FROM failures").fetchall()

    assert operation == [(story.id, story.id, "Closed cases", 2, 20, 1, 2, 0, False, None, "ops@example.com")]
    assert failures == [
        ("2", "incident", 23503, 512, 0, story.id),
        ("3", "incident", None, 20, 0, story.id),
    ]
    assert len(set(ids)) == 2
    assert full == [(600,)]


def test_an_id_may_be_shortened(application: BulkDeletes, files: ViewFiles) -> None:
    stories = [Story(application, name=f"Job {at}") for at in range(17)]  # two of them begin alike

    with open_views(files, application) as views:
        for story in stories:
            assert views.identify(str(story.id)) == views.identify(story.id.hex[:20].upper()) == story.id
        assert views.identify() == stories[-1].id
        first = sorted(story.id.hex[0] for story in stories)
        shared = next(one for one in first if first.count(one) > 1)
        with pytest.raises(OperationNotFoundError, match=r"several: .*\(Job \d+\), "):
            views.identify(shared)
        with pytest.raises(OperationNotFoundError, match="no operation 'nobody'"):
            views.status("nobody")


def test_nothing_was_submitted_yet(application: BulkDeletes, files: ViewFiles) -> None:
    with open_views(files, application) as views:
        assert list(views.operations()) == []
        with pytest.raises(OperationNotFoundError, match="nothing was submitted yet"):
            views.status()


def test_the_history_is_the_log_in_order(application: BulkDeletes, files: ViewFiles) -> None:
    whole(application)

    with open_views(files, application) as views:
        steps = list(views.history())
        with_records = [step.type for step in views.history(with_records=True)]

    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    assert [step.type for step in steps[:4]] == ["Submitted", "Started", "Planned", "BatchDeleted"]
    assert steps[-1].to_json() == {
        "type": "Completed", "version": len(steps), "timestamp": steps[-1].to_json()["timestamp"],
        "deleted": 6, "failed": 2, "remaining": {},
    }  # fmt: skip
    assert with_records.count("FailureCleared") == 1
    assert with_records.count("RecordsDeleted") == 5
