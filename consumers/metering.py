"""Metering: how many records an operation may delete now, where a rate bounds it.

A bucket fills at the rate and holds a second of it, so that more time in which the database was slow is not made up
for. What is granted is taken out when it is issued, and put right when it is known what came of it: the
bucket may be in debt, so the mean is right whatever a single batch takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from bulkdelete.domain.operation import Operation
from bulkdelete.domain.progress import QueryProgress
from bulkdelete.domain.work import DeleteBatch

GRANT = 0.2
"""Seconds of the rate in one grant: a grant is one transaction."""
HELD = 1.0
"""Seconds of the rate that are kept for later, at most: what a busy machine loses in between is made up for."""
SHORTEST = 0.02
"""Seconds between two looks, at least."""
AGAIN = 1.0
"""Seconds after which a grant that could not be used, since something is away or suffers, is given again."""
OVERDUE = 15.0
"""Seconds after which a grant of which nothing was heard is given again; the ledger makes that harmless."""


@dataclass
class Grant:
    """Leave to delete the records of one batch of a unit."""

    batch: int
    records: int
    at: float


@dataclass
class Meter:
    """The bucket of one operation, in this process: a memory that may be lost."""

    rate: float
    at: float
    counted: int
    """Records that the operation had settled when the bucket was last put right."""
    level: float = 0.0
    is_used: bool = False
    """Whether there was something to delete when it was last looked at."""
    grants: dict[int, Grant] = field(default_factory=dict)
    """Unit → its grant."""
    next: float = 0.0
    """When there may be something to grant; what an event brings is asked for besides."""

    def fill(self, now: float, rate: float, is_used: bool) -> None:
        """Let in what has come since, at the rate of before; while a query is planned nothing comes."""
        if is_used and self.is_used:
            self.level = min(self.level + self.rate * max(0.0, now - self.at), HELD * max(self.rate, rate))
        self.at, self.rate, self.is_used = now, rate, is_used

    def settle(self, operation: Operation, batches: dict[int, int], now: float) -> None:
        """Put right what became of grants: `batches` are the next batches of the units that are not finished."""
        patience = AGAIN if operation.waiting_for else OVERDUE
        returned = [
            unit for unit, grant in self.grants.items()
            if batches.get(unit, -1) != grant.batch or now - grant.at >= patience
        ]  # fmt: skip
        self.level += sum(self.grants.pop(unit).records for unit in returned)
        total = sum(settled(query) for query in operation.queries)
        self.level -= max(0, total - self.counted)
        self.counted = total

    @property
    def portion(self) -> int:
        """Records of the next grant."""
        return max(1, round(self.rate * GRANT))

    def due(self, now: float) -> float:
        """When the next grant can be given."""
        return now + max(0.0, min(self.portion, HELD * self.rate) - self.level) / self.rate


@dataclass
class Metering:
    """The meters of the operations whose rate is bounded: by themselves, or by what the whole service may delete."""

    clock: Callable[[], float]
    most: float | None = None
    """Records per second of all operations together."""
    meters: dict[UUID, Meter] = field(default_factory=dict)

    def rate(self, operation: Operation, running: int) -> float | None:
        """The rate of an operation, one of so many; None: unbounded."""
        shares = [operation.rate, None if self.most is None else self.most / max(1, running)]
        return min((one for one in shares if one is not None), default=None)

    def grant(self, operation: Operation, wanted: list[DeleteBatch], rate: float) -> list[DeleteBatch]:
        """Of the batches that are wanted, those that may be deleted now, each with how many records it may take."""
        now = self.clock()
        meter = self.meters.get(operation.id)
        if meter is None:
            total = sum(settled(query) for query in operation.queries)
            meter = self.meters[operation.id] = Meter(rate, now, total, level=rate * GRANT)
        meter.fill(now, rate, is_used=bool(wanted))
        meter.settle(operation, {work.unit: work.batch for work in wanted}, now)
        granted = []
        for work in wanted:
            if work.unit in meter.grants or meter.due(now) > now:
                continue
            records = max(meter.portion, int(meter.level))
            meter.level -= records
            meter.grants[work.unit] = Grant(work.batch, records, now)
            granted.append(work.model_copy(update={"most": records}))
        is_waiting = any(work.unit not in meter.grants for work in wanted)
        meter.next = meter.due(now) if is_waiting else now + AGAIN
        return granted

    def are_due(self) -> list[UUID]:
        """The operations of which something can be granted by now."""
        now = self.clock()
        return [one for one, meter in list(self.meters.items()) if meter.next <= now]

    def pause(self, longest: float) -> float:
        """Seconds until something can be granted, at most so many."""
        now = self.clock()
        return max(SHORTEST, min([longest, *(meter.next - now for meter in list(self.meters.values()))]))

    def forget(self, operation_id: UUID) -> None:
        """Its rate is bounded no more, or it has ended."""
        self.meters.pop(operation_id, None)


def settled(query: QueryProgress) -> int:
    """Records of a query whose turn has come."""
    return query["deleted"] + query["failed"] + query["vanished"]
