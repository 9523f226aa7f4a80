"""bulkdelete in this process: one job from `submit` to its end, every id in the event store, without the views."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from benchmarks.data import JOB
from benchmarks.run import Contestant, Run
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.operation import Operation
from bulkdelete.records.target import Target
from bulkdelete.service.local import LocalRun
from bulkdelete.service.state import State


def delete(run: Run) -> None:
    """Submit the job and drive it."""
    with (
        tempfile.TemporaryDirectory(prefix="bulkdelete-state-") as folder,
        closing(Target(run.address)) as target,
        State(Path(folder)).application() as application,
    ):
        with run.timed():
            command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="benchmark", job=JOB)
            operation = application.submit(command, target.shown)
            ended = LocalRun(application, target, operation.id).drive()
        check(run, ended)


def check(run: Run, ended: Operation) -> None:
    """Raise AssertionError unless it tells what must have happened."""
    deleted, failed = (sum(query[name] for query in ended.queries) for name in ("deleted", "failed"))
    if (ended.status, deleted, failed) != ("succeeded", run.data.deleted, run.data.kept):
        raise AssertionError(f"{ended.status}: {deleted:,} deleted, {failed:,} failed: {ended.reason}")


EMBEDDED = Contestant("bulkdelete embedded", delete, in_process=True)
