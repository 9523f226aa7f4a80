"""BulkDeletes: the event store, one method a command or outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError

from bulkdelete.domain.authorisation import authorise
from bulkdelete.domain.batch import Batch, batch_id
from bulkdelete.domain.commands import ControlCommand, OperationCommand, RetryFailures, SubmitBulkDelete
from bulkdelete.domain.errors import (
    OperationExistsError,
    OperationNotFoundError,
    TransitionError,
    UnavailableError,
)
from bulkdelete.domain.notification import Notification
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import (
    AnyOutcome,
    BatchDone,
    FenceClosed,
    FenceOpened,
    QueryPlanned,
    UnitReleased,
    WorkRefused,
    WorkReturned,
)

T = TypeVar("T")
Stream = TypeVar("Stream", Operation, Notification)

MOST_CLASHES = 50


class BulkDeletes(Application[UUID]):
    """Every operation there ever was. The name is durable: it prefixes the settings of the event store."""

    name = "bulkdelete"
    log_section_size = 1000
    snapshotting_intervals: ClassVar[dict[type[Any], int]] = {Operation: 50}

    def submit(self, command: SubmitBulkDelete, database: str) -> Operation:
        """Begin an operation. The same id, job and catalogue change nothing; another is an OperationExistsError."""
        authorise(command.requested_by, "submit", command.operation_id)

        def begin() -> Operation:
            if found := self.find(command.operation_id):
                if found.digest != command.job.digest() or found.database != database:
                    raise OperationExistsError(
                        f"operation {command.operation_id} was submitted with another job, catalogue or database",
                        "operation_id",
                    )
                return found
            return Operation.submit(
                command.operation_id, command.command_id, command.requested_by, database, command.job
            )

        return self.until_recorded(begin)

    def control(self, command: ControlCommand) -> Operation:
        """Pause, resume or cancel. Raises OperationNotFoundError and TransitionError."""
        authorise(command.requested_by, command.type, command.operation_id)

        def decide() -> Operation:
            operation = self.operation(command.operation_id)
            operation.control(command)
            return operation

        return self.until_recorded(decide)

    def retry(self, command: RetryFailures) -> Operation:
        """Begin an operation for the records that failed in another one; the same command again tells the same one.

        Raises OperationNotFoundError, TransitionError, InvalidJobError, OperationExistsError.
        """
        authorise(command.requested_by, command.type, command.operation_id)

        def attempt() -> Operation:
            original = self.operation(command.operation_id)
            found = self.find(command.new_id)
            if found is not None and str(command.command_id) in {*found.commands, *original.commands}:
                return found
            retry = original.retry(command)
            if found is None:
                self.save(original, retry)
            elif found.digest != retry.digest:
                raise OperationExistsError(f"operation {command.new_id} was submitted with another job", "retry_id")
            return found or retry

        return self.until_saved(attempt)

    def refuse(self, command: OperationCommand, reason: str) -> Operation:
        """Remember that a command was refused: delivered again it is refused again. Raises OperationNotFoundError."""

        def decide() -> Operation:
            operation = self.operation(command.operation_id)
            operation.refuse_command(command, reason)
            return operation

        return self.until_recorded(decide)

    def record(self, outcome: AnyOutcome) -> Operation:
        """Record what became of work, once, however often it is told."""
        if isinstance(outcome, BatchDone):
            return self.record_batch(outcome)

        def decide() -> Operation:
            operation = self.operation(outcome.operation_id)
            match outcome:
                case FenceOpened():
                    operation.open(outcome)
                case QueryPlanned():
                    operation.take_plan(outcome)
                case WorkReturned():
                    operation.wait_for(outcome.epoch, outcome.reason)
                case WorkRefused():
                    operation.refuse(outcome.epoch, outcome.reason, outcome.field)
                case FenceClosed():
                    operation.close(outcome)
                case UnitReleased():
                    pass
            return operation

        return self.until_recorded(decide)

    def record_batch(self, outcome: BatchDone) -> Operation:
        """Record a batch, or one part of it; with the last part the operation counts it, in the same save.

        Raises TransitionError for a batch that nobody knows, of an operation that has ended.
        """

        def attempt() -> Operation:
            operation = self.operation(outcome.operation_id)
            if operation.is_final and self.batch(outcome) is None:
                # The fence was closed and every batch recorded before it ended: this one never was.
                raise TransitionError(f"the operation is {operation.status}: no batch of it is left to record", "batch")
            batch = Batch.begin(outcome) if outcome.part == 0 else self.batch(outcome)
            if batch is None or batch.recorded != outcome.part:
                return operation
            batch.record(outcome, operation.queries[outcome.query_index]["entity"])
            if batch.is_whole:
                operation.record_batch(outcome, batch.totals())
            self.save(batch, operation)
            return operation

        for _ in range(MOST_CLASHES):
            try:
                return self.translated(attempt)
            except IntegrityError:
                found = self.batch(outcome)
                if found is not None and found.recorded > outcome.part:
                    return self.operation(outcome.operation_id)
        raise UnavailableError(f"the event store is too busy to record batch {outcome.unit}/{outcome.batch}")

    def batch(self, outcome: BatchDone) -> Batch | None:
        """What is recorded of a batch."""
        found = self.stream(batch_id(outcome.operation_id, outcome.unit, outcome.batch))
        return found if isinstance(found, Batch) else None

    def operation(self, operation_id: UUID) -> Operation:
        """The operation as it is. Raises OperationNotFoundError."""
        if found := self.find(operation_id):
            return found
        raise OperationNotFoundError(f"no operation {operation_id} was submitted", "operation_id")

    def find(self, operation_id: UUID) -> Operation | None:
        """The operation as it is, or None."""
        found = self.translated(lambda: self.stream(operation_id))
        return found if isinstance(found, Operation) else None

    def notification(self, notification_id: UUID) -> Notification | None:
        """The notification as it is, or None."""
        found = self.translated(lambda: self.stream(notification_id))
        return found if isinstance(found, Notification) else None

    def stream(self, stream_id: UUID) -> Any:
        """Whatever has this identity, or None."""
        try:
            return self.repository.get(stream_id)
        except AggregateNotFoundError:
            return None

    def until_recorded(self, decide: Callable[[], Stream]) -> Stream:
        """Decide and save; where somebody else was faster, decide anew from what they recorded."""

        def attempt() -> Stream:
            stream = decide()
            self.save(stream)
            return stream

        return self.until_saved(attempt)

    def until_saved(self, attempt: Callable[[], T]) -> T:
        """Attempt what saves; where somebody else was faster, attempt it anew from what they recorded."""
        for _ in range(MOST_CLASHES):
            try:
                return self.translated(attempt)
            except IntegrityError:
                continue
        raise UnavailableError("the event store is too busy: the operation changed at every attempt")

    def translated(self, call: Callable[[], T]) -> T:
        """Call; the event store being away is an UnavailableError."""
        try:
            return call()
        except (OperationalError, InterfaceError) as error:
            raise UnavailableError(f"the event store is away: {error!s:.300}") from error
