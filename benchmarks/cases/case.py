"""A case: a question that is put to one database after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.data import Data
from benchmarks.databases.database import Database
from benchmarks.measuring import Group
from benchmarks.servers import Servers


@dataclass(frozen=True)
class Bench:
    """What the groups of a case are made from."""

    database: Database
    servers: Servers
    quick: bool

    def size(self, full: int, quick: int) -> int:
        """The size to use: `quick` only shows that the case works."""
        return quick if self.quick else full

    def half(self, rows: int, indexes: int = 2) -> Data:
        """Every other record of a table, with the usual key of the database."""
        return Data(rows, rows // 2, key=self.database.key, indexes=indexes)

    def usual(self) -> Data:
        """What the targets are about: 1 of 2 million on PostgreSQL, half a million of one elsewhere."""
        return self.half(self.size(2_000_000 if self.database.name == "postgresql" else 1_000_000, 20_000))


@dataclass(frozen=True)
class Case:
    """A question."""

    name: str
    summary: str
    groups: Callable[[Bench], Iterable[Group]]
    """May be empty: then the database has no such case."""
    explicit: bool = False
    """Whether it runs only when it is named."""
