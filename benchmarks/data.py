"""What is deleted from: one table of records of which some match, and what refers to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bulkdelete.domain.job import Job, Options
from bulkdelete.domain.query_builder import Query

Key = Literal["integer", "uuid"]

JOB = Job(name="Benchmark", queries=[Query("record").where(statecode=1)])
ONE_WORKER = Job(name="One worker", queries=JOB.queries, options=Options(window=1))
WARMUP = Job(name="Warm-up", queries=[Query("warmup").where(statecode=1)])
WARMUP_ROWS = 10


@dataclass(frozen=True)
class Data:
    """A database to delete from. The records that match lie evenly among the others."""

    rows: int
    matched: int
    key: Key = "integer"
    indexes: int = 2
    """Indexes on random values, besides the key's."""
    restricted: float | None = None
    """Share of the matching records that another record keeps; 0: others are kept; None: nothing refers to them."""
    levels: int = 0
    """2: each record takes one with it by a cascade, and that one takes another."""
    by_index: bool = False
    """Whether an index tells which records match."""

    def __post_init__(self) -> None:
        assert self.rows // self.every == self.matched, f"{self.matched:,} do not lie evenly among {self.rows:,}"

    @property
    def every(self) -> int:
        """Every how many-th record matches."""
        return self.rows // self.matched

    @property
    def kept(self) -> int:
        """Matching records that cannot be deleted."""
        return self.matched // round(1 / self.restricted) if self.restricted else 0

    @property
    def deleted(self) -> int:
        """Records that must be gone in the end, without those of a cascade."""
        return self.matched - self.kept

    @property
    def title(self) -> str:
        """For people."""
        words = [f"{self.matched:,} of {self.rows:,}", f"{self.key} key"]
        words.append(f"{self.indexes} {'index' if self.indexes == 1 else 'indexes'}")
        if self.restricted is not None:
            words.append(f"{self.restricted:.0%} restricted".replace("%", " %"))
        if self.levels:
            words.append(f"cascade of {self.levels} levels")
        if self.by_index:
            words.append("found by an index")
        return ", ".join(words)
