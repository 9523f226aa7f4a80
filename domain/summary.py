"""What people and programs are told about an operation: one object, the same everywhere."""

from __future__ import annotations

import datetime
from typing import Any

from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation


def summary(operation: Operation) -> dict[str, Any]:
    """The operation as JSON. Counts are records; matched = deleted + failed + vanished; instants are RFC 3339."""
    queries = [
        {
            "entity": one["entity"],
            "strategy": one.get("strategy"),
            "matched": one["deleted"] + one["failed"] + one["vanished"],
            "estimated": one["estimated"],
            "deleted": one["deleted"],
            "failed": one["failed"],
            "vanished": one["vanished"],
        }
        for one in operation.queries
    ]
    started = datetime.datetime.fromisoformat(operation.started_at) if operation.started_at else None
    return {
        "operation_id": str(operation.id),
        "name": operation.job["name"],
        "status": str(Status(operation.status).told),
        "database": operation.database,
        "requested_by": operation.requested_by,
        "deleted": sum(one["deleted"] for one in operation.queries),
        "failed": sum(one["failed"] for one in operation.queries),
        "cascaded": operation.cascaded,
        "unlinked": operation.unlinked,
        "queries": queries,
        "duration_seconds": round(operation.ran_until(operation.modified_on) / 1_000_000, 3),
        "submitted_at": instant(operation.created_on),
        "started_at": instant(started) if started else None,
        "ended_at": instant(operation.modified_on) if operation.is_final else None,
        "cut_off": operation.cut_off,
        "waiting_for": operation.waiting_for,
        "postponed_until": operation.postponed_until,
        "rate": operation.rate,
        "reason": operation.reason,
        "field": operation.field,
        "remaining": {str(at): one["remaining"] for at, one in enumerate(operation.queries) if one["remaining"]},
    }


def instant(value: datetime.datetime) -> str:
    """RFC 3339 in UTC."""
    return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
