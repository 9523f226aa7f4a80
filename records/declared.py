"""Declared relationships held against a database: what they add to its foreign keys, and which they override."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bulkdelete.domain.declarations import Declarations, DeclaredRelationship
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.catalogue import ANY, Attribute, Entity, Relationship
from bulkdelete.records.naming import PATH, Naming
from bulkdelete.records.schema import Schema

NUMBERS = {"integer", "decimal", "float"}


class Declared:
    """What a catalogue declares of a database's tables. Raises InvalidJobError where it does not fit them."""

    def __init__(self, schema: Schema, declarations: Declarations) -> None:
        self.schema = schema
        self.naming = Naming(schema, declarations.entities, declarations.time_zone)
        self.loaded: dict[str, Entity] = {}
        self.overriding: dict[Relationship, Relationship] = {}
        self.added: list[Relationship] = []
        for name, said in declarations.entities.items():
            if said.hierarchy:
                self.columns(self.naming.tables[name], [said.hierarchy], f"{PATH}.entities.{name}.hierarchy")
            if said.created_on:
                self.columns(self.naming.tables[name], [said.created_on], f"{PATH}.entities.{name}.created_on")
        for at, one in enumerate(declarations.relationships):
            self.declare(one, f"{PATH}.relationships[{at}]")

    def entity(self, table: str) -> Entity:
        """A table as an entity that a deletion merely reaches."""
        if table not in self.loaded:
            self.loaded[table] = self.schema.entity(table, None)
        return self.loaded[table]

    def placed(self, entity: Entity) -> Entity:
        """A table as the entity that the catalogue makes of it: its name, and the zone of its times."""
        part_of = tuple(self.name(one) for one in entity.part_of)
        zone = self.naming.time_zone(entity.name)
        return replace(entity, name=self.name(entity.name), time_zone=zone, part_of=part_of)

    def name(self, table: str) -> str:
        """How the entity of a table is called."""
        return self.naming.name(table)

    def declare(self, said: DeclaredRelationship, path: str) -> None:
        """Add a relationship, or override the foreign keys over the same columns."""
        child = self.naming.resolve(said.child, f"{path}.child")
        parent = self.naming.resolve(said.parent, f"{path}.parent")
        columns = self.columns(child, said.columns, f"{path}.columns")
        references = self.columns(parent, said.references, f"{path}.references") if said.references else None
        keys = [
            one for one in self.schema.referrers([parent])
            if one.child == child and is_over(one, columns, references)
        ]  # fmt: skip
        for key in keys:
            self.refuse_twice(key in self.overriding, said, path)
            self.overriding[key] = self.overridden(key, said, path)
        if keys:
            return
        references = references or self.key(parent, f"{path}.references")
        self.refuse_unlike(child, columns, parent, references, path)
        name = "_".join((*self.name(child).split("."), *columns))
        found = Relationship(
            name, child, columns, parent, references, said.rule, declared=True,
            indexed=self.schema.is_indexed(child, columns), cleared=self.cleared(child, columns, said, path),
        )  # fmt: skip
        twice = any(one.child == child and one.parent == parent and is_over(one, columns, references)
                    for one in self.added)  # fmt: skip
        self.refuse_twice(twice, said, path)
        self.added.append(found)

    def overridden(self, key: Relationship, said: DeclaredRelationship, path: str) -> Relationship:
        """A foreign key with the declared rule; the same where that says nothing new."""
        if key.rule == said.rule or (key.rule == "no_action" and said.rule == "restrict"):
            return key
        cleared = self.cleared(key.child, key.child_columns, said, path) or key.cleared
        return replace(key, rule=said.rule, declared=True, own=key.rule, cleared=cleared)

    def cleared(self, child: str, columns: tuple[str, ...], said: DeclaredRelationship, path: str) -> tuple[str, ...]:
        """The columns that removing the link clears: those that may be null and are no part of the key."""
        if said.rule != "remove_link":
            return ()
        entity = self.entity(child)
        found = tuple(one for one in columns if entity.attributes[one].nullable and one not in entity.key)
        if not found:
            raise InvalidJobError(
                f'"{said.child}.{", ".join(columns)}" may not be null: the link cannot be removed; '
                "accepted: cascade, restrict",
                f"{path}.rule",
            )
        return found

    def columns(self, table: str, names: Sequence[str], path: str) -> tuple[str, ...]:
        """Columns as their table spells them."""
        entity = replace(self.entity(table), name=self.name(table))
        return tuple(entity.attribute(name, path).name for name in names)

    def key(self, parent: str, path: str) -> tuple[str, ...]:
        """What is referred to where nothing else is said."""
        entity = self.entity(parent)
        if not entity.key or not set(entity.key) <= set(entity.attributes):
            raise InvalidJobError(f'"{self.name(parent)}" has no primary key: say which columns are referred to', path)
        return entity.key

    def refuse_unlike(
        self, child: str, columns: tuple[str, ...], parent: str, references: tuple[str, ...], path: str
    ) -> None:
        """Columns that cannot be compared refer to nothing."""
        if len(columns) != len(references):
            raise InvalidJobError(
                f"{len(columns)} columns refer to {len(references)} of \"{self.name(parent)}\" "
                f"({', '.join(references)})", f"{path}.references",
            )  # fmt: skip
        for at, (own, other) in enumerate(zip(columns, references, strict=True)):
            one, two = self.entity(child).attributes[own], self.entity(parent).attributes[other]
            if not are_comparable(one, two):
                raise InvalidJobError(
                    f'"{own}" of "{self.name(child)}" is {one.native}, "{other}" of "{self.name(parent)}" is '
                    f"{two.native}: they cannot be compared", f"{path}.columns[{at}]",
                )  # fmt: skip

    def refuse_twice(self, twice: bool, said: DeclaredRelationship, path: str) -> None:
        """One relationship has one rule."""
        if twice:
            raise InvalidJobError(f'"{said.child}.{", ".join(said.columns)}" → "{said.parent}" stands twice', path)

    def referrers(self, tables: Sequence[str]) -> list[Relationship]:
        """The relationships onto these tables: the database's, with what overrides them, and those that were added."""
        known = [self.overriding.get(one, one) for one in self.schema.referrers(tables)]
        return known + [one for one in self.added if one.parent in tables]

    def references(self, table: str) -> list[Relationship]:
        """The relationships of this table: the database's, and those that were added."""
        return self.schema.references(table) + [one for one in self.added if one.child == table]


def is_over(one: Relationship, columns: tuple[str, ...], references: tuple[str, ...] | None) -> bool:
    """Whether a relationship is over these columns, in whatever order."""
    if references is None:
        return set(one.child_columns) == set(columns)
    pairs = zip(columns, references, strict=False)
    return len(columns) == len(references) and set(zip(one.child_columns, one.parent_columns, strict=True)) == set(
        pairs
    )


def are_comparable(one: Attribute, two: Attribute) -> bool:
    """Whether a value of the one may equal a value of the other."""
    if ANY in {one.native, two.native}:
        return True
    if "other" in {one.kind, two.kind}:
        return one.native == two.native
    return one.kind == two.kind or {one.kind, two.kind} <= NUMBERS
