"""Standing: where an operation stands. The state that its events change; plain values, since snapshots hold them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.progress import PlanProgress, QueryProgress, close_pass, is_walked, query_progress, try_again


class Standing:
    """Everything that is known of an operation."""

    database: str
    """A configured name, or a URL without its password."""
    job: dict[str, Any]
    digest: str
    requested_by: str
    commands: list[str]
    """The ids of the commands that were carried out."""
    refused: dict[str, str]
    """The ids of the commands that were refused for good, and why."""
    status: str
    waiting_for: str | None
    reason: str | None
    field: str | None
    failing: bool
    epoch: int
    opened: int
    """The last epoch at which the fence was opened."""
    started_at: str | None
    running_since: str | None
    ran_microseconds: int
    cut_off: str | None
    order: list[int]
    queries: list[QueryProgress]
    cascaded: dict[str, int]
    unlinked: dict[str, int]
    plan: PlanProgress | None
    next_unit: int

    def stand(self, command_id: str, requested_by: str, database: str, job: dict[str, Any], digest: str) -> None:
        """As it stands once it is submitted."""
        self.database = database
        self.job = job
        self.digest = digest
        self.requested_by = requested_by
        self.commands = [command_id]
        self.refused = {}
        self.status = Status.WAITING.value
        self.waiting_for = None
        self.reason = None
        self.field = None
        self.failing = False
        self.epoch = 1
        self.opened = 0
        self.started_at = None
        self.running_since = None
        self.ran_microseconds = 0
        self.cut_off = None
        self.order = []
        self.queries = [query_progress(query["EntityName"]) for query in job["queries"]]
        self.cascaded = {}
        self.unlinked = {}
        self.plan = None
        self.next_unit = 0

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return Status(self.status).is_final

    def started_before(self) -> datetime | None:
        """The cut-off, in UTC; None before the first start."""
        return datetime.fromisoformat(self.cut_off) if self.cut_off else None

    def ran_until(self, now: datetime) -> int:
        """Microseconds in which records could be deleted: pauses do not count."""
        if self.running_since is None:
            return self.ran_microseconds
        ran = (now - datetime.fromisoformat(self.running_since)) // timedelta(microseconds=1)
        return self.ran_microseconds + max(0, ran)  # a clock may be set back

    def stop_running(self, now: datetime) -> None:
        """Nothing more is deleted, for now or for good."""
        self.ran_microseconds, self.running_since = self.ran_until(now), None

    def resume_progress(self) -> None:
        """What was away is back, as far as an event proves it."""
        if self.status == Status.RETRYING:
            self.status = Status.IN_PROGRESS.value
            self.waiting_for = None

    def close_pass_if_walked(self) -> None:
        """After a plan's last unit the pass is over."""
        if self.plan is not None and is_walked(self.plan):
            query = self.queries[self.plan["query_index"]]
            close_pass(query, self.plan)
            if self.plan["retry"]:
                try_again(self.queries, query)
