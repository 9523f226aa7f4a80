"""Which batch, what the target says of it, and how it is attempted."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bulkdelete.records.fault import Fault
from bulkdelete.records.result import BatchResult


class TooManyError(Exception):
    """Far more records match than a batch may settle: the ones before were sparse."""


class FencedError(Exception):
    """The fence does not allow it: somebody paused, canceled or ended the operation, or a later epoch runs."""


@dataclass(frozen=True)
class Place:
    """Which batch: the unit counted over the operation and within its plan, the batch in it, and where it begins."""

    query_index: int
    unit: int
    unit_of_plan: int
    batch: int
    position: Any
    walk: Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """What the target says before a batch: the cut-off, its clock, whether records are set aside, what is done."""

    cut_off: datetime.datetime
    now: str
    aside: bool
    known: BatchResult | None


@dataclass
class Effort:
    """How a batch is attempted: how many records it looks at, and whether the careful way."""

    size: int
    careful: bool
    attempts: int = 0
    given_up: Fault | None = None
    allowance: int | None = None
    """Records that it may delete at most, where a guard bounds them; 0: it only sees whether any is left."""

    def too_many(self) -> None:
        """Try with fewer records; where a guard bounds them, the way that can take a part of a range."""
        self.attempts += self.size == 1
        self.size = max(1, self.size // 4)
        self.careful = self.careful or self.allowance is not None

    def bound(self, most: int) -> int:
        """How many records are selected at most."""
        return most if self.allowance is None else min(most, self.allowance, self.size)

    def lost(self, fault: Fault) -> None:
        """Try with fewer records after the database ended the transaction, down to the one that made it do so."""
        self.careful = True
        if self.size == 1:
            self.given_up = fault
            self.attempts += 1
        self.size = max(1, self.size // 8)

    def after(self, fault: Fault) -> float:
        """Try differently after a fault; returns the seconds to wait before."""
        self.attempts += 1
        if fault.kind == "record" or self.attempts > 2:
            self.careful = True
        if fault.kind == "slow":
            self.size = max(1, self.size // 4)
        return min(1.0, 0.02 * 2**self.attempts) if fault.kind in {"locked", "conflict"} else 0.0
