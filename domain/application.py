"""BulkDeletes: the event store, one method a command or outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.persistence import IntegrityError, PersistenceError

from bulkdelete.domain.authorisation import authorise
from bulkdelete.domain.batch import Batch, batch_id
from bulkdelete.domain.commands import ControlCommand, RetryFailures, SubmitBulkDelete
from bulkdelete.domain.errors import (
    OperationExistsError,
    RefusedError,
    TransitionError,
    UnavailableError,
)
from bulkdelete.domain.governing import Governing
from bulkdelete.domain.notification import Notification
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import (
    AnyOutcome,
    BatchDone,
    FenceClosed,
    FenceOpened,
    QueryPlanned,
    UnitReleased,
    WorkDeferred,
    WorkRefused,
    WorkReturned,
)
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.store import MOST_CLASHES


class BulkDeletes(Governing):
    """Every operation there ever was. The name is durable: it prefixes the settings of the event store."""

    name = "bulkdelete"
    log_section_size = 1000
    snapshotting_intervals: ClassVar[dict[type[Any], int]] = {Operation: 50, Schedule: 50}

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
            if self.is_taken(command.operation_id):
                raise OperationExistsError(f"{command.operation_id} is no operation's id", "operation_id")
            return Operation.submit(
                command.operation_id, command.command_id, command.requested_by, database, command.job
            )

        return self.until_recorded(begin)

    def control(self, command: ControlCommand) -> Operation:
        """Pause, resume, postpone, throttle or cancel. Raises OperationNotFoundError and TransitionError."""
        authorise(command.requested_by, command.type, command.operation_id)

        return self.change(command.operation_id, lambda operation: operation.control(command))

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

    def refuse(self, command: ControlCommand | RetryFailures, reason: str) -> Operation:
        """Remember that a command was refused: delivered again it is refused again. Raises OperationNotFoundError."""
        return self.change(command.operation_id, lambda operation: operation.refuse_command(command, reason))

    def begin_if_due(self, operation_id: UUID, now: datetime) -> Operation:
        """Let a postponed operation go on where its time has come."""
        return self.change(operation_id, lambda operation: operation.begin_if_due(now))

    def hold(self, operation_id: UUID, epoch: int, cause: str, reason: str) -> Operation:
        """Record that an operation must wait although nothing is away."""
        return self.change(operation_id, lambda operation: operation.hold(epoch, cause, reason))

    def record(self, outcome: AnyOutcome) -> Operation:
        """Record what became of work, once, however often it is told."""
        if isinstance(outcome, BatchDone):
            return self.record_batch(outcome)

        def decide(operation: Operation) -> None:
            match outcome:
                case FenceOpened():
                    operation.open(outcome)
                case QueryPlanned():
                    operation.take_plan(outcome)
                case WorkReturned():
                    operation.wait_for(outcome.epoch, outcome.reason)
                case WorkDeferred():
                    operation.hold(outcome.epoch, outcome.cause, outcome.reason)
                case WorkRefused():
                    operation.refuse(outcome.epoch, outcome.reason, outcome.field)
                case FenceClosed():
                    operation.close(outcome)
                case UnitReleased():
                    pass

        return self.change(outcome.operation_id, decide)

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
        return self.get(batch_id(outcome.operation_id, outcome.unit, outcome.batch), Batch)

    def notification(self, notification_id: UUID) -> Notification | None:
        """The notification as it is, or None."""
        return self.found(notification_id, Notification)
