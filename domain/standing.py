"""Standing: where an operation stands. The state that its events change; plain values, since snapshots hold them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bulkdelete.domain.allotment import allot
from bulkdelete.domain.errors import InvalidJobError, TransitionError
from bulkdelete.domain.guards import Guards, broken, guards_of
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.progress import (
    PlanProgress,
    QueryProgress,
    close_pass,
    is_walked,
    query_progress,
    settled_of,
    try_again,
)
from bulkdelete.domain.wall_time import DEFAULT_ZONE


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

    # What came later has a default: snapshots of before do not know it.
    closed: int = 0
    """The last epoch at which the fence was closed for a while."""
    postponed_until: str | None = None
    """RFC 3339 in UTC."""
    time_zone: str = DEFAULT_ZONE
    """In which people are told that instant."""
    rate: float | None = None
    """Records per second, at most."""
    held_by: str | None = None
    """Why it waits although nothing is away, in a word that stays the same."""
    ended_at: str | None = None
    """When it ended; snapshots of before do not know: then nothing came after the end."""

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
        self.time_zone = job.get("time_zone") or DEFAULT_ZONE
        self.rate = job.get("rate")

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return Status(self.status).is_final

    def ended(self, last: datetime) -> datetime | None:
        """When it ended; None before. `last`: when something last happened to it."""
        if not self.is_final:
            return None
        return datetime.fromisoformat(self.ended_at) if self.ended_at else last

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

    @property
    def guards(self) -> Guards:
        """The guards that the operation began with: the job's own, and the service's."""
        return guards_of(self.job)

    @property
    def deleted(self) -> int:
        """Records that its queries deleted."""
        return sum(one["deleted"] for one in self.queries)

    @property
    def failed(self) -> int:
        """Records that could not be deleted."""
        return sum(one["failed"] for one in self.queries)

    @property
    def broken_guard(self) -> tuple[str, str] | None:
        """The guard that the recorded counts break, and why."""
        known = sum(max(one["estimated"], settled_of(one)) for one in self.queries)
        return broken(self.guards, self.deleted, self.failed, known)

    def cut_off_of_failures(self) -> datetime:
        """The cut-off of records that failed, once they may be retried. Raises TransitionError, InvalidJobError."""
        if not self.is_final:
            told = Status(self.status).told.replace("_", " ")
            raise TransitionError(f"the operation is {told}: failures are retried once it has ended", "type")
        if not self.failed or self.cut_off is None:
            raise InvalidJobError("no record of this operation failed", "operation_id")
        return datetime.fromisoformat(self.cut_off)

    def allot(self) -> None:
        """Bound what each unit may still delete, where a guard bounds them all."""
        if self.plan is not None and (most := self.guards.max_records) is not None:
            allot(self.plan, self.job["options"]["window"], most, self.deleted)

    def resume_progress(self) -> None:
        """What was away is back, and nothing holds it, as far as an event proves it."""
        if self.status == Status.RETRYING or self.held_by is not None:
            self.status = Status.IN_PROGRESS.value if self.status == Status.RETRYING else self.status
            self.stop_waiting()

    def stop_waiting(self) -> None:
        """What it waited for has come."""
        self.waiting_for, self.held_by = None, None

    def rest(self, now: datetime, status: Status) -> None:
        """Nothing is deleted until somebody, or the clock, says so."""
        if self.status in {Status.PAUSED, Status.PAUSING, Status.POSTPONING, Status.HALTING, Status.HALTED}:
            self.closed = self.epoch
        self.stop_running(now)
        self.stop_waiting()
        self.postponed_until = None
        self.status = status.value
        if status.is_final:
            self.end(now, status)

    def end(self, now: datetime, status: Status) -> None:
        """Nothing can follow."""
        self.stop_running(now)
        self.stop_waiting()
        self.status = status.value
        self.ended_at = now.isoformat()

    def wait_to_start(self, epoch: int) -> None:
        """It may start, at this epoch."""
        self.leave_for(Status.WAITING)
        self.epoch = epoch

    def leave_for(self, status: Status) -> None:
        """Whatever it waited for, it waits for that no more."""
        self.status = status.value
        self.postponed_until = None
        self.stop_waiting()

    @property
    def next_epoch(self) -> int:
        """The epoch of the next start: another one only where the fence was closed at this one."""
        was_closed = self.status == Status.PAUSED or self.closed == self.epoch
        return self.epoch + 1 if was_closed else self.epoch

    def close_pass_if_walked(self) -> None:
        """After a plan's last unit the pass is over."""
        if self.plan is not None and is_walked(self.plan):
            query = self.queries[self.plan["query_index"]]
            close_pass(query, self.plan)
            if self.plan["retry"]:
                try_again(self.queries, query)
