"""Who asks, and for what job."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from typing import Any

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job


def somebody() -> str:
    """Who runs this process, where nobody else is named."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"unknown@{socket.gethostname()}"


def job_of(job: Job | Mapping[str, Any], database: str | None) -> Job:
    """The job as it will be published. Raises InvalidJobError naming the field and what is accepted."""
    value = job.to_json() if isinstance(job, Job) else dict(job)
    found = Job.read(value if database is None else {**value, "database": database})
    if found.database is None:
        raise InvalidJobError("the job names no database, and none is given", "job.database")
    return found
