"""Where an operation keeps its fence and ledger in the target database: a schema, a prefix of the tables' names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

WRITTEN = re.compile(r"(?:(?P<schema>[A-Za-z_][A-Za-z0-9_]{0,62})\.)?(?P<prefix>(?:[A-Za-z_][A-Za-z0-9_]{0,39})?)")
"""With the longest name of ours a prefix stays below the 63 bytes that PostgreSQL takes."""
ACCEPTED = (
    "SCHEMA.PREFIX is accepted, such as ops.bulkdelete_, or one of both: ops. or bulkdelete_ "
    "(ASCII letters, digits and _; a prefix of at most 40)"
)


@dataclass(frozen=True)
class LedgerPlace:
    """A schema (on MariaDB and MySQL a database), and what the names of the tables begin with."""

    schema: str | None = None
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.schema}.{self.prefix}" if self.schema else self.prefix

    @classmethod
    def read(cls, text: str) -> LedgerPlace:
        """The place that a setting spells. Raises ValueError saying what is accepted."""
        found = WRITTEN.fullmatch(text)
        if not text or found is None:
            raise ValueError(ACCEPTED)
        return cls(found["schema"], found["prefix"])


def as_ledger(value: Any) -> Any:
    """A place as a setting spells it. Raises PydanticCustomError."""
    try:
        return value if value is None else str(LedgerPlace.read(value if isinstance(value, str) else ""))
    except ValueError as error:
        raise PydanticCustomError("ledger", "{why}", {"why": str(error)}) from None


Ledger = Annotated[str, BeforeValidator(as_ledger)]
"""A field that spells a place."""
