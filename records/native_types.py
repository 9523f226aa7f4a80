"""Types by a database's own names, for what SQLAlchemy does not know."""

from __future__ import annotations

from typing import Any

from sqlalchemy.types import UserDefinedType


class NativeType(UserDefinedType[Any]):
    """A type by the name that the database gives it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_words: Any) -> str:
        """The name, for a cast or a column."""
        return self.name
