"""Bounds: what an operator allows all operations together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


def always(_operation_id: UUID) -> bool:
    """In a service somebody works at every operation."""
    return True


@dataclass(frozen=True)
class Bounds:
    """What an operator allows; None: no bound."""

    rate: float | None = None
    """Records per second, of all operations together."""
    operations_per_database: int | None = None
    """Operations that may run in one database at once; the others wait."""
    is_driven: Callable[[UUID], bool] = always
    """Whether somebody works at an operation that has not ended: else it keeps no other one waiting."""
