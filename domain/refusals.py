"""What pydantic found wrong with a job or a message, as one refusal that names the path and what is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.spelling import suggestion

WORDS = (
    "EntityName", "Criteria", "all_records", "FilterOperator", "Conditions", "Filters", "AttributeName", "Operator",
    "Values", "name", "queries", "database", "options", "created_on", "allow_slow", "window", "type", "command_id",
    "operation_id", "requested_by", "job", "EntityName", "LinkEntities", "LinkCriteria", "LinkFromEntityName",
    "LinkFromAttributeName", "LinkToEntityName", "LinkToAttributeName", "JoinOperator", "EntityAlias", "Orders",
    "OrderType", "TopCount", "Distinct", "CompareColumns", "CompareEntityName", "AnyAllFilterLinkEntity", "text",
    "fetchxml", "sql", "dialect", "guards", "max_records", "max_failures",
    "time_zone", "user", "fiscal_year_start", "fiscal_period", "now", "business_unit", "teams", "language",
    "start_at", "rate", "until", "reason",
    "schedule_id", "at", "recurrence", "ends_at", "overlap", "missed", "blackouts", "maximum_duration", "from", "to",
    "notify", "cc", "on", "causes", "retry_id",
)  # fmt: skip
"""The words of jobs and commands, to suggest the right one."""
MOST_TOLD = 3
FIRST = {"extra_forbidden": 0, "refused": 1, "missing": 3}
"""A word that is misspelt explains why another one is missing."""


def refusal(error: ValidationError, prefix: str = "", words: Iterable[str] = WORDS) -> InvalidJobError:
    """All that is wrong, the first of it as field and reason; `words` are those that could have been meant."""
    found = error.errors(include_url=False)
    # A list of which no item is valid is not too short.
    real = [one for one in found if one["type"] != "too_short" or not one["input"]] or found
    first, *others = sorted(real, key=lambda one: FIRST.get(one["type"], 2))
    reason = reason_of(first, words)
    for one in others[: MOST_TOLD - 1]:
        reason += f"; {prefix}{place_of(one)}: {reason_of(one, words)}"
    if len(others) >= MOST_TOLD:
        reason += f" (and {len(others) - MOST_TOLD + 1} more)"
    return InvalidJobError(reason, f"{prefix}{place_of(first)}" or None)


def reason_of(one: ErrorDetails, words: Iterable[str]) -> str:
    """What is wrong in one place."""
    match one["type"]:
        case "extra_forbidden":
            close = suggestion(str(one["loc"][-1]), words)
            return f"unknown word; it would be ignored, so it is refused{close}"
        case "refused" | "missing":
            return one["msg"]
        case _:
            return f"{one['msg']}; got {spelled(one['input']):.100}"


def spelled(value: Any) -> str:
    """A value as JSON spells it."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)


def place_of(one: ErrorDetails) -> str:
    """Where it is wrong: what pydantic knows of it, and what only the refusal knows."""
    path, place = path_of(one["loc"]), str(one.get("ctx", {}).get("place", ""))
    return f"{path}{place}" if path else place.removeprefix(".")


def path_of(location: tuple[int | str, ...]) -> str:
    """`("queries", 0, "Criteria")` as `queries[0].Criteria`."""
    text = ""
    for part in location:
        # A union names its branches ("bool", "function-…") in a path: they are ours, not the reader's.
        if isinstance(part, str) and set(part) & set("-[("):
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
