"""bulkdelete: governed bulk deletion of database records."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkdelete.domain.errors import BulkDeleteError as BulkDeleteError
    from bulkdelete.domain.job import Job as Job
    from bulkdelete.domain.query_builder import Query as Query
    from bulkdelete.domain.scheduling.status import ScheduleStatus as ScheduleStatus
    from bulkdelete.producers.async_client import AsyncClient as AsyncClient
    from bulkdelete.producers.result import Result as Result
    from bulkdelete.service.client import Client as Client

PLACES = {
    "AsyncClient": "bulkdelete.producers.async_client",
    "BulkDeleteError": "bulkdelete.domain.errors",
    "Client": "bulkdelete.service.client",
    "Job": "bulkdelete.domain.job",
    "Query": "bulkdelete.domain.query_builder",
    "Result": "bulkdelete.producers.result",
    "ScheduleStatus": "bulkdelete.domain.scheduling.status",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: whoever needs one folder does not load the others."""
    if name not in PLACES:
        raise AttributeError(f"module 'bulkdelete' has no attribute {name!r}")
    return getattr(importlib.import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted({*globals(), *PLACES})
