"""What settings say of limits, as those who hold to them take it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from bulkdelete.consumers.bounds import Bounds, always
from bulkdelete.records.strain import Limits
from bulkdelete.service.settings import Settings


def bounds_of(settings: Settings, is_driven: Callable[[UUID], bool] = always) -> Bounds:
    """What all operations together may do."""
    return Bounds(settings.rate, settings.operations_per_database, is_driven)


def limits_of(settings: Settings, database: str | None) -> Limits:
    """How much the database of that name may suffer."""
    found = settings.back_off_for(database)
    return Limits(
        found.replication_lag_seconds, found.waiting_for_locks, found.threads_running, found.query, found.at_most,
        tuple(one.secret for one in found.replicas),
    )  # fmt: skip
