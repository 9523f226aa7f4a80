"""Result: how an operation ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.summary import summary


@dataclass(frozen=True)
class QueryResult:
    """What one query of the job came to. Records; matched = deleted + failed + vanished."""

    entity: str
    strategy: str | None
    """How the entity was walked; None before it was planned."""
    matched: int
    estimated: int | None
    deleted: int
    failed: int
    vanished: int


@dataclass(frozen=True)
class Result:
    """How an operation ended, or where it stands. Counts are records."""

    operation_id: UUID
    status: Status
    deleted: int
    failed: int
    cascaded: dict[str, int]
    unlinked: dict[str, int]
    queries: tuple[QueryResult, ...]
    duration_seconds: float
    reason: str | None
    """Why it failed."""
    data: dict[str, Any]
    """Everything, as `bulkdelete status --json` tells it."""

    @classmethod
    def of(cls, operation: Operation) -> Result:
        """The result as far as the operation has come."""
        data = summary(operation)
        same = ("deleted", "failed", "cascaded", "unlinked", "duration_seconds", "reason")
        return cls(
            operation_id=operation.id, status=Status(operation.status),
            queries=tuple(QueryResult(**query) for query in data["queries"]), data=data,
            **{name: data[name] for name in same},
        )  # fmt: skip
