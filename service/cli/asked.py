"""A job file on a database: its SQL is read in the database's own dialect."""

from __future__ import annotations

from pathlib import Path

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.service.databases import database_url
from bulkdelete.service.dialects import dialect_of_address
from bulkdelete.service.jobfile import job_value, read_job


def asked_on(path: Path, database: str | None) -> Job:
    """The job of a file, for this database, else for the one that the job names. Raises InvalidJobError."""
    named = job_value(path)
    name = database or (named.get("database") if isinstance(named, dict) else None)
    try:
        address = database_url(name if isinstance(name, str) else None)
    except InvalidJobError:
        if database is not None:
            raise
        address = None  # told when the database is needed
    return read_job(path, dialect_of_address(address))


def address_of(asked: Job, database: str | None) -> str:
    """The address of the database that is said, or that the job names. Raises InvalidJobError for none."""
    address = database_url(database or asked.database)
    if address is None:
        raise InvalidJobError(
            "say which: --database URL, or `database: NAME` in the job and BULKDELETE_DATABASES__NAME", "--database"
        )
    return address
