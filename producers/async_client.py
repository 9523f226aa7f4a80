"""The Python client for `async with`: submit jobs, pause, resume, cancel, and wait for the end."""

from __future__ import annotations

import asyncio
import getpass
import socket
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import UUID, uuid4

from pydantic import ValidationError

from bulkdelete.domain.commands import (
    COMMANDS,
    AnyCommand,
    CancelOperation,
    Command,
    PauseOperation,
    ResumeOperation,
    RetryFailures,
    SubmitBulkDelete,
)
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.refusals import refusal
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

    async def retry(self, causes: Sequence[str] = ()) -> AsyncOperation:
        """Ask for another operation, for the records that failed in this one."""
        return await self.client.retry(self.id, causes)


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

    def command(self, kind: type[Command], operation_id: UUID, requested_by: str | None, **more: Any) -> Any:
        """A command with an identity of its own. Raises InvalidJobError."""
        who = requested_by or self.requested_by
        same = {"command_id": uuid4(), "operation_id": operation_id, "requested_by": who}
        try:
            return kind.model_validate({**same, **more})
        except ValidationError as error:
            raise refusal(error) from None

    async def publish(self, command: AnyCommand) -> None:
        """Publish a command and wait until Kafka has it. Raises UnavailableError."""
        await self.link.publish("commands", str(command.operation_id).encode(), COMMANDS.dump_json(command))
