"""Files that hold one query in whatever notation, or a job: what `query convert` and `query explain` read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import LARGEST_JOB, Job
from bulkdelete.domain.query.expression import QueryExpression
from bulkdelete.domain.query.notation import Notation, expression, tree_of
from bulkdelete.domain.refusals import refusal
from bulkdelete.service.jobfile import read_value


def text_of(file: str) -> str:
    """The text of a file, `-`: of standard input. Raises InvalidJobError."""
    try:
        found = sys.stdin.buffer.read(LARGEST_JOB + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidJobError(f"cannot be read: {error.strerror}", file) from None
    if len(found) > LARGEST_JOB:
        raise InvalidJobError(f"more than {LARGEST_JOB:,} bytes", file)
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidJobError("is no UTF-8 text", file) from None


def guessed(text: str) -> Notation:
    """The notation of a text, by what it begins with."""
    head = text.lstrip()[:7].lower()
    if head.startswith("<"):
        return Notation.FETCHXML
    return Notation.SQL if head.startswith("delete") else Notation.JSON


def query_in(
    text: str, notation: Notation, entity: str | None = None, dialect: str | None = None, all_records: bool = False
) -> QueryExpression:
    """One query. Raises InvalidJobError, the place being within the text."""
    if notation is Notation.JSON:
        value = read_value(text)
        if isinstance(value, dict) and "queries" in value:
            raise InvalidJobError("a job stands where one query is expected; `query explain` takes a job", "queries")
        try:
            return QueryExpression.model_validate({**value, "all_records": True} if all_records else value)
        except (ValidationError, TypeError) as error:
            if isinstance(error, TypeError):
                raise InvalidJobError("a query is an object with EntityName and Criteria") from None
            raise refusal(error) from None
    return expression(tree_of(notation, text, entity, dialect), all_records)


def job_in(text: str, notation: Notation | None, entity: str | None, dialect: str | None, all_records: bool) -> Job:
    """A job as it is; of one query a job with it alone. Raises InvalidJobError."""
    notation = notation or (Notation.SQL if entity is not None else guessed(text))
    if notation is Notation.JSON:
        value: Any = read_value(text)
        if isinstance(value, dict) and "queries" in value:
            return Job.read(value, dialect)
    return Job(name="query", queries=(query_in(text, notation, entity, dialect, all_records),))
