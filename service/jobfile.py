"""Job files: YAML or JSON, read without losing or guessing a word."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

from bulkdelete.domain.commands import read_json
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import LARGEST_JOB, Job


def read_job(path: Path) -> Job:
    """The job a file describes. Raises InvalidJobError naming the path within it and what is accepted."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InvalidJobError(f"cannot be read: {error.strerror}", str(path)) from None
    if len(text) > LARGEST_JOB:
        raise InvalidJobError(f"{len(text):,} bytes; at most {LARGEST_JOB:,} are taken", str(path))
    try:
        value = read_json(text) if path.suffix.lower() == ".json" else read_yaml(text.decode())
    except UnicodeDecodeError:
        raise InvalidJobError("is no UTF-8 text", str(path)) from None
    if not isinstance(value, dict):
        raise InvalidJobError("a job has a name and queries", str(path))
    return Job.read(value)


def read_run(path: Path) -> Job:
    """The job of one run. Raises InvalidJobError, also for one that recurs: it would run once, not for ever."""
    job = read_job(path)
    if job.recurrence is not None:
        raise InvalidJobError(
            "a job that recurs is a schedule: `bulkdelete schedule create JOB`, or `apply DIR`, makes it, and `serve` "
            "runs it; without the recurrence this command runs it once",
            "recurrence",
        )
    return job


def read_yaml(text: str) -> Any:
    """YAML 1.2, where `NO` is a text and no boolean, and no word stands twice in one object."""
    try:
        return YAML(typ="safe", pure=True).load(io.StringIO(text))
    except DuplicateKeyError as error:
        raise InvalidJobError(f"a word stands twice in one object: {one_line(error)}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidJobError(f"not YAML: {one_line(error)}") from None


def one_line(error: BaseException) -> str:
    """An error's text on one line of bounded length."""
    return " ".join(str(error).split())[:300]
