"""The entity catalogue: entities, attributes and relationships, as the database says they are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.record_ids import KeyKind

Kind = Literal[
    "integer", "decimal", "float", "boolean", "text", "uuid", "date", "datetime", "instant", "binary", "other"
]
Rule = Literal["cascade", "remove_link", "set_default", "restrict", "no_action"]

ANY = "of any type"
"""How the type of an attribute is told that has none, and holds anything."""
CREATED_ON = ("createdon", "created_on", "created_at")
"""The names under which an attribute that holds a time is taken for created-on, unless the job says otherwise."""


@dataclass(frozen=True)
class Attribute:
    """One column: its kind, and the database's own name for its type."""

    name: str
    kind: Kind
    native: str
    nullable: bool
    has_time: bool = False
    collation: str | None = None
    """Where the database does not keep it with the values: how a key compares."""
    fraction: int = 6
    """Of a time: the decimals of a second that the column keeps."""


@dataclass(frozen=True)
class Relationship:
    """A foreign key, and what deleting the referenced record does to the referencing ones."""

    name: str
    child: str
    child_columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    rule: Rule
    deferrable: bool = False
    indexed: bool = True
    """Whether an index of the child begins with its columns: without one each deleted record scans the child."""
    cleared: tuple[str, ...] = ()
    """The columns that removing the link clears; none: all of its columns."""
    required: bool = False
    """Whether one of those may not be null: then the link cannot be removed."""
    declared: bool = False
    """Whether a catalogue says so, not the database."""
    own: Rule | None = None
    """Of a declared one: the rule that the database has for it all the same; None: it does not know it."""

    @property
    def restricts(self) -> bool:
        """Whether a referencing record keeps the referenced one; one whose link cannot be removed does."""
        return self.rule in {"restrict", "no_action"} or (self.rule == "remove_link" and self.required)

    @property
    def enforced(self) -> Rule | None:
        """What the database itself does, whatever a catalogue says; None: nothing."""
        return self.own if self.declared else self.rule

    @property
    def holds(self) -> bool:
        """Whether the database itself keeps the referenced record while the referencing one is there."""
        return self.enforced in {"restrict", "no_action"} or (self.enforced == "remove_link" and self.required)

    @property
    def unlinks(self) -> bool:
        """Whether a referencing record stays and loses its link, or falls back to a default."""
        return self.rule in {"remove_link", "set_default"} and not self.restricts


@dataclass(frozen=True)
class Entity:
    """A table whose records can be deleted: one with a primary key."""

    name: str
    table: sa.Table
    key: tuple[str, ...]
    key_kind: KeyKind
    attributes: Mapping[str, Attribute]
    physical: Mapping[str, str] = field(default_factory=dict)
    """What only the dialect knows, such as the partitions or whether there is a rowid."""
    time_zone: str | None = None
    """The zone of times that are stored without one, where the catalogue says it; None: the job's."""
    part_of: tuple[str, ...] = ()
    """Entities whose records its own are, too: those of which it is a partition."""

    @property
    def key_columns(self) -> list[sa.Column[object]]:
        """The columns of the primary key, in key order."""
        return [self.table.c[name] for name in self.key]

    def attribute(self, name: str, path: str) -> Attribute:
        """The attribute of that name. Raises InvalidJobError that suggests the right one."""
        if name in self.attributes:
            return self.attributes[name]
        same = [one for one in self.attributes if one.lower() == name.lower()]
        if len(same) == 1:
            return self.attributes[same[0]]
        raise InvalidJobError(
            f'entity "{self.name}" has no attribute "{name}".{suggestion(name, self.attributes)} '
            f"attributes: {', '.join(self.attributes)}",
            path,
        )

    def timed(self, name: str, path: str) -> Attribute:
        """The attribute of that name, which holds times. Raises InvalidJobError."""
        attribute = self.attribute(name, path)
        if not attribute.has_time:
            raise InvalidJobError(f'"{name}" is {attribute.native} and holds no time of day', path)
        return attribute

    def created_on(self, chosen: Mapping[str, str | None]) -> Attribute | None:
        """The attribute that tells when a record was created: as the job says, else by its name."""
        if self.name in chosen:
            name = chosen[self.name]
            return None if name is None else self.timed(name, f"options.created_on.{self.name}")
        for attribute in self.attributes.values():
            if attribute.name.lower() in CREATED_ON and attribute.has_time:
                return attribute
        return None


@dataclass(frozen=True)
class Hierarchy:
    """An entity whose records refer to one above them: `up` refers to `node`."""

    entity: Entity
    node: str
    up: str


MOST_ORDERS = 4
"""Ways to begin a ring of entities that are tried."""


def keyless(name: str) -> str:
    """Why an entity is refused whose records nothing tells apart."""
    return f'"{name}" has no primary key, nor a unique key that is never null: its records cannot be told apart'


def suggestion(name: str, known: Iterable[str]) -> str:
    """` Did you mean "…"?`, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f' Did you mean "{close[0]}"?' if close else ""


@dataclass(frozen=True)
class Catalogue:
    """The entities a job touches: those it names, and all that a deletion of their records reaches."""

    entities: Mapping[str, Entity]
    """By the name that a declared catalogue gives them, else the database, with its schema where that is needed."""
    relationships: tuple[Relationship, ...]
    asked: Mapping[str, str]
    """A job's spelling of an entity → its name here."""
    created_on: Mapping[str, str | None] = field(default_factory=dict)
    """Entity → the attribute that a declared catalogue chose to tell when a record was created; None: none."""
    linked: Mapping[str, Entity] = field(default_factory=dict)
    """A job's spelling of an entity that its queries only read → that entity."""
    hierarchies: Mapping[tuple[str, str], Hierarchy | str] = field(default_factory=dict)
    """Entity and attribute → the hierarchy that the attribute's values belong to, or why there is none."""

    @classmethod
    def of(
        cls,
        entities: Mapping[str, Entity],
        relationships: Iterable[Relationship],
        asked: Mapping[str, str],
        created_on: Mapping[str, str | None],
        linked: Mapping[str, Entity],
        hierarchies: Mapping[tuple[str, str], Hierarchy | str],
    ) -> Catalogue:
        """The catalogue, with what the attributes say of the relationships."""

        def is_required(one: Relationship) -> bool:
            attributes = entities[one.child].attributes
            return any(not attributes[name].nullable for name in one.cleared or one.child_columns)

        known = tuple(replace(one, required=is_required(one)) for one in relationships)
        return cls(entities, known, asked, created_on, linked, hierarchies)

    def hierarchy(self, entity: str, attribute: str, path: str) -> Hierarchy:
        """The hierarchy that an attribute's values belong to. Raises InvalidJobError where there is none."""
        same = {(name, one.lower()): found for (name, one), found in self.hierarchies.items()}
        found = same.get((entity, attribute.lower()), f'"{attribute}" refers to no hierarchy')
        if isinstance(found, str):
            raise InvalidJobError(found, path)
        return found

    def referrers(self, entity: str) -> list[Relationship]:
        """The relationships whose child refers to this entity."""
        return [one for one in self.relationships if one.parent == entity]

    def reached(self, entity: str) -> list[str]:
        """The entity and all whose records a deletion takes along, children first: the order in which they go."""
        found = [entity]
        for name in found:
            for one in self.referrers(name):
                if one.rule == "cascade" and one.child not in found:
                    found.append(one.child)
        return self.children_first(found)

    def written(self, entity: str) -> list[Entity]:
        """The entities in which a deletion deletes records, or clears links."""
        reached = self.reached(entity)
        unlinked = [one.child for name in reached for one in self.referrers(name) if one.unlinks]
        return [self.entities[name] for name in dict.fromkeys([*reached, *unlinked])]

    def cleared_of(self, entity: str) -> set[str]:
        """The attributes of its records that a deletion of some of them clears in others."""
        inner = [one for name in self.reached(entity) for one in self.referrers(name)]
        unlinked = [one for one in inner if one.unlinks and one.child == entity]
        return {column for one in unlinked for column in one.cleared or one.child_columns}

    def children_first(self, names: list[str], turn: int = 0) -> list[str]:
        """The same names, each after those that refer to it. A ring begins where the database lets it, if it can.

        `turn` counts the ways to begin a ring: which of its records must go first, only the database knows.
        """
        rest, ordered = list(names), []
        while rest:
            referring = {name: [one for one in self.referrers(name) if one.child in rest and one.child != name]
                         for name in rest}  # fmt: skip
            free = [name for name in rest if not referring[name]]
            loose = [name for name in rest if not any(one.holds for one in referring[name])]
            candidates = loose + [name for name in rest if name not in loose]
            chosen = free[0] if free else candidates[turn % len(candidates)]
            rest.remove(chosen)
            ordered.append(chosen)
        return ordered

    def orders(self, names: list[str]) -> list[list[str]]:
        """The orders in which the records of a closure may go: one, or a few where entities refer to each other."""
        every = [self.children_first(names, turn) for turn in range(min(len(names), MOST_ORDERS))]
        return [one for at, one in enumerate(every) if one not in every[:at]]
