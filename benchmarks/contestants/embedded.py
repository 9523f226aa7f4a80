"""bulkdelete in this process: one job from `submit` to its end, every id in the event store, without the views."""

from __future__ import annotations

import tempfile
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from uuid import uuid4

from benchmarks.data import JOB, ONE_WORKER
from benchmarks.run import Contestant, Run
from benchmarks.taken import Taken
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.records.target import Target
from bulkdelete.service.local import LocalRun
from bulkdelete.service.state import State
from tests.concurrency.durations import measured


def embedded(job: Job, run: Run, watched: bool = False) -> None:
    """Submit the job and drive it; `watched`: with how long its transactions hold records."""
    with (
        tempfile.TemporaryDirectory(prefix="bulkdelete-state-") as folder,
        closing(Target(run.address)) as target,
        State(Path(folder)).application() as application,
    ):
        with run.timed(), measured(target.engine) if watched else nullcontext() as found:
            command = SubmitBulkDelete(command_id=uuid4(), operation_id=uuid4(), requested_by="benchmark", job=job)
            operation = application.submit(command, target.shown)
            ended = LocalRun(application, target, operation.id).drive()
        check(run, ended)
    if found is not None:
        run.held = Taken.of([one.seconds for one in found.held])


def check(run: Run, ended: Operation) -> None:
    """Raise AssertionError unless it tells what must have happened."""
    deleted, failed = (sum(query[name] for query in ended.queries) for name in ("deleted", "failed"))
    if (ended.status, deleted, failed) != ("succeeded", run.data.deleted, run.data.kept):
        raise AssertionError(f"{ended.status}: {deleted:,} deleted, {failed:,} failed: {ended.reason}")


EMBEDDED = Contestant("bulkdelete embedded", partial(embedded, JOB), in_process=True)
WATCHED = Contestant("bulkdelete embedded, watched", partial(embedded, JOB, watched=True), in_process=True)
EMBEDDED_ONE = Contestant("bulkdelete embedded, one worker", partial(embedded, ONE_WORKER), in_process=True)
