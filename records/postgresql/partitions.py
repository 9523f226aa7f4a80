"""Partitions of a PostgreSQL database: tables with foreign keys of their own, whose records are also their parent's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bulkdelete.domain.errors import InvalidJobError


@dataclass(frozen=True)
class Partitions:
    """Which table is a partition of which others; tables by their oid."""

    ancestors: Mapping[int, tuple[int, ...]]
    """A partition → what it is a part of, the nearest first."""

    @classmethod
    def of(cls, relations: Sequence[Mapping[str, Any]]) -> Partitions:
        """Those among a database's relations."""
        return cls({row["oid"]: tuple(row["ancestors"]) for row in relations if row["ancestors"]})

    def above(self, table: int) -> tuple[int, ...]:
        """The table, then all that it is a part of: their foreign keys are its own, too."""
        return (table, *self.ancestors.get(table, ()))

    def below(self, table: int) -> list[int]:
        """Its partitions, theirs too."""
        return [one for one, ancestors in self.ancestors.items() if table in ancestors]

    def holding(self, tables: Collection[int], referred: int) -> list[int]:
        """Which of these tables have records that foreign keys onto `referred` refer to."""
        return [one for one in tables if referred in self.above(one) or one in self.ancestors.get(referred, ())]


def refuse_partial(name: str, columns: Sequence[str], key: Sequence[str], table: str, partition: str) -> None:
    """A foreign key onto one partition alone must tell records of the whole table apart. Raises InvalidJobError."""
    if not key or not set(key) <= set(columns):
        raise InvalidJobError(
            f'the foreign key "{name}" refers to "{partition}" alone, a partition of "{table}", by columns that other '
            "partitions may repeat: what refers to a record cannot be told. Accepted: one that refers to the "
            f"whole primary key ({', '.join(key) or 'there is none'})"
        )
