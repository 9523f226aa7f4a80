"""The rows that conditions of one place may speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bulkdelete.domain.query.naming import Speakers, places_of, visible
from bulkdelete.domain.query.tree import Link, QueryTree
from bulkdelete.records.catalogue import Attribute, Entity


@dataclass(frozen=True)
class Row:
    """An entity's row in a statement; an absent one has only nulls: an outer link found none."""

    entity: Entity
    is_linked: bool = False
    is_absent: bool = False

    def attribute(self, name: str, path: str) -> Attribute:
        """Its attribute of that name. Raises InvalidJobError that suggests the right one."""
        return self.entity.attribute(name, path)


@dataclass(frozen=True)
class Seen:
    """The row that conditions are about, and those that they may name."""

    own: Row
    root: Row
    speakers: Speakers
    places: Mapping[int, Speakers]
    """What may be named within each link; by a link's identity, since two may be written alike."""
    links: Mapping[int, Row] = field(default_factory=dict)
    """The rows that were chosen of links."""

    @classmethod
    def at_root(cls, tree: QueryTree, entity: Entity) -> Seen:
        """What the conditions of a query see."""
        root = Row(entity)
        return cls(root, root, Speakers(tree.entity, tuple(visible(tree.links))), places_of(tree))

    def named(self, name: str | None, path: str) -> Row:
        """The row of that name; None: the one that conditions are about."""
        if name is None:
            return self.own
        link = self.speakers.of(name, path)
        return self.root if link is None else self.links[id(link)]

    def within(self, link: Link, row: Row) -> Seen:
        """What the conditions of a link see: it and those around it."""
        speakers = self.places.get(id(link), self.speakers)
        return Seen(row, self.root, speakers, self.places, {**self.links, id(link): row})

    def with_row(self, link: Link, row: Row) -> Seen:
        """The same place, the row of a link chosen."""
        return replace(self, links={**self.links, id(link): row})

    def without(self, link: Link, entities: Mapping[str, Entity]) -> Seen:
        """The same place where a link found no row: neither did those within it."""
        absent = {id(one): Row(entities[one.entity], is_linked=True, is_absent=True) for one in visible((link,))}
        return replace(self, links={**self.links, **absent})
