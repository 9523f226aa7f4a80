"""Guards of a service: every job that is submitted to it stands under them, and keeps those it began with."""

from __future__ import annotations

from uuid import uuid4

import pytest

from bulkdelete.consumers.operations import take_command
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.errors import GuardError
from bulkdelete.domain.guards import Guards
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query

JOB = Job.read({"name": "x", "database": "shop", "queries": [Query("a").where(b=1)], "guards": {"max_records": 9}})


def submit() -> SubmitBulkDelete:
    return SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="me", job=JOB)


def test_an_operation_keeps_the_guards_that_it_began_with() -> None:
    command = submit()
    with BulkDeletes() as application:
        began = take_command(command, application, {"shop"}, guards=Guards(max_records=5, protected=("b",)))
        again = take_command(command, application, {"shop"}, guards=Guards(max_records=1))

    assert began.guards == again.guards == Guards(max_records=5, protected=("b",))
    assert began.job["guards"] == {"max_records": 9}


def test_a_refusal_names_the_guard_and_records_nothing() -> None:
    command = submit()

    def check(_database: str, job: Job) -> None:
        assert job.all_guards.max_records == 5
        raise GuardError("6 records match, more than the 5 allowed", "guards.max_records")

    with BulkDeletes() as application:
        with pytest.raises(GuardError) as refused:
            take_command(command, application, {"shop"}, check, guards=Guards(max_records=5))
        assert application.find(command.operation_id) is None

    assert (refused.value.field, refused.value.reason[:17]) == ("job.guards.max_records", "6 records match, ")
