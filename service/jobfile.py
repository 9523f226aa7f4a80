"""Job files: YAML or JSON, read without losing or guessing a word."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from bulkdelete.domain.commands import read_json
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import LARGEST_JOB, Job


def read_job(path: Path, dialect: str | None = None) -> Job:
    """The job a file describes; SQL in it is read in this dialect.

    Raises InvalidJobError naming the path within it and what is accepted.
    """
    value = job_value(path)
    if not isinstance(value, dict):
        raise InvalidJobError("a job has a name and queries", str(path))
    return Job.read(value, dialect)


def job_value(path: Path) -> Any:
    """What a job file says, as plain data."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InvalidJobError(f"cannot be read: {error.strerror}", str(path)) from None
    if len(text) > LARGEST_JOB:
        raise InvalidJobError(f"{len(text):,} bytes; at most {LARGEST_JOB:,} are taken", str(path))
    try:
        return read_json(text) if path.suffix.lower() == ".json" else read_yaml(text.decode())
    except UnicodeDecodeError:
        raise InvalidJobError("is no UTF-8 text", str(path)) from None


def read_value(text: str) -> Any:
    """JSON, or YAML where it is none."""
    return read_json(text.encode()) if text.lstrip().startswith(("{", "[")) else read_yaml(text)


def of_one_run(job: Job) -> Job:
    """A job that runs once. Raises InvalidJobError for one that recurs."""
    if job.recurrence is not None:
        raise InvalidJobError(
            "a job that recurs is a schedule: `bulkdelete schedule create JOB`, or `apply DIR`, makes it, and `serve` "
            "runs it; without the recurrence this command runs it once",
            "recurrence",
        )
    return job


def read_yaml(text: str) -> Any:
    """YAML 1.2, where `NO` is a text and no boolean, and no word stands twice in one object."""
    # Loaded for YAML only: a job in JSON starts sooner.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.constructor import DuplicateKeyError  # noqa: PLC0415
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return YAML(typ="safe", pure=True).load(io.StringIO(text))
    except DuplicateKeyError as error:
        raise InvalidJobError(f"a word stands twice in one object: {one_line(error)}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidJobError(f"not YAML: {one_line(error)}") from None


def one_line(error: BaseException) -> str:
    """An error's text on one line of bounded length."""
    return " ".join(str(error).split())[:300]
