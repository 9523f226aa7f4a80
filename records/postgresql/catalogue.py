"""Entities, attributes and relationships of a PostgreSQL database, from its system catalogues."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.record_ids import KeyKind
from bulkdelete.records.catalogue import Attribute, Entity, Kind, Relationship, Rule, keyless
from bulkdelete.records.dialect import TableName
from bulkdelete.records.native_types import NativeType
from bulkdelete.records.postgresql.partitions import Partitions, refuse_partial
from bulkdelete.records.postgresql.relations import RELATIONS, name_of, resolve
from bulkdelete.records.predicates import Truth

RULES: dict[str, Rule] = {
    "c": "cascade", "n": "remove_link", "d": "set_default", "r": "restrict", "a": "no_action",
}  # fmt: skip
KINDS: dict[str, Kind] = {
    "int2": "integer", "int4": "integer", "int8": "integer", "numeric": "decimal", "float4": "float",
    "float8": "float", "bool": "boolean", "text": "text", "varchar": "text", "bpchar": "text", "citext": "text",
    "name": "text", "uuid": "uuid", "date": "date", "timestamp": "datetime", "timestamptz": "instant",
    "bytea": "binary",
}  # fmt: skip
COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, -1) AS native, a.attnotnull AS required,
       CASE WHEN t.typtype = 'd' THEN b.typname ELSE t.typname END AS type, t.typtype AS typtype
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
KEY = """
SELECT a.attname FROM (
  SELECT * FROM pg_index i
  WHERE i.indrelid = :oid AND (i.indisprimary OR (
    i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (
      SELECT FROM unnest(i.indkey) WITH ORDINALITY k(attnum, at)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE k.at <= i.indnkeyatts AND NOT a.attnotnull)))
  ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1
) i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, at)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE k.at <= i.indnkeyatts ORDER BY k.at
"""
"""The primary key; without one the shortest unique key of columns that are never null."""
FOREIGN_KEYS = """
SELECT c.conname AS name, c.conrelid::bigint AS child, c.confrelid::bigint AS parent, c.confdeltype AS rule,
       c.condeferrable AS deferrable,
       (SELECT array_agg(a.attname::text ORDER BY k.at) FROM unnest(c.conkey) WITH ORDINALITY k(attnum, at)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum) AS child_columns,
       (SELECT array_agg(a.attname::text ORDER BY k.at) FROM unnest(c.confkey) WITH ORDINALITY k(attnum, at)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum) AS parent_columns,
       (SELECT array_agg(a.attname::text) FROM jsonb_array_elements_text(
          CASE jsonb_typeof(to_jsonb(c) -> 'confdelsetcols') WHEN 'array' THEN to_jsonb(c) -> 'confdelsetcols'
          ELSE '[]' END) s(attnum)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = s.attnum::int2) AS cleared,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indisvalid AND i.indpred IS NULL
               AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey) AS indexed
FROM pg_constraint c
WHERE c.contype = 'f' AND c.conparentid = 0 AND {which}
  AND EXISTS (SELECT FROM pg_trigger t
              WHERE t.tgconstraint = c.oid AND t.tgrelid = c.confrelid AND t.tgenabled IN ('O', 'A'))
ORDER BY c.conname, c.oid
"""
"""Foreign keys, from any schema, whose trigger on deletion is enabled."""
REFERRERS = FOREIGN_KEYS.replace("{which}", "c.confrelid = ANY (:oids)")
REFERENCES = FOREIGN_KEYS.replace("{which}", "c.conrelid = ANY (:oids)")
INDEXED = """
SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = :oid AND i.indisvalid AND i.indpred IS NULL
  AND (i.indkey::int2[])[0:cardinality(CAST(:columns AS text[])) - 1] @> (
    SELECT array_agg(a.attnum) FROM pg_attribute a
    WHERE a.attrelid = :oid AND a.attname = ANY (CAST(:columns AS text[]))))
"""


class PostgreSQLSchema:
    """The tables of a database, whatever their schema but ours."""

    def __init__(self, connection: sa.Connection, schema: str | None, ours: Collection[TableName] = ()) -> None:
        self.connection = connection
        found = [dict(row) for row in connection.execute(sa.text(RELATIONS)).mappings()]
        self.relations = [row for row in found if row["schema"] != schema and (row["schema"], row["name"]) not in ours]
        self.tables = {name_of(row): row for row in self.relations}
        self.names = {row["oid"]: name for name, row in self.tables.items()}
        self.partitions = Partitions.of(self.relations)

    def resolve(self, name: str, path: str) -> str:
        """The table that a name means."""
        return name_of(resolve(name, self.relations, path))

    def entity(self, table: str, path: str | None) -> Entity:
        """One table as an entity."""
        row = self.tables[table]
        part_of = tuple(self.names[one] for one in row["ancestors"] if one in self.names)
        return replace(entity_of(self.connection, table, row, path), part_of=part_of)

    def referrers(self, tables: Sequence[str]) -> list[Relationship]:
        """The foreign keys onto these tables, from any schema; onto what they are a part of, or their parts, too."""
        oids = [self.tables[one]["oid"] for one in tables]
        onto = {one for oid in oids for one in (*self.partitions.above(oid), *self.partitions.below(oid))}
        rows = self.connection.execute(sa.text(REFERRERS), {"oids": sorted(onto)}).mappings()
        found = [(dict(row), parent) for row in rows for parent in self.partitions.holding(oids, row["parent"])]
        for row, parent in found:
            if parent in self.partitions.ancestors.get(row["parent"], ()):
                key = key_of(self.connection, parent)
                refuse_partial(
                    row["name"], row["parent_columns"], key, self.names[parent], self.names[row["parent"]]
                )  # fmt: skip
        return [relationship({**row, "parent": parent}, self.names) for row, parent in found]

    def references(self, table: str) -> list[Relationship]:
        """The foreign keys of this table, onto any schema; those of what it is a part of are its own."""
        oid = self.tables[table]["oid"]
        rows = self.connection.execute(sa.text(REFERENCES), {"oids": list(self.partitions.above(oid))}).mappings()
        return [relationship({**row, "child": oid}, self.names) for row in rows if row["parent"] in self.names]

    def is_indexed(self, table: str, columns: tuple[str, ...]) -> bool:
        """Whether an index of the table begins with these columns, in any order."""
        which = {"oid": self.tables[table]["oid"], "columns": list(columns)}
        return bool(self.connection.execute(sa.text(INDEXED), which).scalar())


def relationship(row: dict[str, Any], names: dict[int, str]) -> Relationship:
    """One foreign key."""
    return Relationship(
        row["name"], names[row["child"]], tuple(row["child_columns"]), names[row["parent"]],
        tuple(row["parent_columns"]), RULES[row["rule"]], row["deferrable"], row["indexed"],
        tuple(row["cleared"] or ()),
    )  # fmt: skip


def entity_of(connection: sa.Connection, name: str, relation: dict[str, Any], path: str | None) -> Entity:
    """One table as an entity. `path` is where the job asks for it; None: a deletion merely reaches it."""
    columns = [dict(row) for row in connection.execute(sa.text(COLUMNS), {"oid": relation["oid"]}).mappings()]
    key = key_of(connection, relation["oid"])
    attributes = {row["name"]: attribute_of(row) for row in columns}
    if not key and path is not None:
        raise InvalidJobError(keyless(name), path)
    table = sa.Table(
        relation["name"], sa.MetaData(), *(sa.Column(one, type_of(attributes[one])) for one in attributes),
        sa.Column("ctid", NativeType("tid"), system=True), schema=relation["schema"],
    )  # fmt: skip
    physical = {"oid": str(relation["oid"]), "kind": relation["kind"]}
    kinds = {"integer": "int8", "uuid": "uuid"}
    kind: KeyKind = "composite" if len(key) > 1 else "text"
    if len(key) == 1:
        kind = kinds.get(attributes[key[0]].kind, "text")  # type: ignore[assignment]
    return Entity(name, table, key or ("ctid",), kind, attributes, physical)


def key_of(connection: sa.Connection, oid: int) -> tuple[str, ...]:
    """The columns that tell a table's records apart, in key order; none: it has no such key."""
    return tuple(connection.execute(sa.text(KEY), {"oid": oid}).scalars())


def attribute_of(row: dict[str, Any]) -> Attribute:
    """One column."""
    native = "text" if row["type"] == "name" else row["native"]
    kind = KINDS.get(row["type"], "other")
    return Attribute(row["name"], kind, native, not row["required"], has_time=kind in {"datetime", "instant"})


def type_of(attribute: Attribute) -> sa.types.TypeEngine[Any]:
    """The column's type for SQL that we write: integers and bytes come and go as such, the rest by name."""
    match attribute.kind:
        case "integer":
            return sa.BigInteger()
        case "binary":
            return sa.LargeBinary()
        case _:
            return NativeType(attribute.native)


def require_privileges(connection: sa.Connection, entity: Entity) -> None:
    """Refuse without the privileges to read, hold (that is UPDATE) and delete records, with the GRANT to run."""
    table = str(sa.inspect(connection).dialect.identifier_preparer.format_table(entity.table))
    asked = sa.text("SELECT has_table_privilege(CAST(:oid AS oid), :privilege)")
    oid = int(entity.physical["oid"])
    missing = [
        one
        for one in ("SELECT", "UPDATE", "DELETE")
        if not connection.execute(asked, {"oid": oid, "privilege": one}).scalar_one()
    ]
    if missing:
        role = connection.execute(sa.text("SELECT quote_ident(current_user)")).scalar_one()
        raise InvalidJobError(
            f'the role may not {", ".join(missing)} records of "{entity.name}"; let an owner run: '
            f"GRANT {', '.join(missing)} ON {table} TO {role};",
            "database",
        )


def refuse_repeated_keys(connection: sa.Connection, entity: Entity) -> None:
    """Inherited tables have a key each: one that stands in several tells no record apart."""
    inherited = sa.text("SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = :oid)")
    if (
        entity.physical["kind"] != "r"
        or not connection.execute(inherited, {"oid": int(entity.physical["oid"])}).scalar()
    ):
        return
    repeated = sa.select(*entity.key_columns).group_by(*entity.key_columns).having(sa.func.count() > 1).limit(1)
    if (found := connection.execute(repeated).first()) is not None:
        key = ", ".join(str(one) for one in found)
        raise InvalidJobError(
            f'"{entity.name}" and the tables that inherit from it have several records with the key {key}: '
            "they cannot be told apart"
        )


def probe(connection: sa.Connection, entity: Entity, where: Truth) -> list[str]:
    """Try a deletion of nothing; name what silently keeps records."""
    require_privileges(connection, entity)
    oid = int(entity.physical["oid"])
    rule = connection.execute(
        sa.text("SELECT rulename FROM pg_rewrite WHERE ev_class = :oid AND ev_type = '4'"), {"oid": oid}
    ).scalar()
    if rule is not None:
        raise InvalidJobError(f'"{entity.name}" has a rule on deletion ("{rule}"): what it deletes cannot be told')
    refuse_repeated_keys(connection, entity)
    statement = sa.delete(entity.table).where(where, sa.literal_column("false")).returning(*entity.key_columns)
    connection.execute(statement).all()
    triggers = connection.execute(
        sa.text(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = :oid AND NOT tgisinternal AND tgenabled IN ('O', 'A') "
            "AND tgtype & 8 = 8 ORDER BY tgname"
        ),
        {"oid": oid},
    ).scalars()
    return [f'trigger "{name}" runs for each deleted record of {entity.name}' for name in triggers]
