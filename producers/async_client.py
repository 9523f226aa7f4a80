"""The Python client for `async with`: submit jobs, control them, and wait for the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import UUID, uuid4

from bulkdelete.domain.commands import (
    CancelOperation,
    Command,
    Halt,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    RetryFailures,
    SubmitBulkDelete,
    ThrottleOperation,
    Unhalt,
    command_of,
)
from bulkdelete.domain.errors import InvalidJobError, RefusedError
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.commands import AnyScheduleCommand
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.producers.asking import job_of, somebody
from bulkdelete.producers.async_schedule import AsyncSchedule
from bulkdelete.producers.connection import KafkaConnection, Security
from bulkdelete.producers.following import Following
from bulkdelete.producers.link import Link
from bulkdelete.producers.result import Result
from bulkdelete.producers.schedule_log import ScheduleLog


class AsyncOperation:
    """An operation that was submitted."""

    def __init__(self, client: AsyncClient, following: Following, recurs: bool = False) -> None:
        self.client = client
        self.following = following
        self.recurs = recurs
        """Whether a schedule came of it, under the same id."""

    @property
    def id(self) -> UUID:
        """The operation's identity."""
        return self.following.operation_id

    async def wait(self, timeout: float | None = None) -> Result:
        """How it ended. Raises TimeoutError, and RefusedError where the submission was rejected, or never ends."""
        if self.recurs:
            raise InvalidJobError(
                "a job that recurs is a schedule, which does not end; each occurrence does", "recurrence"
            )
        async with asyncio.timeout(timeout):
            return await self.following.result()

    async def pause(self) -> None:
        """Stop deleting until resumed."""
        await self.client.pause(self.id)

    async def resume(self) -> None:
        """Go on after a pause."""
        await self.client.resume(self.id)

    async def cancel(self) -> None:
        """Stop deleting for good."""
        await self.client.cancel(self.id)

    async def retry(self, causes: Sequence[str] = ()) -> AsyncOperation:
        """Ask for another operation, for the records that failed in this one."""
        return await self.client.retry(self.id, causes)

    async def postpone(self, until: datetime | str, time_zone: str | None = None) -> None:
        """Delete nothing (any more) until an instant, then go on by itself. Raises InvalidJobError."""
        await self.client.postpone(self.id, until, time_zone)

    async def throttle(self, rate: float | None) -> None:
        """Delete at most so many records per second from now on; None: no bound. Raises InvalidJobError."""
        await self.client.throttle(self.id, rate)


class AsyncClient:
    """Commands to a service on Kafka."""

    def __init__(self, link: Link, requested_by: str | None = None) -> None:
        self.link = link
        self.requested_by = requested_by or somebody()

    @classmethod
    def connect(
        cls, servers: str, *, prefix: str = "bulkdelete", requested_by: str | None = None, **security: Unpack[Security]
    ) -> AsyncClient:
        """A client for `async with`."""
        return cls(Link(KafkaConnection(servers, **security), prefix), requested_by)

    async def __aenter__(self) -> Self:
        await self.link.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.link.close()

    async def submit(
        self,
        job: Job | Mapping[str, Any],
        operation_id: UUID | None = None,
        requested_by: str | None = None,
        database: str | None = None,
    ) -> AsyncOperation:
        """Ask for a deletion. Raises InvalidJobError before anything is published."""
        command = self.command(
            SubmitBulkDelete, operation_id or uuid4(), requested_by, job=job_of(job, database).to_json()
        )
        events, rejections = await self.link.places(command.operation_id)
        await self.publish(command)
        following = Following(
            self.link.broker, command.operation_id, command.command_id, events, rejections, operation_id is not None
        )
        return AsyncOperation(self, following, command.job.recurrence is not None)

    async def pause(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Stop deleting until resumed."""
        await self.publish(self.command(PauseOperation, operation_id, requested_by))

    async def resume(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Go on after a pause."""
        await self.publish(self.command(ResumeOperation, operation_id, requested_by))

    async def cancel(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Stop deleting for good."""
        await self.publish(self.command(CancelOperation, operation_id, requested_by))

    async def retry(
        self,
        operation_id: UUID,
        causes: Sequence[str] = (),
        retry_id: UUID | None = None,
        requested_by: str | None = None,
    ) -> AsyncOperation:
        """Ask for an operation for the records that failed in one that has ended.

        `causes`: only those that failed for one of these (an error number, a constraint, a blocking entity).
        """
        new_id = retry_id or uuid4()
        command = self.command(RetryFailures, operation_id, requested_by, causes=causes, retry_id=new_id)
        events, _ = await self.link.places(new_id)
        _, rejections = await self.link.places(operation_id)
        await self.publish(command)
        following = Following(
            self.link.broker, new_id, command.command_id, events, rejections, retry_id is not None, operation_id
        )
        return AsyncOperation(self, following)

    async def postpone(
        self, operation_id: UUID, until: datetime | str, time_zone: str | None = None, requested_by: str | None = None
    ) -> None:
        """Delete nothing (any more) until an instant, then go on by itself. Raises InvalidJobError."""
        await self.publish(
            self.command(PostponeOperation, operation_id, requested_by, until=until, time_zone=time_zone)
        )  # fmt: skip

    async def throttle(self, operation_id: UUID, rate: float | None, requested_by: str | None = None) -> None:
        """Delete at most so many records per second from now on; None: no bound. Raises InvalidJobError."""
        await self.publish(self.command(ThrottleOperation, operation_id, requested_by, rate=rate))

    async def halt(self, reason: str, requested_by: str | None = None) -> None:
        """Stop every operation, and let none start, until `unhalt`."""
        await self.publish(self.command(Halt, None, requested_by, reason=reason))

    async def unhalt(self, requested_by: str | None = None) -> None:
        """Let go on what was halted."""
        await self.publish(self.command(Unhalt, None, requested_by))

    async def create_schedule(
        self,
        job: Job | Mapping[str, Any],
        schedule_id: UUID | None = None,
        requested_by: str | None = None,
        database: str | None = None,
    ) -> AsyncSchedule:
        """Let a job run whenever its recurrence says. The same id and job again change nothing.

        Raises InvalidJobError before anything is published.
        """
        schedule = self.schedule(schedule_id or uuid4(), requested_by)
        await schedule.create(job, database)
        return schedule

    def schedule(self, schedule_id: UUID, requested_by: str | None = None) -> AsyncSchedule:
        """A schedule, to be changed; whether there is one tells its `wait`."""
        return AsyncSchedule(self.link, schedule_id, requested_by or self.requested_by)

    async def schedules(self) -> list[ScheduleStatus]:
        """Every schedule that was not deleted, what is due first at the top: the topic of events is read for it."""
        known = await self.known_schedules()
        found = [ScheduleStatus.of(one) for one in known.values() if not one.deleted]
        return sorted(found, key=lambda one: one.order)

    async def known_schedules(self) -> dict[UUID, Schedule]:
        """Every schedule there ever was, as the topic of events tells it. Raises UnavailableError."""
        async with ScheduleLog(self.link) as log:
            await log.catch_up()
            return log.known

    async def carry_out(
        self, commands: Sequence[AnyScheduleCommand], timeout: float | None = None
    ) -> dict[UUID, RefusedError]:
        """Publish commands for schedules, and wait until each was carried out; which were refused, by their ids.

        Raises TimeoutError, UnavailableError.
        """
        async with asyncio.timeout(timeout), ScheduleLog(self.link, {one.schedule_id for one in commands}) as log:
            for command in commands:
                await self.publish(command)
            return await log.answers(commands)

    def command(self, kind: type[Command], operation_id: UUID | None, requested_by: str | None, **more: Any) -> Any:
        """A command with an identity of its own. Raises InvalidJobError."""
        about = {} if operation_id is None else {"operation_id": operation_id}
        return command_of(kind, requested_by=requested_by or self.requested_by, **about, **more)

    async def publish(self, command: Command) -> None:
        """Publish a command and wait until Kafka has it. Raises UnavailableError."""
        await self.link.tell(command)
