"""Measures: how much a database suffers, as far as it tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa


@dataclass(frozen=True)
class Measure:
    """How much a database suffers in one way: the name of its limit, the number, and the number in words."""

    name: str
    value: float
    told: str


class Measured(Protocol):
    """Something that can tell how much a database suffers."""

    def measures(self, connection: sa.Connection, replicas: Sequence[sa.Engine]) -> Iterator[Measure]:
        """How much the database suffers."""
        ...
