"""The entity catalogue of a job: what the database says, as the declared catalogue names, adds to and overrides it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.catalogue import Catalogue, Entity, Relationship
from bulkdelete.records.declared import Declared
from bulkdelete.records.schema import Schema


def reflect(schema: Schema, declarations: Declarations, entities: Sequence[str], paths: Iterable[str]) -> Catalogue:
    """The entities of these names and all that a deletion of their records reaches. Raises InvalidJobError."""
    declared = Declared(schema, declarations)
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
    return Catalogue.of(
        {declared.name(table): replace(one, name=declared.name(table)) for table, one in found.items()},
        [replace(one, child=declared.name(one.child), parent=declared.name(one.parent)) for one in used],
        {name: declared.name(table) for name, table in asked.items()},
        chosen,
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
            raise InvalidJobError(f'a deletion takes records of "{one.child}" along, which has no primary key')
