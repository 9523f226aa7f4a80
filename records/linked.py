"""What queries read beside the records they delete: linked entities, and hierarchies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bulkdelete.domain.query.naming import subjects
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Entity, Hierarchy, Relationship
from bulkdelete.records.declared import Declared

WALKS_UP = {
    *(one for one in Operator if one.form.family == "hierarchy"),
    Operator.EQUAL_USER_OR_USER_HIERARCHY,
    Operator.EQUAL_USER_OR_USER_HIERARCHY_AND_TEAMS,
}
"""The operators that need a hierarchy."""


def linked_to(declared: Declared, trees: Sequence[QueryTree]) -> dict[str, Entity]:
    """The entities of links, by the job's spelling. Raises InvalidJobError for an unknown one."""
    found: dict[str, Entity] = {}
    for tree in trees:
        for link in tree.every_link():
            if link.entity not in found:
                table = declared.naming.resolve(link.entity, f"{link.path}.LinkToEntityName")
                found[link.entity] = declared.entity(table)
    return found


def hierarchies_of(
    declared: Declared, trees: Sequence[QueryTree], entities: Mapping[str, Entity]
) -> dict[tuple[str, str], Hierarchy | str]:
    """Of every attribute that a query asks about a hierarchy: which one, or why there is none.

    An attribute belongs to one where it is what records of its entity are referred to by in a reference onto
    themselves, or refers to such an attribute of another entity.
    """
    found: dict[tuple[str, str], Hierarchy | str] = {}
    for tree in trees:
        for what, name in subjects(tree):
            if what.operator in WALKS_UP:
                entity = entities[name]
                attribute = entity.attribute(what.attribute, f"{what.path}.AttributeName").name
                place = declared.name(entity.name), attribute
                if place not in found:
                    found[place] = hierarchy_of(declared, entity.name, attribute)
    return found


def hierarchy_of(declared: Declared, table: str, attribute: str) -> Hierarchy | str:
    """The one hierarchy of an attribute, or why there is none."""
    places = [(table, attribute)]
    places += [
        (one.parent, one.parent_columns[0]) for one in declared.references(table) if one.child_columns == (attribute,)
    ]
    for there, node in dict.fromkeys(places):
        own = [one for one in declared.referrers([there]) if is_upward(one, there, node)]
        if chosen := declared.naming.hierarchy(there):
            own = [one for one in own if one.child_columns == (chosen,)]
        ups = sorted({one.child_columns[0] for one in own})
        if len(ups) > 1:
            return (
                f'"{declared.name(there)}" refers to itself by {", ".join(ups)}: say in the catalogue which of them '
                f"is meant, as hierarchy of the entity"
            )
        if ups:
            return Hierarchy(declared.placed(declared.entity(there)), node, ups[0])
    return f'"{attribute}" of "{declared.name(table)}" belongs to no entity that refers to itself'


def is_upward(one: Relationship, table: str, node: str) -> bool:
    """Whether a relationship says which record of the same table is above."""
    return one.child == table and one.parent_columns == (node,)
