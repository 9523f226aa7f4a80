"""Values of a query as JSON and YAML give them, plain or with their .NET type (spec §6.1)."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from bulkdelete.domain.query.tree import Value

NUMBERS = {
    "System.Byte", "System.Int16", "System.Int32", "System.Int64", "System.Single", "System.Double", "System.Decimal",
    "Microsoft.Xrm.Sdk.Money", "Microsoft.Xrm.Sdk.OptionSetValue",
    "Edm.Byte", "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Single", "Edm.Double", "Edm.Decimal",
}  # fmt: skip
BOOLEANS = {"System.Boolean", "Edm.Boolean"}
TEXTS = {
    "System.String", "System.Guid", "System.DateTime", "System.DateTimeOffset", "Edm.String", "Edm.Guid",
    "Edm.DateTimeOffset", "Edm.Date",
}  # fmt: skip
TYPES = NUMBERS | BOOLEANS | TEXTS
"""The types that a value may name."""


def refused(message: str, place: str = "") -> PydanticCustomError:
    """A refusal that pydantic gives the path to; `place` leads on from there, as in `.Criteria.Filters[0]`."""
    return PydanticCustomError("refused", "{message}", {"message": message, "place": place})


def plain_value(value: Any) -> Any:
    """The value itself: unwraps `{"Value": …, "Type": …}`, dates that YAML has read as text."""
    if isinstance(value, dict) and "Value" in value and not set(value) - {"Value", "Type", "@odata.type"}:
        value = typed_value(value["Value"], value.get("Type"))
    if value is None:
        raise refused("null is not a value: use the operator Null or NotNull")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and not value.is_finite():
        raise refused(f"{value} is not a number that can be compared")
    if not isinstance(value, bool | int | Decimal | str):
        raise refused(f"{value!r} is no text, number or boolean")
    if isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value):
        raise refused("a text with half a character (a lone surrogate) matches nothing in any database")
    if isinstance(value, str) and "\0" in value:
        raise refused("a text with a NUL character matches nothing in any database")
    return value


def typed_value(value: Any, kind: Any) -> Any:
    """A value in the type that it names; a number or boolean may be spelled as text there."""
    if kind is None:
        return value
    if not isinstance(kind, str) or kind not in TYPES:
        raise refused(f"{kind!r:.100} is no type of a value; accepted: {', '.join(sorted(TYPES))}")
    if kind in NUMBERS and isinstance(value, str):
        try:
            return int(value) if value.strip().lstrip("+-").isdecimal() else Decimal(value)
        except (InvalidOperation, ValueError):
            raise refused(f"{value!r} is no {kind}") from None
    if kind in BOOLEANS and isinstance(value, str):
        if value.lower() not in {"true", "false"}:
            raise refused(f"{value!r} is no {kind}; accepted: true, false")
        return value.lower() == "true"
    if kind in TEXTS and not isinstance(value, str | datetime.date | None):
        raise refused(f"{value!r} is no {kind}: put it in quotes")
    return value


def json_value(value: Value) -> bool | int | float | str:
    """A value for JSON: a decimal as a number where that is exact, else as its text."""
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def written_value(value: Value) -> bool | int | float | str | dict[str, str]:
    """A value for JSON that is read back as the same: what a number of JSON cannot hold names its type."""
    found = json_value(value)
    return (
        {"Value": found, "Type": "System.Decimal"} if isinstance(value, Decimal) and isinstance(found, str) else found
    )


PlainValue = Annotated[
    bool | int | Decimal | str, BeforeValidator(plain_value), PlainSerializer(json_value, when_used="json")
]
