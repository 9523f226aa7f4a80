"""Pace: how many records a batch looks at, so that its transaction takes about as long as it should."""

from __future__ import annotations

from dataclasses import dataclass

LEAST = 1_000
"""Records a batch of the careful way looks at, at least."""
FIRST = {True: 2_000, False: 8_000}
"""What the first batch looks at, the careful way or the direct one."""


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
    before: tuple[int, float] | None = None
    """Size and seconds of an earlier batch of another size."""

    def learn(self, size: int, seconds: float, settled: int) -> None:
        """Take a finished batch into account: how many it looked at, how long it took, how many it settled."""
        if seconds <= 0:
            return
        wanted = self.size_for(size, seconds)
        if self.before is None or abs(self.before[0] - size) > size // 10:
            self.before = (size, seconds)
        # Few of those it looked at matched: it may look at more, as long as a batch never settles too many.
        share = min(1.0, max(0.25, settled / size))
        self.size = int(max(self.least, min(wanted, 4 * size, self.most_records / share)))

    def slow_down(self, settled: int) -> None:
        """Records have to be found one by one: the next batch takes on little more than this one settled."""
        self.least = 1
        self.size = max(20, 2 * settled)

    def size_for(self, size: int, seconds: float) -> float:
        """The size that takes as long as it should."""
        fixed, each = self.costs(size, seconds)
        aimed = (self.aim - fixed) / each
        worth_it = min(fixed / each, (2 * self.aim - fixed) / each)
        return max(aimed, worth_it, size / 4)

    def costs(self, size: int, seconds: float) -> tuple[float, float]:
        """Seconds a batch costs by itself, and for each record, from this batch and one of another size."""
        if self.before is not None and self.before[0] != size:
            each = (seconds - self.before[1]) / (size - self.before[0])
            fixed = seconds - each * size
            if each > 0 and fixed >= 0:
                return fixed, each
        return 0.0, seconds / size
