"""The one place that says who may do what. Authentication comes later; every command passes here already."""

from __future__ import annotations

from uuid import UUID

from bulkdelete.domain.errors import NotAuthorisedError


def authorise(principal: str, action: str, operation_id: UUID) -> None:
    """Raise NotAuthorisedError where the principal may not do that. Whoever can publish commands may, today."""
    if not principal.strip():
        raise NotAuthorisedError(f"{action} of operation {operation_id} without a principal", "requested_by")
