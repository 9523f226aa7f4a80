"""The Python client: submit jobs to a service on Kafka, control them, and wait for the end.

with Client.connect("localhost:9092") as client:
    job = Job(name="Closed cases", database="crm", queries=[Query("incident").where(statecode=1)])
    print(client.submit(job).wait().deleted)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import UUID

from anyio.from_thread import BlockingPortal, start_blocking_portal

from bulkdelete.domain.commands import Command
from bulkdelete.domain.errors import RefusedError
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.commands import AnyScheduleCommand
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.producers.async_client import AsyncClient, AsyncOperation
from bulkdelete.producers.async_schedule import AsyncSchedule
from bulkdelete.producers.connection import Security
from bulkdelete.producers.result import Result


class SubmittedOperation:
    """An operation that was submitted."""

    def __init__(self, portal: BlockingPortal, operation: AsyncOperation) -> None:
        self._portal = portal
        self._operation = operation

    @property
    def id(self) -> UUID:
        """The operation's identity."""
        return self._operation.id

    def wait(self, timeout: float | None = None) -> Result:
        """How it ended. Raises TimeoutError, and RefusedError where the submission was rejected."""
        return self._portal.call(self._operation.wait, timeout)

    def pause(self) -> None:
        """Stop deleting until resumed."""
        self._portal.call(self._operation.pause)

    def resume(self) -> None:
        """Go on after a pause."""
        self._portal.call(self._operation.resume)

    def cancel(self) -> None:
        """Stop deleting for good."""
        self._portal.call(self._operation.cancel)

    def retry(self, causes: Sequence[str] = ()) -> SubmittedOperation:
        """Ask for another operation, for the records that failed in this one."""
        return SubmittedOperation(self._portal, self._portal.call(self._operation.retry, causes))

    def postpone(self, until: datetime | str, time_zone: str | None = None) -> None:
        """Delete nothing (any more) until an instant, then go on by itself. Raises InvalidJobError."""
        self._portal.call(self._operation.postpone, until, time_zone)

    def throttle(self, rate: float | None) -> None:
        """Delete at most so many records per second from now on; None: no bound. Raises InvalidJobError."""
        self._portal.call(self._operation.throttle, rate)


class SubmittedSchedule:
    """A schedule. What is asked of it is published; `wait` tells what became of it."""

    def __init__(self, portal: BlockingPortal, schedule: AsyncSchedule) -> None:
        self._portal = portal
        self._schedule = schedule

    @property
    def id(self) -> UUID:
        """The schedule's identity."""
        return self._schedule.id

    def edit(self, job: Job | Mapping[str, Any], database: str | None = None) -> None:
        """Give it another job: queries, times, everything. Raises InvalidJobError before anything is published."""
        self._portal.call(self._schedule.edit, job, database)

    def enable(self) -> None:
        """Let it run again, from now on."""
        self._portal.call(self._schedule.enable)

    def disable(self) -> None:
        """Keep it from running; an operation under way goes on."""
        self._portal.call(self._schedule.disable)

    def run_now(self) -> None:
        """Run it once beside its times, after the operation that it may have under way."""
        self._portal.call(self._schedule.run_now)

    def delete(self) -> None:
        """End it for good; its history stays."""
        self._portal.call(self._schedule.delete)

    def wait(self, timeout: float | None = None) -> ScheduleStatus:
        """How it stands, once the last thing that was asked here is done.

        Raises RefusedError where that was refused, ScheduleNotFoundError where there is none, TimeoutError.
        """
        return self._portal.call(self._schedule.wait, timeout)


class Client:
    """Commands to a service; the twin of AsyncClient for code that blocks."""

    def __init__(self, make: partial[AsyncClient]) -> None:
        self._make = make
        self._stack = ExitStack()

    @classmethod
    def connect(
        cls, servers: str, *, prefix: str = "bulkdelete", requested_by: str | None = None, **security: Unpack[Security]
    ) -> Client:
        """A client for `with`."""
        return cls(partial(AsyncClient.connect, servers, prefix=prefix, requested_by=requested_by, **security))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal())
            # Made in the portal's thread: its connections belong to the event loop there.
            client = self._portal.call(self._make)
            self._client = stack.enter_context(self._portal.wrap_async_context_manager(client))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def submit(
        self,
        job: Job | Mapping[str, Any],
        operation_id: UUID | None = None,
        requested_by: str | None = None,
        database: str | None = None,
    ) -> SubmittedOperation:
        """Ask for a deletion. Raises InvalidJobError before anything is published."""
        operation = self._portal.call(self._client.submit, job, operation_id, requested_by, database)
        return SubmittedOperation(self._portal, operation)

    def pause(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Stop deleting until resumed."""
        self._portal.call(self._client.pause, operation_id, requested_by)

    def resume(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Go on after a pause."""
        self._portal.call(self._client.resume, operation_id, requested_by)

    def cancel(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Stop deleting for good."""
        self._portal.call(self._client.cancel, operation_id, requested_by)

    def retry(
        self,
        operation_id: UUID,
        causes: Sequence[str] = (),
        retry_id: UUID | None = None,
        requested_by: str | None = None,
    ) -> SubmittedOperation:
        """Ask for an operation for the records that failed in one that has ended.

        `causes`: only those that failed for one of these (an error number, a constraint, a blocking entity).
        """
        operation = self._portal.call(self._client.retry, operation_id, causes, retry_id, requested_by)
        return SubmittedOperation(self._portal, operation)

    def postpone(
        self, operation_id: UUID, until: datetime | str, time_zone: str | None = None, requested_by: str | None = None
    ) -> None:
        """Delete nothing (any more) until an instant, then go on by itself. Raises InvalidJobError."""
        self._portal.call(self._client.postpone, operation_id, until, time_zone, requested_by)

    def throttle(self, operation_id: UUID, rate: float | None, requested_by: str | None = None) -> None:
        """Delete at most so many records per second from now on; None: no bound. Raises InvalidJobError."""
        self._portal.call(self._client.throttle, operation_id, rate, requested_by)

    def halt(self, reason: str, requested_by: str | None = None) -> None:
        """Stop every operation, and let none start, until `unhalt`."""
        self._portal.call(self._client.halt, reason, requested_by)

    def unhalt(self, requested_by: str | None = None) -> None:
        """Let go on what was halted."""
        self._portal.call(self._client.unhalt, requested_by)

    def create_schedule(
        self,
        job: Job | Mapping[str, Any],
        schedule_id: UUID | None = None,
        requested_by: str | None = None,
        database: str | None = None,
    ) -> SubmittedSchedule:
        """Let a job run whenever its recurrence says. The same id and job again change nothing.

        Raises InvalidJobError before anything is published.
        """
        schedule = self._portal.call(self._client.create_schedule, job, schedule_id, requested_by, database)
        return SubmittedSchedule(self._portal, schedule)

    def schedule(self, schedule_id: UUID, requested_by: str | None = None) -> SubmittedSchedule:
        """A schedule, to be changed; whether there is one tells its `wait`."""
        return SubmittedSchedule(self._portal, self._client.schedule(schedule_id, requested_by))

    def schedules(self) -> list[ScheduleStatus]:
        """Every schedule that was not deleted, what is due first at the top: the topic of events is read for it."""
        return self._portal.call(self._client.schedules)

    def known_schedules(self) -> dict[UUID, Schedule]:
        """Every schedule there ever was, as the topic of events tells it. Raises UnavailableError."""
        return self._portal.call(self._client.known_schedules)

    def carry_out(
        self, commands: Sequence[AnyScheduleCommand], timeout: float | None = None
    ) -> dict[UUID, RefusedError]:
        """Publish commands for schedules, and wait until each was carried out; which were refused, by their ids.

        Raises TimeoutError, UnavailableError.
        """
        return self._portal.call(self._client.carry_out, commands, timeout)

    def tell(self, command: Command) -> None:
        """Publish a command that was made elsewhere, and wait until Kafka has it. Raises UnavailableError."""
        self._portal.call(self._client.publish, command)
