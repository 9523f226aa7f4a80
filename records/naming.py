"""The names of a declared catalogue: which tables they mean, and what is said of each entity by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bulkdelete.domain.declarations import DeclaredEntity
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.catalogue import Entity, Relationship, suggestion
from bulkdelete.records.schema import Schema

PATH = "catalogue"
"""Where the path of what is wrong with a catalogue begins."""


class Naming:
    """Names and tables, both ways; tables are told by the database's own name. Raises InvalidJobError."""

    def __init__(self, schema: Schema, said: Mapping[str, DeclaredEntity], zone: str | None = None) -> None:
        self.schema = schema
        self.said = said
        self.zone = zone
        self.tables: dict[str, str] = {}
        """The catalogue's name → the table."""
        self.keys: dict[str, str] = {}
        """A table → under which name the catalogue speaks of it."""
        for name in said:
            self.find_table(name)
        for name in said:
            self.refuse_taken(name)

    def find_table(self, name: str) -> None:
        """Which table an entity is."""
        table = self.said[name].table
        path = f"{PATH}.entities.{name}" + (".table" if table else "")
        found = self.schema.resolve(table or name, path)
        if found in self.keys:
            raise InvalidJobError(f'"{found}" is already called "{self.keys[found]}" in the catalogue', path)
        self.tables[name], self.keys[found] = found, name

    def refuse_taken(self, name: str) -> None:
        """A name that the catalogue gives is no other table's."""
        try:
            other = self.schema.resolve(name, "")
        except InvalidJobError:
            return
        if other == name != self.tables[name] and self.name(other) == name:
            raise InvalidJobError(
                f'the database has a table "{name}" of its own: choose another name, or give that table one, too',
                f"{PATH}.entities.{name}",
            )

    def name(self, table: str) -> str:
        """How the entity of a table is called: as the catalogue says, else as the database does."""
        key = self.keys.get(table)
        return key if key is not None and self.said[key].table else table

    def resolve(self, name: str, path: str) -> str:
        """The table that an entity's name means: the catalogue's names go before the database's."""
        if name in self.tables:
            return self.tables[name]
        try:
            return self.schema.resolve(name, path)
        except InvalidJobError as error:
            same = [one for one in self.tables if one.lower() == name.lower()]
            if len(same) == 1:
                return self.tables[same[0]]
            if not self.said:
                raise
            named = ", ".join(sorted(self.said)[:50])
            reason = f"{error.reason}; entities of the catalogue: {named}.{suggestion(name, self.said)}"
            raise InvalidJobError(reason, path) from None

    def time_zone(self, table: str) -> str | None:
        """The zone of times that a table stores without one: the entity's, else the database's; None: not said."""
        own = self.said[self.keys[table]].time_zone if table in self.keys else None
        return own or self.zone

    def hierarchy(self, table: str) -> str | None:
        """The attribute that refers to the record above, where the catalogue says it."""
        return self.said[self.keys[table]].hierarchy if table in self.keys else None

    def is_excluded(self, table: str) -> bool:
        """Whether its records are never deleted."""
        return table in self.keys and self.said[self.keys[table]].exclude

    def refuse_excluded(self, name: str, table: str, path: str) -> None:
        """Records of an excluded entity are not asked for."""
        if self.is_excluded(table):
            raise InvalidJobError(f'the catalogue excludes "{name}": its records are not deleted', path)

    def refuse_cascade(self, one: Relationship) -> None:
        """Records of an excluded entity are not taken along."""
        if self.is_excluded(one.child):
            raise InvalidJobError(
                f'a deletion of "{self.name(one.parent)}" takes records of "{self.name(one.child)}" along '
                f"({one.name}), which the catalogue excludes; a relationship of remove_link or restrict keeps them",
                f"{PATH}.entities.{self.keys[one.child]}.exclude",
            )

    def created_on(self, entities: Iterable[Entity]) -> dict[str, str | None]:
        """Of entities, by name, what tells when a record was created, where the catalogue says so; None: nothing."""
        found: dict[str, str | None] = {}
        for one in entities:
            key = self.keys.get(one.name)
            chosen = None if key is None else self.said[key].created_on
            if chosen is not None:
                path = f"{PATH}.entities.{key}.created_on"
                found[self.name(one.name)] = one.timed(chosen, path).name if chosen else None
        return found
