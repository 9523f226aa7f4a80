"""Removal: the records of a closure go, children first, or none of them does."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.causes import KEPT, reason_of_declared
from bulkdelete.records.closure import Closure, Everyone, as_one
from bulkdelete.records.predicates import Truth
from bulkdelete.records.staying import ChangedError, KeptError

SHALLOW = 10
"""Levels of a tree that every database's own cascade reaches down."""


@dataclass
class Removal:
    """Deletes records of a closure, under a savepoint, and counts the links it cleared."""

    connection: sa.Connection
    closure: Closure
    where: Truth
    """The full predicate: it stands in the statement that deletes, too."""
    looks_at: frozenset[str] = frozenset()
    """The entities of other records that the predicate is about."""
    unlinked: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scope = self.closure.scope
        self.dialect = self.closure.dialect

    def attempt(self, among: Everyone) -> None:
        """Delete these roots and all they take along, or nothing. Raises the database's error, or KeptError."""
        orders = self.closure.orders
        ways = [(names, cutting) for cutting in (False, True)[: len(orders)] for names in orders]
        for at, (names, cutting) in enumerate(ways):
            try:
                return self.attempt_in(names, among, cutting)
            except sa.exc.DBAPIError as error:
                # Entities refer to each other in a ring: another of them may have to go first.
                fault = self.dialect.fault(error)
                if at + 1 == len(ways) or fault.kind != "record" or not self.dialect.is_alive(self.connection):
                    raise
        return None

    def attempt_in(self, names: list[str], among: Everyone, cutting: bool) -> None:
        """The same, entity by entity in this order; `cutting` the links between entities that refer to each other."""
        with self.dialect.savepoint(self.connection):
            self.hold_declared(among)
            if self.is_checked_first() and (changed := self.unmatched(among)):
                raise ChangedError(changed)
            unlinked = self.unlink(among)
            cut = {name for name in names if cutting and self.cut_links(name, self.between_entities(name), among)}
            deleted = [self.delete_entity(name, among, name in cut) for name in names]
            if not self.are_all(names, among, deleted) and (kept := self.kept(among)):
                if changed := [one for one in self.unmatched((kept[0], kept[-1])) if one in kept]:
                    raise ChangedError(changed)
                raise KeptError(kept, KEPT)
        for entity, count in unlinked.items():
            self.unlinked[entity] = self.unlinked.get(entity, 0) + count

    def are_all(self, names: list[str], among: Everyone, deleted: list[int]) -> bool:
        """Whether so many deleted records of each entity are all that the closure holds."""
        closure = self.closure
        return among == (1, closure.count) and closure.is_plain and deleted == [closure.rows[name] for name in names]

    def hold_declared(self, among: Everyone) -> None:
        """See that no record which stays keeps one of these by a rule that only a catalogue knows. Raises KeptError."""
        for one in self.closure.restricting():
            if one.declared and (kept := self.closure.blocked_among(one, among)):
                raise KeptError(kept, reason_of_declared(one))

    def unlink(self, among: Everyone) -> dict[str, int]:
        """Clear the links of records that stay; returns entity → how many lost one."""
        counts: dict[str, int] = {}
        for name in self.closure.names:
            for one in self.closure.inner(name):
                if one.unlinks and (count := self.unlink_by(one, among)):
                    counts[one.child] = counts.get(one.child, 0) + count
        return counts

    def unlink_by(self, relationship: Relationship, among: Everyone) -> int:
        """One relationship's links; where the rule sets a default the database does it, and we count."""
        child = self.scope.catalogue.entities[relationship.child]
        target, losing = self.losing(relationship, child, among)
        if relationship.child in self.closure.tables:
            losing = sa.and_(losing, self.closure.stays(relationship.child, among))
        if relationship.rule == "set_default":
            return int(
                self.connection.execute(sa.select(sa.func.count()).select_from(child.table).where(losing)).scalar_one()
            )
        cleared = {child.table.c[one]: None for one in relationship.cleared or relationship.child_columns}
        return self.connection.execute(sa.update(target).where(losing).values(cleared)).rowcount

    def losing(self, relationship: Relationship, child: Entity, among: Everyone) -> tuple[sa.Table | sa.Join, Truth]:
        """The child's records that refer, by this relationship, to one that goes: in what they stand, and which."""
        above = self.closure.tables[relationship.parent].alias("above")
        if self.dialect.deletes_by_join:
            source = self.closure.referring(relationship, above, child.table, self.dialect.led_join)
            return source, above.c.ord.between(*among)
        kid = child.table.alias("kid")
        source = self.closure.referring(relationship, above, kid)
        referring = sa.select(*(kid.c[key] for key in child.key)).select_from(source).where(above.c.ord.between(*among))
        return child.table, as_one(child.key_columns).in_(referring)

    def delete_entity(self, name: str, among: Everyone, is_cut: bool) -> int:
        """The records of one entity; where the database wants it, leaves first. Returns how many the last step took.

        Of records whose links were cut the predicate held in the statement that cut them, and they are held since.
        """
        also = [] if is_cut else self.predicate(name)
        deleted = 0
        for depth in self.levels(name, among):
            chosen = self.closure.holds(name, among, depth)
            if self.delete_leaves(name, sa.and_(chosen, *also)) and self.cut_rings(name, among):
                # We hold these records since they matched, and the statement that cut their links held that again.
                statement = sa.delete(self.closure.entities[name].table).where(chosen)
            else:
                statement = sa.delete(self.closure.entities[name].table).where(sa.and_(chosen, *also))
            deleted = self.connection.execute(statement).rowcount
        return deleted

    def levels(self, name: str, among: Everyone) -> list[int | None]:
        """The depths that are deleted one after the other, deepest first; None: all at once."""
        own = any(one.child == name and one.enforced == "cascade" for one in self.closure.inner(name))
        if own and self.dialect.self_cascading_in_levels:
            deepest = self.closure.depth(name, among)
            if deepest > SHALLOW:
                return list(range(deepest, -1, -1))
        return [None]

    def in_levels(self, name: str) -> list[Relationship]:
        """The entity's references to itself, where there is one of which one statement cannot take both ends.

        Then all of them count: what goes before another by one of them must not be held by another one.
        """
        own = [one for one in self.closure.inner(name) if one.child == name]
        return own if any(self.dialect.self_restricting_in_levels(one) or self.is_deep(one) for one in own) else []

    def is_deep(self, one: Relationship) -> bool:
        """Whether the database's own cascade, of bounded depth, would follow a chain that a catalogue cut short."""
        return self.dialect.self_cascading_in_levels and one.enforced == "cascade" and one.declared

    def delete_leaves(self, name: str, chosen: Truth) -> bool:
        """Records to which none refers, themselves included, again and again; whether the entity needs that at all."""
        entity, levels = self.closure.entities[name], self.in_levels(name)
        kid = entity.table.alias("kid")
        leaf = [
            ~sa.exists().where(
                *(kid.c[own] == entity.table.c[other]
                  for own, other in zip(one.child_columns, one.parent_columns, strict=True))
            )
            for one in levels
        ]  # fmt: skip
        while leaf and self.connection.execute(sa.delete(entity.table).where(chosen, *leaf)).rowcount:
            pass
        return bool(leaf)

    def cut_rings(self, name: str, among: Everyone) -> bool:
        """Clear the links of records that go and still refer to each other, or to themselves; whether any did."""
        return self.cut_links(name, self.in_levels(name), among)

    def between_entities(self, name: str) -> list[Relationship]:
        """The references of an entity onto others that go as well, and that the database keeps for their sake."""
        return [one for one in self.closure.links() if one.holds and one.child == name and one.parent != name]

    def cut_links(self, name: str, links: list[Relationship], among: Everyone) -> bool:
        """Clear links of records that go; whether there were any.

        Only links that may be null: the others stay, and the database says what it makes of them.
        """
        entity = self.closure.entities[name]
        chosen = sa.and_(self.closure.holds(name, among), *self.predicate(name))
        cut = False
        for one in links:
            columns = [
                entity.table.c[column]
                for column in one.child_columns
                if entity.attributes[column].nullable and column not in entity.key
            ]
            there = [entity.table.c[column].is_not(None) for column in one.child_columns]
            if columns:
                statement = sa.update(entity.table).where(chosen, *there).values(dict.fromkeys(columns))
                cut = bool(self.connection.execute(statement).rowcount) or cut
        return cut

    def predicate(self, name: str) -> list[Truth]:
        """What must hold of an entity's records in the statement that deletes them."""
        if name != self.closure.entity.name or self.takes_its_own() or self.is_checked_first():
            return []
        return [self.where]

    def is_checked_first(self) -> bool:
        """Whether the predicate is about records that go, or lose a link, before those that were asked for.

        Then it is held against the roots in a statement of its own, right before the first of them goes.
        """
        if not self.looks_at:
            return False
        written = {one.name for one in self.scope.catalogue.written(self.closure.entity.name)}
        return bool(self.looks_at & written) or self.takes_its_own()

    def unmatched(self, among: Everyone) -> list[int]:
        """Those of these roots that are still there and match no more; none where other records do not matter."""
        return self.matching_no_more(among) if self.looks_at else []

    def matching_no_more(self, among: Everyone) -> list[int]:
        """Those of these roots that are gone by now, or that the predicate is not true of any more."""
        name = self.closure.entity.name
        work = self.closure.tables[name]
        entity = self.closure.entity
        matching = sa.exists().where(self.where, self.closure.is_record(name)).select_from(entity.table)
        asked = sa.select(work.c.ord).distinct().where(work.c.ord.between(*among), work.c.depth == 0, ~matching)
        return sorted(self.connection.execute(asked).scalars())

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
