"""Admission: what an operation may do now, by the clock, the brake and the lanes of its database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.brake import Brake
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.work import AnyWork, OpenFence

LOOK = 0.2
"""Seconds between two looks at the brake."""


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass
class Admission:
    """Decides what may begin, for the operations of one process."""

    application: BulkDeletes
    bounds: Bounds
    clock: Callable[[], float]
    now: Callable[[], datetime] = wall_clock
    postponed: dict[UUID, datetime] = field(default_factory=dict)
    """The instants of those that wait for one: a tick need not load them."""
    brake: Brake | None = None
    looked: float = float("-inf")

    def look(self, at_once: bool = False) -> None:
        """Look at the brake, unless it was just looked at."""
        if at_once or self.clock() - self.looked >= LOOK:
            self.brake, self.looked = self.application.brake(), self.clock()

    @property
    def is_halted(self) -> bool:
        """Whether the brake was on when it was last looked at."""
        return self.brake is not None and self.brake.is_on

    def operation(self, operation_id: UUID) -> Operation | None:
        """The operation, after what the clock and the brake have to say."""
        operation = self.application.find(operation_id)
        if operation is None:
            return None
        if operation.status == Status.POSTPONED:
            self.postponed[operation_id] = datetime.fromisoformat(operation.postponed_until or "")
            if self.is_due(operation_id):
                operation = self.application.begin_if_due(operation_id, self.now())
        if operation.status != Status.POSTPONED:
            self.postponed.pop(operation_id, None)
        self.look()
        if operation.status == Status.HALTED or (self.is_halted and Status(operation.status).is_running):
            self.look(at_once=True)  # what was seen a moment ago is no reason to halt or to release anything
        return self.application.heed(operation, self.brake)

    def is_due(self, operation_id: UUID) -> bool:
        """Whether the instant that the operation was postponed to has come."""
        return operation_id in self.postponed and self.postponed[operation_id] <= self.now()

    def admits(self, operation: Operation, work: list[AnyWork]) -> bool:
        """Whether this work may begin: only a start has to ask."""
        if not any(isinstance(one, OpenFence) for one in work):
            return True
        self.look(at_once=True)
        if self.is_halted:
            return False
        most = self.bounds.operations_per_database
        if most is None or self.application.take_lane(operation, most, self.bounds.is_driven):
            return True
        others = "another operation" if most == 1 else f"{most} operations"
        self.application.hold(operation.id, operation.epoch, "turn", f"{others} on {operation.database}")
        return False
