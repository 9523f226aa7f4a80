"""Schema: what a database says of its tables; one implementation a dialect, for the length of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bulkdelete.records.catalogue import Entity, Relationship


class Schema(Protocol):
    """The tables of a database, each told by the database's own name: with its schema where that is needed."""

    def resolve(self, name: str, path: str) -> str:
        """The table that a name means. Raises InvalidJobError at this path for an unknown one, a view and the like."""
        ...

    def entity(self, table: str, path: str | None) -> Entity:
        """One table as an entity. `path` is where the job asks for it; None: a deletion merely reaches it."""
        ...

    def referrers(self, tables: Sequence[str]) -> list[Relationship]:
        """The foreign keys onto these tables, from wherever."""
        ...

    def references(self, table: str) -> list[Relationship]:
        """The foreign keys of this table, onto wherever."""
        ...

    def is_indexed(self, table: str, columns: tuple[str, ...]) -> bool:
        """Whether an index of the table begins with these columns, in any order."""
        ...
