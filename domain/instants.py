"""Instants as people name them: with an offset from UTC, or as a local time in an IANA time zone."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

FIRST_YEAR, LAST_YEAR = 1970, 9998
"""What is beyond cannot be told in every time zone."""


def as_naming_of_an_instant(value: Any) -> Any:
    """A date and a time: a number, or a mere date, would be guessed at."""
    found = value if isinstance(value, datetime) else None
    if isinstance(value, str) and len(value) > len("2027-01-04"):
        with suppress(ValueError):
            found = datetime.fromisoformat(value)
    if found is not None and FIRST_YEAR <= found.year <= LAST_YEAR:
        return found
    raise PydanticCustomError("refused", "a date and a time are accepted, such as 2027-01-04T02:00:00+01:00")


def has_zone(value: datetime) -> bool:
    """Whether it names one instant by itself."""
    return value.utcoffset() is not None


def in_utc(value: datetime, time_zone: str) -> datetime:
    """The instant that is meant. A local time without an offset is one of the zone.

    Of a time that the clocks show twice the first is meant; one that they skip counts by the offset before
    (RFC 5545 §3.3.5).
    """
    return (value if has_zone(value) else value.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC)


def refuse_naive(model: str, field: str, value: datetime) -> None:
    """Raise ValidationError for a local time whose zone nobody told."""
    reason = PydanticCustomError(
        "refused",
        "a time without a zone is a different instant for everybody who reads it: add an offset "
        "({value}+01:00, {value}Z), or name the time_zone",
        {"value": value.isoformat()},
    )
    error = InitErrorDetails(type=reason, loc=(field,), input=value)
    raise ValidationError.from_exception_data(model, [error])
