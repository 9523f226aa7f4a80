"""Governing: operations found and changed, and what holds for all of them together: the brake, and the lanes."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from bulkdelete.domain.authorisation import authorise
from bulkdelete.domain.brake import Brake
from bulkdelete.domain.commands import BRAKE, Halt, Unhalt
from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.domain.lanes import Lanes, lanes_id
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.store import Store


class Governing(Store):
    """The event store of operations, with what holds for all of them."""

    def operation(self, operation_id: UUID) -> Operation:
        """The operation as it is. Raises OperationNotFoundError."""
        if found := self.find(operation_id):
            return found
        raise OperationNotFoundError(f"no operation {operation_id} was submitted", "operation_id")

    def find(self, operation_id: UUID) -> Operation | None:
        """The operation as it is, or None."""
        return self.found(operation_id, Operation)

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
