"""Values of SQL."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from pydantic_core import PydanticCustomError
from sqlglot import exp

from bulkdelete.domain.query.sql.names import only, word
from bulkdelete.domain.query.sql.parsing import Text
from bulkdelete.domain.query.tree import Value
from bulkdelete.domain.query.values import plain_value

CASTS: dict[str, str] = {
    "DATE": r"\d{4}-\d\d-\d\d",
    "TIMESTAMP": r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?",
    "DATETIME": r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?",
    "TIMESTAMPTZ": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:\d\d)?)",
    "UUID": r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
}
"""Type → the texts that mean in it just what they say: others would be cut, or read in some time zone."""
LONGEST_NUMBER = 100
NOW = {"now", "current_timestamp", "current_date", "currentdate", "currenttimestamp", "localtimestamp", "sysdate",
       "date_sub", "date_add", "datetime", "date", "interval", "strftime", "curdate", "utc_timestamp"}  # fmt: skip


def is_value(node: exp.Expr) -> bool:
    """Whether it is meant as a value: no column is in it."""
    return not isinstance(node, exp.Column) and node.find(exp.Column) is None


def value_of(node: exp.Expr, text: Text) -> Value:
    """A value. Raises InvalidJobError for what has to be computed, and for NULL, with which nothing is equal."""
    found: Value
    match node:
        case exp.Paren():
            return value_of(node.this, text)
        case exp.Literal():
            found = str(node.this) if node.is_string else number(str(node.this), node, text)
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            found = -number(str(node.this.this), node, text)
        case exp.Boolean():
            found = bool(node.this)
        case exp.RawString() | exp.National():
            found = str(node.this)
        case exp.Cast() if type(node) is exp.Cast:
            found = cast_value(node, text)
        case exp.Null():
            raise text.refusal(
                "nothing is equal to NULL, and nothing different from it; write IS NULL or IS NOT NULL", node
            )
        case _:
            raise text.refusal(computed(node), node)
    try:
        return plain_value(found)  # type: ignore[no-any-return]
    except PydanticCustomError as error:
        raise text.refusal(str(error), node) from None


def computed(node: exp.Expr, accepted: str = "a value") -> str:
    """Why something is no value (or no column)."""
    names = {str(one.key).lower() for one in node.walk()} | {
        one.name.lower() for one in node.find_all(exp.Anonymous, exp.Func) if isinstance(one.name, str)
    }
    hint = ""
    if any(name.replace("_", "") in {one.replace("_", "") for one in NOW} for name in names):
        hint = "; for dates relative to now write olderthan_x_days(createdon, 30), last_x_months(…), today(…), …"
    return f"{word(node)} is computed, which is not taken; {accepted} such as 3, 'text' or DATE '2024-01-31' is{hint}"


def number(spelled: str, node: exp.Expr, text: Text) -> int | Decimal:
    """A number, exactly."""
    try:
        if len(spelled) > LONGEST_NUMBER:
            raise InvalidOperation
        found = Decimal(spelled)
        if not found.is_finite() or abs(found.adjusted()) > LONGEST_NUMBER:
            raise InvalidOperation
    except InvalidOperation:
        raise text.refusal(f"{spelled:.40} is no number that can be compared", node) from None
    return int(spelled) if spelled.isdecimal() else found


def cast_value(node: exp.Cast, text: Text) -> str:
    """`DATE '2024-01-31'` and the like: the text, where the type changes nothing about it."""
    only(node, text, "this", "to", "_type")
    kind = str(node.to.this.value) if isinstance(node.to, exp.DataType) and not node.to.expressions else "?"
    inner = node.this.this if isinstance(node.this, exp.Paren) else node.this
    if kind not in CASTS or not isinstance(inner, exp.Literal) or not inner.is_string:
        raise text.refusal(f"a cast to {node.to.sql()!s:.40} is not taken; accepted: texts as {', '.join(CASTS)}", node)
    if not re.fullmatch(CASTS[kind], str(inner.this), re.ASCII):
        raise text.refusal(
            f"{str(inner.this)!r:.60} as {kind} would be cut or read in some time zone; write it in full", node
        )
    return str(inner.this)
