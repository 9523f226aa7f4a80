"""The relations of a PostgreSQL database, and which table a name means."""

from __future__ import annotations

from typing import Any

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.catalogue import suggestion

RELATION_KINDS = {
    "v": "view", "m": "materialized view", "f": "foreign table", "S": "sequence", "c": "composite type", "i": "index",
}  # fmt: skip

RELATIONS = """
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       n.nspname = ANY (current_schemas(false)) AND pg_table_is_visible(c.oid) AS visible,
       CASE WHEN c.relispartition THEN ARRAY(
         SELECT a.relid::oid::bigint FROM pg_partition_ancestors(c.oid) WITH ORDINALITY a(relid, at)
         WHERE a.relid <> c.oid ORDER BY a.at) ELSE '{}' END AS ancestors
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg\\_temp%%'
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""


def name_of(relation: dict[str, Any]) -> str:
    """How an entity is called that the job did not name."""
    return relation["name"] if relation["visible"] else f"{relation['schema']}.{relation['name']}"


def resolve(name: str, relations: list[dict[str, Any]], path: str) -> dict[str, Any]:
    """The table an entity's name means: as it is written, else without regard to case."""
    for fold in (str, str.lower):
        same = [
            one
            for one in relations
            if fold(name) in {fold(f"{one['schema']}.{one['name']}")}
            or (one["visible"] and fold(one["name"]) == fold(name))
        ] or [one for one in relations if fold(one["name"]) == fold(name)]
        if len(same) == 1:
            if same[0]["ancestors"]:
                refuse_partition(name, same[0], relations, path)
            if same[0]["kind"] not in {"r", "p"}:
                kind = RELATION_KINDS[same[0]["kind"]]
                raise InvalidJobError(f'"{name}" is a {kind}: records are deleted from tables only', path)
            return same[0]
        if same:
            choices = ", ".join(f"{one['schema']}.{one['name']}" for one in same)
            raise InvalidJobError(f'"{name}" may mean several entities: {choices}', path)
    known = [name_of(one) for one in relations if one["kind"] in {"r", "p"} and not one["ancestors"]]
    shown = ", ".join(sorted(known)[:50])
    raise InvalidJobError(f'the database has no entity "{name}".{suggestion(name, known)} entities: {shown}', path)


def refuse_partition(name: str, found: dict[str, Any], relations: list[dict[str, Any]], path: str) -> None:
    """A record is one of the whole table: under two names it would be counted twice. Raises InvalidJobError."""
    whole = next((name_of(one) for one in relations if one["oid"] == found["ancestors"][-1]), "another table")
    raise InvalidJobError(
        f'"{name}" is a partition of "{whole}": name "{whole}", with a condition on what it is partitioned by', path
    )
