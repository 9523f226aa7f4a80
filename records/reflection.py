"""The entity catalogue of a job: what the database says, as the declared catalogue names, adds to and overrides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Catalogue, Entity, Relationship
from bulkdelete.records.declared import Declared
from bulkdelete.records.linked import hierarchies_of, linked_to
from bulkdelete.records.schema import Schema


def reflect(schema: Schema, declarations: Declarations, trees: Sequence[QueryTree]) -> Catalogue:
    """The entities of the queries, all that a deletion of their records reaches, and what they read besides.

    Raises InvalidJobError.
    """
    declared = Declared(schema, declarations)
    entities, paths = [tree.entity for tree in trees], [tree.path for tree in trees]
    asked: dict[str, str] = {}
    found: dict[str, Entity] = {}
    for name, path in zip(entities, paths, strict=True):
        asked[name] = table = declared.naming.resolve(name, f"{path}.EntityName")
        declared.naming.refuse_excluded(name, table, f"{path}.EntityName")
        found[table] = schema.entity(table, f"{path}.EntityName")
    chosen = declared.naming.created_on(found.values())
    used = reached_from(list(found), declared)
    for table in (table for one in used for table in (one.child, one.parent)):
        if table not in found:
            found[table] = declared.entity(table)
    refuse_keyless(found, used)
    refuse_both_ways(found, used)
    linked = linked_to(declared, trees)
    return Catalogue.of(
        {declared.name(table): declared.placed(one) for table, one in found.items()},
        [replace(one, child=declared.name(one.child), parent=declared.name(one.parent)) for one in used],
        {name: declared.name(table) for name, table in asked.items()},
        chosen,
        {name: declared.placed(one) for name, one in linked.items()},
        hierarchies_of(declared, trees, {**{name: found[table] for name, table in asked.items()}, **linked}),
    )


def reached_from(tables: list[str], declared: Declared) -> list[Relationship]:
    """The relationships onto these tables, and onto those that their cascades reach."""
    used: list[Relationship] = []
    seen = 0
    while level := tables[seen:]:
        seen = len(tables)
        for one in declared.referrers(level):
            used.append(one)
            if one.rule == "cascade":
                declared.naming.refuse_cascade(one)
                if one.child not in tables:
                    tables.append(one.child)
    return used


def refuse_keyless(found: dict[str, Entity], used: list[Relationship]) -> None:
    """Records that a deletion takes along are told by their key. Raises InvalidJobError where there is none."""
    for one in used:
        if one.rule == "cascade" and not found[one.child].key:
            raise InvalidJobError(
                f'a deletion takes records of "{one.child}" along, which has no primary or unique key'
            )


def refuse_both_ways(found: dict[str, Entity], used: list[Relationship]) -> None:
    """One deletion takes a record along under one name. Raises InvalidJobError where a partition would give it two."""
    along = {one.child for one in used if one.rule == "cascade"}
    for table in along:
        if whole := along.intersection(found[table].part_of):
            raise InvalidJobError(
                f'a deletion takes records of "{table}" along, and of "{min(whole)}", of which it is a partition: '
                "they cannot be counted apart"
            )
