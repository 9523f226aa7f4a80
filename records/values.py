"""Values of a query, checked against the type of the attribute they are compared with.

A value that does not fit is refused: a database that converts it by itself may match far more (`0` equals every
text in MariaDB). Text stays text; a number may be spelled as text; a time on an attribute with a zone needs one.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from uuid import UUID

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.tree import Value
from bulkdelete.records.catalogue import Attribute, Kind

Bound = bool | int | float | Decimal | str | bytes | UUID | datetime.date | datetime.datetime

LARGEST_INTEGER = 2**63
BOUNDS = {
    "smallint": (-(2**15), 2**15 - 1), "integer": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1),
}  # fmt: skip
"""What PostgreSQL's integers hold."""


def fit(value: Value, attribute: Attribute, path: str) -> Bound:
    """The value in the attribute's type. Raises InvalidJobError naming the value, the type and what is accepted."""
    reader, accepted = READERS[attribute.kind]
    try:
        found = reader(value)
        if isinstance(found, int) and (bounds := BOUNDS.get(attribute.native)) and not bounds[0] <= found <= bounds[1]:
            accepted = f"a whole number from {bounds[0]:,} to {bounds[1]:,}"
            raise OverflowError
        if isinstance(found, int) and found >= LARGEST_INTEGER and "unsigned" not in attribute.native:
            raise OverflowError
        return found
    except (ValueError, TypeError, InvalidOperation, OverflowError, KeyError):
        raise misfit(value, attribute, path, accepted) from None


def misfit(value: Value, attribute: Attribute, path: str, accepted: str) -> InvalidJobError:
    """The refusal of a value that does not fit."""
    shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return InvalidJobError(
        f'{shown:.100} does not fit "{attribute.name}", which is {attribute.native}; accepted: {accepted}', path
    )


def as_integer(value: Value) -> int:
    """A whole number of 64 bits."""
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str) and not value.strip().lstrip("+-").isdecimal():
        raise ValueError
    if isinstance(value, Decimal) and value != value.to_integral_value():
        raise ValueError
    number = int(value)
    if not -LARGEST_INTEGER <= number < 2 * LARGEST_INTEGER:
        raise OverflowError
    return number


def as_decimal(value: Value) -> Decimal:
    """An exact number."""
    if isinstance(value, bool):
        raise TypeError
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError
    return number


def as_float(value: Value) -> float:
    """A floating-point number."""
    number = float(as_decimal(value))
    if not math.isfinite(number):
        raise OverflowError
    return number


def as_boolean(value: Value) -> bool:
    """True or false; Dataverse's 1 and 0 as well."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}[value.lower()]
    return {0: False, 1: True}[int(as_decimal(value))]


def as_text(value: Value) -> str:
    """A text: a number is not turned into one."""
    if not isinstance(value, str):
        raise TypeError
    return value


def as_uuid(value: Value) -> UUID:
    """A uuid."""
    return UUID(as_text(value))


def as_date(value: Value) -> datetime.date:
    """A day."""
    return datetime.date.fromisoformat(as_text(value))


def as_datetime(value: Value) -> datetime.datetime:
    """A time without a zone, in UTC: one with an offset is converted, a day means its midnight."""
    found = datetime.datetime.fromisoformat(as_text(value))
    return found.astimezone(datetime.UTC).replace(tzinfo=None) if found.tzinfo else found


def as_instant(value: Value) -> datetime.datetime:
    """An instant: a time with an offset, or a day, which means its midnight in UTC."""
    text = as_text(value)
    found = datetime.datetime.fromisoformat(text)
    if found.tzinfo is None:
        datetime.date.fromisoformat(text)
        found = found.replace(tzinfo=datetime.UTC)
    return found.astimezone(datetime.UTC)


def as_binary(value: Value) -> bytes:
    """Bytes, spelled in hexadecimal."""
    return bytes.fromhex(as_text(value).removeprefix("0x").removeprefix("\\x"))


def as_other(value: Value) -> str:
    """Whatever the database makes of the text."""
    return value if isinstance(value, str) else str(value).lower()


READERS: dict[Kind, tuple[Callable[[Value], Bound], str]] = {
    "integer": (as_integer, "a whole number of 64 bits"),
    "decimal": (as_decimal, "a number"),
    "float": (as_float, "a number"),
    "boolean": (as_boolean, "true, false"),
    "text": (as_text, "a text (put it in quotes)"),
    "uuid": (as_uuid, "a uuid"),
    "date": (as_date, "a day such as 2024-01-31"),
    "datetime": (as_datetime, "a time such as 2024-01-31T13:00:00, or a day"),
    "instant": (as_instant, "a time with its offset such as 2024-01-31T13:00:00Z, or a day (midnight in UTC)"),
    "binary": (as_binary, "bytes in hexadecimal"),
    "other": (as_other, "a text that the database can read"),
}
