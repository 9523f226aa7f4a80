"""A state folder with many finished operations and schedules, to ask questions of.

python -m benchmarks.large_state /tmp/large
time bulkdelete list --state /tmp/large
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from bulkdelete.consumers.schedules import utc_now
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.scheduling.commands import CreateSchedule
from bulkdelete.domain.scheduling.schedules import Schedules
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.service.state import State
from tests.projections.story import Story, cause, gone

RULES = ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=HOURLY;INTERVAL=6")
ZONES = ("Europe/Oslo", "America/New_York", "UTC")
FAILING = 10
"""Each so manieth operation has failures."""


def make(folder: Path, operations: int, schedules: int) -> None:
    """Everything as commands and outcomes, recorded in a real event store; then the views."""
    state = State(folder)
    with state.application() as application:
        for at in range(operations):
            finished(application, at)
        for at in range(schedules):
            scheduled(application, at)
        with open_views(ViewFiles.beside(state.views), application) as reads:
            assert sum(1 for _ in reads.operations()) == operations


def finished(application: BulkDeletes, at: int) -> None:
    """One operation that has ended."""
    story = Story(application, "incident", name=f"Closed cases {at:,}").started().planned(1)
    first = at * FAILING
    failures = [cause(first + 3)] if at % FAILING == 0 else []
    story.batch(0, deleted=[gone(first + 1, first + 2)], failures=failures).planned(0, number=2)
    if failures:
        story.planned(1, number=2, retry=True).batch(1, failures=[cause(first + 3)])
    story.ended()


def scheduled(application: BulkDeletes, at: int) -> None:
    """One schedule."""
    job = Job(
        name=f"Nightly {at:,}", database="crm", queries=[Query("incident").where(statecode=1)],
        start_at="2027-01-04T02:00:00", time_zone=ZONES[at % len(ZONES)], recurrence=RULES[at % len(RULES)],
    )  # fmt: skip
    command = CreateSchedule(command_id=uuid4(), schedule_id=uuid4(), requested_by="ops@example.com", job=job)
    Schedules(application).carry_out(command, utc_now(), "crm")


def main(
    folder: Path,
    operations: Annotated[int, typer.Option(help="Finished operations.")] = 10_000,
    schedules: Annotated[int, typer.Option(help="Schedules.")] = 1_000,
) -> None:
    """Make the state folder."""
    make(folder, operations, schedules)


if __name__ == "__main__":
    typer.run(main)
