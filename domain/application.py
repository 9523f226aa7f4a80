"""BulkDeletes: the event store, one method a command or outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, PersistenceError

from bulkdelete.domain.authorisation import authorise
from bulkdelete.domain.batch import Batch, batch_id
from bulkdelete.domain.commands import ControlCommand, SubmitBulkDelete
from bulkdelete.domain.errors import (
    OperationExistsError,
    OperationNotFoundError,
    RefusedError,
    TransitionError,
    UnavailableError,
)
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

    def refuse(self, command: ControlCommand, reason: str) -> Operation:
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
        for _ in range(MOST_CLASHES):
            try:
                return self.record_batches([outcome])
            except IntegrityError:
                found = self.batch(outcome)
                if found is not None and found.recorded > outcome.part:
                    return self.operation(outcome.operation_id)
        raise UnavailableError(f"the event store is too busy to record batch {outcome.unit}/{outcome.batch}")

    def record_batches(self, outcomes: Sequence[BatchDone]) -> Operation:
        """Record batches of one operation in one save: all of them, or none.

        Raises TransitionError as `record_batch` does, and IntegrityError where one is recorded already or somebody
        else was faster.
        """

        def attempt() -> Operation:
            operation = self.operation(outcomes[0].operation_id)
            batches: dict[UUID, Batch] = {}
            for outcome in outcomes:
                self.take_batch(outcome, operation, batches)
            self.save(*batches.values(), operation)
            return operation

        return self.translated(attempt)

    def record_together(self, outcomes: Sequence[BatchDone]) -> bool:
        """Record batches of one operation in one save; False where none is recorded and each must be by itself.

        One of them is known already or is refused, or somebody else recorded meanwhile, or the store is away.
        """
        try:
            self.record_batches(outcomes)
        except (RefusedError, UnavailableError, PersistenceError):
            return False
        return True

    def take_batch(self, outcome: BatchDone, operation: Operation, batches: dict[UUID, Batch]) -> None:
        """Let a batch, and with its last part the operation, change as an outcome says."""
        identity = batch_id(outcome.operation_id, outcome.unit, outcome.batch)
        if operation.is_final and self.batch(outcome) is None:
            # The fence was closed and every batch recorded before it ended: this one never was.
            raise TransitionError(f"the operation is {operation.status}: no batch of it is left to record", "batch")
        batch = batches.get(identity) or (Batch.begin(outcome) if outcome.part == 0 else self.batch(outcome))
        if batch is None or batch.recorded != outcome.part:
            return
        batches[identity] = batch
        batch.record(outcome, operation.queries[outcome.query_index]["entity"])
        if batch.is_whole:
            operation.record_batch(outcome, batch.totals())

    def batch(self, outcome: BatchDone) -> Batch | None:
        """What is recorded of a batch."""
        try:
            found: Any = self.repository.get(batch_id(outcome.operation_id, outcome.unit, outcome.batch))
        except AggregateNotFoundError:
            return None
        return found if isinstance(found, Batch) else None

    def operation(self, operation_id: UUID) -> Operation:
        """The operation as it is. Raises OperationNotFoundError."""
        if found := self.find(operation_id):
            return found
        raise OperationNotFoundError(f"no operation {operation_id} was submitted", "operation_id")

    def find(self, operation_id: UUID) -> Operation | None:
        """The operation as it is, or None."""

        def get() -> Operation | None:
            try:
                found: Any = self.repository.get(operation_id)
            except AggregateNotFoundError:
                return None
            return found if isinstance(found, Operation) else None

        return self.translated(get)

    def until_recorded(self, decide: Callable[[], Operation]) -> Operation:
        """Decide and save; where somebody else was faster, decide anew from what they recorded."""
        for _ in range(MOST_CLASHES):
            try:

                def attempt() -> Operation:
                    operation = decide()
                    self.save(operation)
                    return operation

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
