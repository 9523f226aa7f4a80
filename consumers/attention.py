"""Attention: what a worker must know between two batches: whether somebody asked for something, whether others wait.

It is learned from the event store's log, which all processes share: no broker and no socket is needed for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.brake import Brake
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.domain.operation import Operation

LOOK = 0.15
"""Seconds between two looks at the log."""
PAGE = 1000
ASKED = frozenset(
    str(one.TOPIC)
    for one in (
        Operation.PauseRequested, Operation.PostponeRequested, Operation.CancelRequested, Operation.Throttled,
        Operation.Halting, Brake.Halted,
    )
)  # fmt: skip
"""Somebody wants a running operation to do something else."""
BEGINS = frozenset(
    str(one.TOPIC)
    for one in (
        Operation.Submitted, Operation.Resumed, Operation.Due, Operation.Released, Operation.Started, Operation.Planned,
    )
)  # fmt: skip
"""An operation is about to have work to do."""
WORKS = str(Operation.BatchDeleted.TOPIC)
TOPICS: Sequence[str] = sorted({*ASKED, *BEGINS, WORKS})
NEW = 2.0
"""Seconds for which an operation counts as about to begin after it was last heard of."""
LIVELY = 10.0
"""Seconds for which an operation counts as having work after it was last heard of."""
ALONE, SHARING, AT_ONCE = 5.0, 0.5, 0.0
"""Seconds that a worker stays with one unit: where nobody else has work, where others have, where one is about to."""


@dataclass
class Attention:
    """Follows the log for the workers of one process."""

    application: BulkDeletes
    clock: Callable[[], float] = time.monotonic
    position: int | None = None
    looked: float = float("-inf")
    asked: dict[UUID, float] = field(default_factory=dict)
    heard: dict[UUID, float] = field(default_factory=dict)
    begun: dict[UUID, float] = field(default_factory=dict)
    halted: float = float("-inf")
    lock: Lock = field(default_factory=Lock)

    def is_asked(self, operation_id: UUID, since: float) -> bool:
        """Whether somebody wants the operation to do something else, since an instant of the clock."""
        self.look()
        return max(self.asked.get(operation_id, since), self.halted) > since

    def turn(self, operation_id: UUID) -> float:
        """Seconds that a worker may stay with one unit of this operation."""
        self.look()
        now = self.clock()
        if any(at > now - NEW for one, at in list(self.begun.items()) if one != operation_id):
            return AT_ONCE
        is_shared = any(at > now - LIVELY for one, at in list(self.heard.items()) if one != operation_id)
        return SHARING if is_shared else ALONE

    def look(self) -> None:
        """Read what is new in the log, unless it was just read; where the store is away, the next look does."""
        with self.lock:
            if self.clock() - self.looked < LOOK:
                return
            self.looked = self.clock()
            with suppress(UnavailableError):
                self.application.translated(self.read)

    def read(self) -> None:
        """Read the log to its end."""
        recorder = self.application.recorder
        last = recorder.max_notification_id() or 0
        if self.position is None:
            self.position = last
        while self.position < last:
            page = recorder.select_notifications(
                self.position, PAGE, stop=last, topics=TOPICS, inclusive_of_start=False
            )
            for one in page:
                key = one.originator_id if isinstance(one.originator_id, UUID) else UUID(one.originator_id)
                self.take(one.topic, key)
            self.position = page[-1].id if len(page) == PAGE else last
        until = self.clock() - LIVELY
        for known in (self.asked, self.heard, self.begun):
            for gone in [one for one, at in known.items() if at < until]:
                del known[gone]

    def take(self, topic: str, key: UUID) -> None:
        """Something happened."""
        if topic == Brake.Halted.TOPIC:
            self.halted = self.clock()
        elif topic in ASKED:
            self.asked[key] = self.clock()
        else:
            self.heard[key] = self.clock()
            if topic in BEGINS:
                self.begun[key] = self.clock()
