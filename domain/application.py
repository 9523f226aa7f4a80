"""BulkDeletes: the event store, one method a command or outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.persistence import IntegrityError, PersistenceError

from bulkdelete.domain.authorisation import authorise
from bulkdelete.domain.batch import Batch, batch_id
from bulkdelete.domain.brake import Brake
from bulkdelete.domain.commands import BRAKE, ControlCommand, Halt, SubmitBulkDelete, Unhalt
from bulkdelete.domain.errors import (
    OperationExistsError,
    OperationNotFoundError,
    RefusedError,
    TransitionError,
    UnavailableError,
)
from bulkdelete.domain.lanes import Lanes, lanes_id
from bulkdelete.domain.lifecycle import Status
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
from bulkdelete.domain.store import MOST_CLASHES, Store


class BulkDeletes(Store):
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
        """Pause, resume, postpone, throttle or cancel. Raises OperationNotFoundError and TransitionError."""
        authorise(command.requested_by, command.type, command.operation_id)

        return self.change(command.operation_id, lambda operation: operation.control(command))

    def refuse(self, command: ControlCommand, reason: str) -> Operation:
        """Remember that a command was refused: delivered again it is refused again. Raises OperationNotFoundError."""
        return self.change(command.operation_id, lambda operation: operation.refuse_command(command, reason))

    def begin_if_due(self, operation_id: UUID, now: datetime) -> Operation:
        """Let a postponed operation go on where its time has come."""
        return self.change(operation_id, lambda operation: operation.begin_if_due(now))

    def hold(self, operation_id: UUID, epoch: int, cause: str, reason: str) -> Operation:
        """Record that an operation must wait although nothing is away."""
        return self.change(operation_id, lambda operation: operation.hold(epoch, cause, reason))

    def change(self, operation_id: UUID, decide: Callable[[Operation], None]) -> Operation:
        """Change an operation. Raises OperationNotFoundError."""

        def decided() -> Operation:
            operation = self.operation(operation_id)
            decide(operation)
            return operation

        return self.until_recorded(decided)

    def take_brake(self, command: Halt | Unhalt) -> Brake:
        """Halt or release everything, once, however often it is told. Raises TransitionError."""
        authorise(command.requested_by, command.type, command.subject)

        def decide() -> Brake:
            brake = self.brake() or Brake.install()
            brake.take(command)
            return brake

        return self.until_recorded(decide)

    def refuse_brake(self, command: Halt | Unhalt, reason: str) -> Brake:
        """Remember that it was refused: delivered again it is refused again."""

        def decide() -> Brake:
            brake = self.brake() or Brake.install()
            brake.refuse(command, reason)
            return brake

        return self.until_recorded(decide)

    def brake(self) -> Brake | None:
        """The brake, as it is; None where nobody ever needed it."""
        return self.found(BRAKE, Brake)

    def heed(self, operation: Operation, brake: Brake | None) -> Operation:
        """Make the operation do as the brake says."""
        if brake is not None and brake.is_on:
            if Status(operation.status).is_running:
                return self.change(operation.id, lambda one: one.halt(brake.requested_by, brake.reason))
        elif operation.status == Status.HALTED:
            return self.change(operation.id, lambda one: one.release())
        return operation

    def take_lane(self, operation: Operation, most: int, is_driven: Callable[[UUID], bool] = lambda _: True) -> bool:
        """Whether the operation may run beside the others in its database, of which there are `most` at most.

        `is_driven`: whether somebody works at an operation that has not ended.
        """

        def uses(operation_id: UUID, epoch: int) -> bool:
            holder = self.find(operation_id)
            if holder is None or holder.is_final or holder.epoch != epoch or not is_driven(operation_id):
                return False
            return not Status(holder.status).is_resting

        taken = [False]

        def decide() -> Lanes:
            lanes = self.found(lanes_id(operation.database), Lanes) or Lanes.open(operation.database)
            running = {UUID(one) for one, epoch in lanes.holders.items() if uses(UUID(one), epoch)}
            taken[0] = lanes.take(operation.id, operation.epoch, running, most)
            return lanes

        self.until_recorded(decide)
        return taken[0]

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

    def operation(self, operation_id: UUID) -> Operation:
        """The operation as it is. Raises OperationNotFoundError."""
        if found := self.find(operation_id):
            return found
        raise OperationNotFoundError(f"no operation {operation_id} was submitted", "operation_id")

    def find(self, operation_id: UUID) -> Operation | None:
        """The operation as it is, or None."""
        return self.found(operation_id, Operation)
