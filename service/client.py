"""Client: the entry for Python users, to a service on Kafka (`connect`) or on this machine alone (`local`)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

from bulkdelete.consumers.braking import pull
from bulkdelete.consumers.operations import take_command
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import (
    CancelOperation,
    Halt,
    OperationCommand,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    RetryFailures,
    SubmitBulkDelete,
    ThrottleOperation,
    Unhalt,
    command_of,
)
from bulkdelete.domain.declarations import NOTHING
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.scheduling.directory import identify_schedule
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.producers.client import Client as KafkaClient
from bulkdelete.producers.result import Result
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.reads import Reads
from bulkdelete.projections.schedule_reads import schedules
from bulkdelete.records.target import Target
from bulkdelete.service.cataloguefile import read_catalogue, told_of
from bulkdelete.service.configuration import load
from bulkdelete.service.databases import database_url
from bulkdelete.service.guards import service_guards
from bulkdelete.service.ledgers import ledger_place
from bulkdelete.service.limits import bounds_of
from bulkdelete.service.local import LocalRun
from bulkdelete.service.local_schedules import LocalSchedule, LocalSchedules, local_schedules
from bulkdelete.service.notices import Notices
from bulkdelete.service.origin import own_address, target_of
from bulkdelete.service.principal import principal
from bulkdelete.service.state import State
from bulkdelete.service.whereabouts import default_state

logger = logging.getLogger(__name__)


class Client(KafkaClient):
    """Submits jobs: to a service on Kafka, or on this machine."""

    @staticmethod
    def local(
        state: str | Path | None = None,
        database: str | None = None,
        requested_by: str | None = None,
        catalogue: str | Path | None = None,
        ledger: str | None = None,
    ) -> LocalClient:
        """A client without a broker: `wait` does the work, in this process.

        `database` is an address, `catalogue` a TOML file, `ledger` where operations keep their ledger in the database,
        as `SCHEMA.PREFIX` of its tables.
        """
        place = State(Path(state) if state else default_state())
        return LocalClient(place, database, requested_by or principal(), Path(catalogue) if catalogue else None, ledger)


@dataclass
class LocalOperation:
    """An operation submitted on this machine."""

    client: LocalClient
    id: UUID
    address: str | None
    """Of its database, with what the operation's own lacks; None: it lacks nothing."""

    def wait(self) -> Result:
        """Run it to its end, or go on with it, and tell how it ended; the same again tells the same."""
        return self.client.drive(self.id, self.address)

    def result(self) -> Result:
        """Where it stands."""
        return Result.of(self.client.application.operation(self.id))

    def pause(self) -> None:
        """Stop deleting until resumed. Raises TransitionError where it is not running."""
        self.client.control(PauseOperation, self.id)

    def resume(self) -> None:
        """Go on after a pause; `wait` does the rest. Raises TransitionError where it is not paused."""
        self.client.control(ResumeOperation, self.id)

    def cancel(self) -> None:
        """Stop deleting for good. Raises TransitionError where it has ended."""
        self.client.control(CancelOperation, self.id)

    def postpone(self, until: datetime | str, time_zone: str | None = None) -> None:
        """Delete nothing (any more) until an instant, then go on. Raises TransitionError, InvalidJobError."""
        self.client.control(PostponeOperation, self.id, until=until, time_zone=time_zone)

    def throttle(self, rate: float | None) -> None:
        """Delete at most so many records per second from now on; None: no bound. Raises TransitionError."""
        self.client.control(ThrottleOperation, self.id, rate=rate)

    def retry(self, causes: Sequence[str] = ()) -> LocalOperation:
        """Begin an operation for the records that failed in this one; its `wait` does the work."""
        return self.client.retry(self.id, causes, self.address)


class LocalClient:
    """bulkdelete on this machine: an event store and views in a state folder, no broker."""

    def __init__(
        self,
        state: State,
        database: str | None,
        requested_by: str,
        catalogue: Path | None = None,
        ledger: str | None = None,
    ) -> None:
        self.state = state
        self.database = database
        self.requested_by = requested_by
        self.catalogue = catalogue
        self.ledger = ledger_place(ledger, None)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.application: BulkDeletes = self._stack.enter_context(self.state.application())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def control(self, kind: type[OperationCommand], operation_id: UUID, **fields: Any) -> None:
        """Ask for something; whoever drives the operation sees it. Raises TransitionError, InvalidJobError."""
        command: Any = command_of(kind, operation_id=operation_id, requested_by=self.requested_by, **fields)
        self.application.control(command)

    def halt(self, reason: str) -> None:
        """Stop every operation in this state folder, and let none start, until `unhalt`. Raises TransitionError."""
        pull(command_of(Halt, requested_by=self.requested_by, reason=reason), self.application)

    def unhalt(self) -> None:
        """Let go on what was halted. Raises TransitionError."""
        pull(command_of(Unhalt, requested_by=self.requested_by), self.application)

    def submit(self, job: Job, database: str | None = None, operation_id: UUID | None = None) -> LocalOperation:
        """Hold the job against the database and record that it is asked for. Raises InvalidJobError."""
        address = database_url(database or self.database or job.database)
        if address is None:
            raise InvalidJobError("say which: submit(job, database=…) or Client.local(database=…)", "database")
        if job.recurrence is not None:
            raise InvalidJobError("a job that recurs is a schedule: client.create_schedule(job)", "recurrence")
        catalogue = NOTHING if self.catalogue is None else read_catalogue(self.catalogue)
        job = job.under(catalogue, self.ledger, service_guards())
        with closing(Target(address, self.ledger)) as target:
            with told_of(self.catalogue):
                target.check(job)
            identity = operation_id or uuid4()
            command = SubmitBulkDelete(
                command_id=uuid4(), operation_id=identity, requested_by=self.requested_by, job=job
            )
            self.application.submit(command, target.shown)
        return LocalOperation(self, identity, address)

    def retry(
        self,
        operation_id: UUID,
        causes: Sequence[str] = (),
        database: str | None = None,
        retry_id: UUID | None = None,
    ) -> LocalOperation:
        """Begin an operation for the records that failed in one that has ended; `wait` does the work.

        `causes`: only those that failed for one of these (an error number, a constraint, a blocking entity).
        Raises OperationNotFoundError, TransitionError, InvalidJobError.
        """
        command = command_of(
            RetryFailures, operation_id=operation_id, requested_by=self.requested_by, causes=causes, retry_id=retry_id
        )
        began = self.application.operation(operation_id)
        given = database_url(database) or own_address(began, database_url(self.database))
        # Before anything is recorded: whoever names another database, or one that nobody knows, is told so.
        target_of(began, given).close()
        operation = take_command(command, self.application, ())
        return LocalOperation(self, operation.id, given)

    def create_schedule(self, job: Job, schedule_id: UUID | None = None, database: str | None = None) -> LocalSchedule:
        """Let a job run whenever its recurrence says; `bulkdelete serve` runs what is due.

        The same id and job again change nothing. Raises InvalidJobError, ScheduleExistsError.
        """
        schedule = LocalSchedule(self.place, schedule_id or uuid4())
        schedule.create(job, database or self.database)
        return schedule

    def schedule(self, name: str | UUID) -> LocalSchedule:
        """A schedule by its name, or the beginning of its id. Raises ScheduleNotFoundError."""
        return LocalSchedule(self.place, identify_schedule(self.application, str(name)))

    def schedules(self) -> list[ScheduleStatus]:
        """Every schedule that was not deleted, what is due first at the top."""
        with self.views() as views:
            return list(schedules(views))

    def place(self, database: str | None = None) -> AbstractContextManager[LocalSchedules]:
        """The schedules of this event store."""
        return local_schedules(load(), self.application, self.requested_by, database)

    def drive(self, operation_id: UUID, address: str | None) -> Result:
        """Run an operation to its end or its pause, unless another process does. Raises OperationBusyError."""
        with self.state.driving(operation_id), self.state.keeping_views(self.application):
            operation = self.application.operation(operation_id)
            if not operation.is_final and operation.status != Status.PAUSED:
                bounds = bounds_of(load(), self.state.is_driven)
                with closing(target_of(operation, address)) as target:
                    operation = LocalRun(self.application, target, operation_id, bounds=bounds).drive()
            for line in Notices(self.state, self.application).tell(operation):
                logger.info("%s", line, extra={"action": "notified"})
        return Result.of(operation)

    @contextmanager
    def views(self) -> Iterator[Reads]:
        """The views, caught up: the twin of `bulkdelete status | failures | deleted | history | sql`."""
        with open_views(ViewFiles.beside(self.state.views), self.application) as reads:
            yield reads
