"""A list of numbers in whatever spelling, as numbers between commas."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

AROUND = '[]{}" '
"""What stands around the numbers of a list: JSON's brackets, an array's braces, quotes, blanks."""


def listed(text: sa.ColumnElement[Any], trim: Any) -> sa.ColumnElement[str]:
    """The numbers with one comma between, before and after; `trim` takes commas away from both ends."""
    for one in AROUND:
        text = sa.func.replace(text, sa.literal_column(f"'{one}'"), sa.literal_column("''"))
    comma: sa.ColumnElement[Any] = sa.literal_column("','")
    return comma.concat(trim(text, comma)).concat(comma)
