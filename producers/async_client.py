"""The Python client for `async with`: submit jobs, control them, and wait for the end."""

from __future__ import annotations

import asyncio
import getpass
import socket
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import UUID, uuid4

from bulkdelete.domain.commands import (
    COMMANDS,
    AnyCommand,
    CancelOperation,
    Command,
    Halt,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    SubmitBulkDelete,
    ThrottleOperation,
    Unhalt,
    command_of,
)
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.producers.connection import KafkaConnection, Security
from bulkdelete.producers.following import Following
from bulkdelete.producers.link import Link
from bulkdelete.producers.result import Result


def somebody() -> str:
    """Who runs this process, where nobody else is named."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"unknown@{socket.gethostname()}"


def job_of(job: Job | Mapping[str, Any], database: str | None) -> Job:
    """The job as it will be published. Raises InvalidJobError naming the field and what is accepted."""
    value = job.to_json() if isinstance(job, Job) else dict(job)
    found = Job.read(value if database is None else {**value, "database": database})
    if found.database is None:
        raise InvalidJobError("the job names no database, and none is given", "job.database")
    return found


class AsyncOperation:
    """An operation that was submitted."""

    def __init__(self, client: AsyncClient, following: Following) -> None:
        self.client = client
        self.following = following

    @property
    def id(self) -> UUID:
        """The operation's identity."""
        return self.following.operation_id

    async def wait(self, timeout: float | None = None) -> Result:
        """How it ended. Raises TimeoutError, and RefusedError where the submission was rejected."""
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
        return AsyncOperation(self, following)

    async def pause(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Stop deleting until resumed."""
        await self.publish(self.command(PauseOperation, operation_id, requested_by))

    async def resume(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Go on after a pause."""
        await self.publish(self.command(ResumeOperation, operation_id, requested_by))

    async def cancel(self, operation_id: UUID, requested_by: str | None = None) -> None:
        """Stop deleting for good."""
        await self.publish(self.command(CancelOperation, operation_id, requested_by))

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

    def command(self, kind: type[Command], operation_id: UUID | None, requested_by: str | None, **more: Any) -> Any:
        """A command with an identity of its own. Raises InvalidJobError."""
        about = {} if operation_id is None else {"operation_id": operation_id}
        return command_of(kind, requested_by=requested_by or self.requested_by, **about, **more)

    async def publish(self, command: AnyCommand) -> None:
        """Publish a command and wait until Kafka has it. Raises UnavailableError."""
        await self.link.publish("commands", str(command.subject).encode(), COMMANDS.dump_json(command))
