"""One job through the embedded service: submitted, driven to its end, every id in the event store."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from uuid import uuid4

from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.job import Job
from bulkdelete.records.target import Target
from bulkdelete.service.local import LocalRun
from bulkdelete.service.state import State


def seconds_embedded(address: str, job: Job, records: int) -> float:
    """Seconds from submission to the end. Raises AssertionError unless exactly so many records were deleted."""
    with tempfile.TemporaryDirectory(prefix="bulkdelete-state-") as folder:
        target = Target(address)
        try:
            with State(Path(folder)).application() as application:
                started = time.perf_counter()
                command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="benchmark", job=job)
                operation = application.submit(command, target.shown)
                ended = LocalRun(application, target, operation.id).drive()
                seconds = time.perf_counter() - started
        finally:
            target.close()
    deleted = sum(query["deleted"] for query in ended.queries)
    if (ended.status, deleted) != ("succeeded", records):
        raise AssertionError(f"{ended.status}: {deleted:,} deleted, not {records:,}: {ended.reason}")
    return seconds
