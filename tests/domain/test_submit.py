"""Submitting: the same job again is one operation, another job under its id is refused."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.errors import OperationExistsError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query


def submit(operation_id: UUID, name: str) -> SubmitBulkDelete:
    job = Job(name=name, database="crm", queries=[Query("incident").where(statecode=1)])
    return SubmitBulkDelete(command_id=uuid4(), operation_id=operation_id, requested_by="ops@example.com", job=job)


def test_the_same_id_and_job_twice_is_one_operation() -> None:
    with BulkDeletes() as application:
        operation_id = uuid4()

        application.submit(submit(operation_id, "Closed cases"), "crm")
        operation = application.submit(submit(operation_id, "Closed cases"), "crm")

        assert operation.version == 1
        assert operation.status == "waiting"


def test_the_same_id_with_another_job_is_refused() -> None:
    with BulkDeletes() as application:
        operation_id = uuid4()
        application.submit(submit(operation_id, "Closed cases"), "crm")

        with pytest.raises(OperationExistsError, match="another job"):
            application.submit(submit(operation_id, "Open cases"), "crm")
