"""Removal: the records of a closure go, children first, or none of them does."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.closure import Closure, Everyone
from bulkdelete.records.predicates import Truth


class KeptError(Exception):
    """A trigger silently kept records: these roots must stay whole."""

    def __init__(self, ords: list[int]) -> None:
        super().__init__(f"{len(ords)} records were kept")
        self.ords = ords


@dataclass
class Removal:
    """Deletes records of a closure, under a savepoint, and counts the links it cleared."""

    connection: sa.Connection
    closure: Closure
    where: Truth
    """The full predicate: it stands in the statement that deletes, too."""
    unlinked: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scope = self.closure.scope
        self.dialect = self.closure.dialect

    def attempt(self, ords: list[int]) -> None:
        """Delete these roots and all they take along, or nothing. Raises the database's error, or KeptError."""
        among = (ords[0], ords[-1])
        with self.dialect.savepoint(self.connection):
            unlinked = self.unlink(among)
            for name in self.closure.names:
                self.delete_entity(name, among)
            if kept := self.kept(among):
                raise KeptError(kept)
        for entity, count in unlinked.items():
            self.unlinked[entity] = self.unlinked.get(entity, 0) + count

    def unlink(self, among: Everyone) -> dict[str, int]:
        """Clear the links of records that stay; returns entity → how many lost one."""
        counts: dict[str, int] = {}
        for name in self.closure.names:
            for one in self.closure.inner(name):
                if one.rule in {"remove_link", "set_default"} and (count := self.unlink_by(one, among)):
                    counts[one.child] = counts.get(one.child, 0) + count
        return counts

    def unlink_by(self, relationship: Relationship, among: Everyone) -> int:
        """One relationship's links; where the rule sets a default the database does it, and we count."""
        child = self.scope.catalogue.entities[relationship.child]
        kid = child.table.alias("kid")
        above = self.closure.tables[relationship.parent].alias("above")
        source, linked_by = self.closure.linked(relationship, above, kid)
        keys = [child.table.c[key] for key in child.key]
        referring = (
            sa.select(*(kid.c[key] for key in child.key))
            .select_from(source)
            .where(linked_by, above.c.ord.between(*among))
        )
        linked: Truth = (keys[0] if len(keys) == 1 else sa.tuple_(*keys)).in_(referring)
        if relationship.child in self.closure.tables:
            linked = sa.and_(linked, ~self.closure.holds(relationship.child, among))
        if relationship.rule == "set_default":
            return int(
                self.connection.execute(sa.select(sa.func.count()).select_from(child.table).where(linked)).scalar_one()
            )
        statement = (
            sa.update(child.table)
            .where(linked)
            .values(dict.fromkeys(relationship.cleared or relationship.child_columns))
        )
        return self.connection.execute(statement).rowcount

    def delete_entity(self, name: str, among: Everyone) -> None:
        """The records of one entity; where the database wants it, leaves first."""
        entity = self.closure.entities[name]
        chosen = self.closure.holds(name, among)
        if name == self.closure.entity.name and not self.takes_its_own():
            chosen = sa.and_(chosen, self.where)
        levels = [
            one
            for one in self.closure.inner(name)
            if one.child == name and self.dialect.self_restricting_in_levels(one)
        ]
        while levels:
            kid = entity.table.alias("kid")
            leaf = [
                ~sa.exists().where(
                    *(kid.c[own] == entity.table.c[other]
                      for own, other in zip(one.child_columns, one.parent_columns, strict=True)),
                    sa.or_(*(kid.c[key] != entity.table.c[key] for key in entity.key)),
                )
                for one in levels
            ]  # fmt: skip
            if not self.connection.execute(sa.delete(entity.table).where(chosen, *leaf)).rowcount:
                break
        self.connection.execute(sa.delete(entity.table).where(chosen))

    def takes_its_own(self) -> bool:
        """Whether a cascade takes records of the entity itself, which need not match the query."""
        name = self.closure.entity.name
        return any(
            one.rule == "cascade" and one.child in self.closure.tables for one in self.closure.inner(name)
        ) and any(
            one.child == name and one.rule == "cascade"
            for reached in self.closure.names
            for one in self.closure.inner(reached)
        )

    def kept(self, among: Everyone) -> list[int]:
        """Roots of which some record is still there, though no statement failed."""
        found: set[int] = set()
        for name, work in self.closure.tables.items():
            present = sa.exists().where(self.closure.is_record(name))
            rows = sa.select(work.c.ord).distinct().where(work.c.ord.between(*among), present)
            found.update(self.connection.execute(rows).scalars())
        return sorted(found)
