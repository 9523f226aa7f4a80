"""Lanes: which operations may run in one database at once, where their number is bounded.

One stream a database, written when an operation takes a lane only: whose lane is free again is seen from how that
operation stands. Two that want the last lane clash in the event store, and the second decides anew.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate, event


def lanes_id(database: str) -> UUID:
    """The identity of a database's lanes."""
    return uuid5(NAMESPACE_URL, f"bulkdelete:lanes:{database}")


class Lanes(BaseAggregate[UUID]):
    """Who holds the lanes of one database."""

    TOPIC: ClassVar[str] = "lanes"

    class Event(AggregateEvent):
        """Anything that can happen to the lanes."""

        def apply(self, aggregate: Lanes) -> None:
            """Change the lanes as the event says; never decides, never fails."""

    class Opened(AggregateCreated):
        """The number of operations in a database is bounded."""

        TOPIC: ClassVar[str] = "lanes.opened"
        database: str

    class Taken(Event):
        """An operation took a lane; others of which nothing is running any more lost theirs."""

        TOPIC: ClassVar[str] = "lanes.taken"
        taken_by: str
        """The operation."""
        epoch: int
        freed: list[str]

        def apply(self, aggregate: Lanes) -> None:
            for one in self.freed:
                aggregate.holders.pop(one, None)
            aggregate.holders[self.taken_by] = self.epoch

    @event(Opened)
    def __init__(self, database: str) -> None:
        self.database = database
        self.holders: dict[str, int] = {}
        """Operation → the epoch at which it took its lane."""

    @classmethod
    def open(cls, database: str) -> Lanes:
        """The lanes of a database, all free."""
        return cls._create(cls.Opened, id=lanes_id(database), database=database)

    def take(self, operation_id: UUID, epoch: int, running: set[UUID], most: int) -> bool:
        """Take a lane where one is free; `running`: those of the holders that use theirs. Taken once it stays."""
        if self.holders.get(str(operation_id)) == epoch:
            return True
        others = running - {operation_id}
        if len(others) >= most:
            return False
        freed = [one for one in self.holders if UUID(one) not in others]
        self.trigger_event(self.Taken, taken_by=str(operation_id), epoch=epoch, freed=freed)
        return True
