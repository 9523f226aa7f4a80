"""Pace: how many records a batch looks at, so that its transaction takes about as long as it should."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import permutations
from statistics import median
from threading import Lock
from uuid import UUID

from bulkdelete.domain.record_ids import WIDTH, KeyKind
from bulkdelete.records.dialect import Dialect

LEAST = 1_000
"""Records a batch of the careful way looks at, at least."""
FIRST = 2_000
"""Records the first batch of the careful way looks at."""
MOST_TEXTS = 30_000
"""Records of a batch whose keys have no fixed width: their ids pass through Python one by one."""
REMEMBERED = 6
"""Batches that tell how large the next one should be."""
APART = 1.25
"""How much larger one of two batches must be for the two to tell what a record costs."""
SPARSEST = 0.01
"""Of the records that a bounded batch looks at, those that are taken to be settled, at least."""
SURPRISE = 1.6
"""How much longer than it should a batch takes that makes us forget the ones before."""


@dataclass
class Pace:
    """The size of the next batch of one query, learned from the batches before.

    A batch costs a + b·n seconds. Where `a` is large (each commit rewrites index pages), small batches cost more and
    save little time: the size never falls below the one that spends as long on records as on itself.
    """

    aim: float
    """Seconds a transaction should take."""
    most_records: int
    size: int
    least: int = LEAST
    longest: float | None = None
    """Seconds it may take where a batch costs much by itself; None: twice as long as it should."""
    batches: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Size and seconds of the last ones."""
    fixed: float | None = None
    """Seconds a batch costs by itself, as far as it is known."""
    share: float = 1.0
    """Of the records that the last batches looked at, those that they settled."""
    lock: Lock = field(default_factory=Lock)

    def size_for(self, most: int | None) -> int:
        """How many records the next batch looks at, where it should settle about so many at most."""
        return self.size if most is None else max(1, min(self.size, int(most / self.share)))

    def learn(self, size: int, seconds: float, settled: int, bounded: bool = False) -> None:
        """Take a finished batch into account: how many it looked at, how long it took, how many it settled.

        One that was bounded says little of how large a batch may be.
        """
        with self.lock:
            self.share = max(SPARSEST, (self.share + min(1.0, settled / size)) / 2)
            if seconds > 0 and not bounded:
                self.adapt(size, seconds, settled)

    def adapt(self, size: int, seconds: float, settled: int) -> None:
        """The size of the next batch, after this one."""
        self.batches.append((size, seconds))
        if seconds > SURPRISE * max(self.aim, 2 * (self.fixed or 0.0)) and len(self.batches) > 1:
            # A stall, or the database became slower: what the ones before told holds no more.
            self.batches.clear()
            wanted = max(size * self.aim / seconds, size / 4)
        else:
            wanted = self.best(size, seconds)
        # Few of those it looked at matched: it may look at more, as long as a batch never settles too many.
        share = min(1.0, max(0.25, settled / size))
        self.size = int(max(self.least, min(wanted, 4 * size, self.most_records / share)))

    def best(self, size: int, seconds: float) -> float:
        """The size that takes as long as it should, or spends as long on records as on itself."""
        self.find_fixed()
        fixed = min(self.fixed or 0.0, 0.95 * seconds)
        each = median((one - min(fixed, 0.95 * one)) / looked for looked, one in self.batches)
        longest = 2 * self.aim if self.longest is None else self.longest
        wanted = max((self.aim - fixed) / each, min(fixed / each, (longest - fixed) / each))
        # To tell apart what a batch costs and what a record does takes two sizes.
        return max(wanted, APART * size) if self.fixed is None and len(self.batches) > 1 else wanted

    def slow_down(self, settled: int) -> None:
        """Records have to be found one by one: the next batch takes on little more than this one settled."""
        self.least = 1
        self.size = max(20, 2 * settled)

    def find_fixed(self) -> None:
        """What a batch costs by itself: where the median line begins. Of batches of one size it is not known anew."""
        slopes = [
            (later - earlier) / (more - less)
            for (less, earlier), (more, later) in permutations(self.batches, 2)
            if more >= APART * less
        ]
        if slopes:
            each = max(0.0, median(slopes))
            self.fixed = max(0.0, median(seconds - each * size for size, seconds in self.batches))


class Paces:
    """The pace of each query that this process deletes records of."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.known: dict[tuple[UUID, int], Pace] = {}
        self.lock = Lock()

    def of(self, operation_id: UUID, query_index: int, careful: bool, kind: KeyKind) -> Pace:
        """The pace of one query, whose records have keys of this kind; its workers share it."""
        with self.lock:
            if (operation_id, query_index) not in self.known:
                one = self.dialect
                first, least = (FIRST, LEAST) if careful else (one.first_records, one.least_records)
                most = one.most_records if kind in WIDTH else min(one.most_records, MOST_TEXTS)
                self.known[operation_id, query_index] = Pace(
                    one.target_seconds, most, min(first, most), least, one.longest_seconds
                )  # fmt: skip
            return self.known[operation_id, query_index]

    def forget(self, operation_id: UUID) -> None:
        """The operation has ended."""
        with self.lock:
            self.known = {key: pace for key, pace in self.known.items() if key[0] != operation_id}
