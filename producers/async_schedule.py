"""A schedule of a service on Kafka, for `async with`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bulkdelete.domain.commands import command_of
from bulkdelete.domain.errors import ScheduleNotFoundError
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.commands import (
    AnyScheduleCommand,
    CreateSchedule,
    DeleteSchedule,
    DisableSchedule,
    EditSchedule,
    EnableSchedule,
    RunScheduleNow,
)
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.producers.asking import job_of
from bulkdelete.producers.following import Place
from bulkdelete.producers.link import Link
from bulkdelete.producers.schedule_log import ScheduleLog


class AsyncSchedule:
    """A schedule. What is asked of it is published; `wait` tells what became of it."""

    def __init__(self, link: Link, schedule_id: UUID, requested_by: str) -> None:
        self.link = link
        self.id = schedule_id
        self.requested_by = requested_by
        self.asked: AnyScheduleCommand | None = None
        """The last command."""
        self.rejections: Place | None = None
        """From where on its rejection will be found."""

    async def create(self, job: Job | Mapping[str, Any], database: str | None = None) -> None:
        """Let a job run whenever its recurrence says. Raises InvalidJobError before anything is published."""
        await self.ask(CreateSchedule, job=job_of(job, database).to_json())

    async def edit(self, job: Job | Mapping[str, Any], database: str | None = None) -> None:
        """Give it another job: queries, times, everything. Raises InvalidJobError before anything is published."""
        await self.ask(EditSchedule, job=job_of(job, database).to_json())

    async def enable(self) -> None:
        """Let it run again, from now on."""
        await self.ask(EnableSchedule)

    async def disable(self) -> None:
        """Keep it from running; an operation under way goes on."""
        await self.ask(DisableSchedule)

    async def run_now(self) -> None:
        """Run it once beside its times, after the operation that it may have under way."""
        await self.ask(RunScheduleNow)

    async def delete(self) -> None:
        """End it for good; its history stays."""
        await self.ask(DeleteSchedule)

    async def ask(self, kind: type[AnyScheduleCommand], **fields: Any) -> None:
        """Publish a command and wait until Kafka has it. Raises UnavailableError."""
        command: Any = command_of(kind, schedule_id=self.id, requested_by=self.requested_by, **fields)
        _, self.rejections = await self.link.places(self.id)
        self.asked = command
        await self.link.tell(command)

    async def wait(self, timeout: float | None = None) -> ScheduleStatus:
        """How it stands, once the last thing that was asked here is done.

        Raises RefusedError where that was refused, ScheduleNotFoundError where there is none, TimeoutError.
        """
        async with asyncio.timeout(timeout), ScheduleLog(self.link, {self.id}, self.rejections) as log:
            await log.catch_up()
            if self.asked is not None:
                for refused in (await log.answers([self.asked])).values():
                    raise refused
            if (found := log.known.get(self.id)) is None:
                raise ScheduleNotFoundError(f"no schedule {self.id} was created", "schedule_id")
            return ScheduleStatus.of(found)
