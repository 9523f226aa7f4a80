"""Entities, attributes and relationships of a MariaDB or MySQL database, from its information schema."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.record_ids import KeyKind
from bulkdelete.records.catalogue import Attribute, Entity, Kind, Relationship, Rule, keyless, suggestion
from bulkdelete.records.dialect import TableName
from bulkdelete.records.mariadb.expressions import Bits
from bulkdelete.records.mariadb.held_first import ENTITY
from bulkdelete.records.native_types import NativeType

OURS = "bulkdelete_"
SYSTEM = "('information_schema', 'mysql', 'performance_schema', 'sys')"
RULES: dict[str, Rule] = {
    # SET DEFAULT is accepted and means RESTRICT (spec/databases.md §3).
    "CASCADE": "cascade", "SET NULL": "remove_link", "RESTRICT": "restrict", "NO ACTION": "no_action",
    "SET DEFAULT": "restrict",
}  # fmt: skip
KINDS: dict[str, Kind] = {
    "tinyint": "integer", "smallint": "integer", "mediumint": "integer", "int": "integer", "bigint": "integer",
    "year": "integer", "bit": "integer", "decimal": "decimal", "float": "float", "double": "float", "char": "text",
    "varchar": "text", "tinytext": "text", "text": "text", "mediumtext": "text", "longtext": "text", "enum": "text",
    "set": "text", "uuid": "uuid", "date": "date", "datetime": "datetime", "timestamp": "instant", "binary": "binary",
    "varbinary": "binary", "tinyblob": "binary", "blob": "binary", "mediumblob": "binary", "longblob": "binary",
}  # fmt: skip
SIGNED_64 = re.compile(r"(tinyint|smallint|mediumint|int|year|bigint)(\(\d+\))?( unsigned)?")
"""Not with `zerofill`: its zeros are printed, and so they are told."""

TABLES = f"""
SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_TYPE AS kind, TABLE_SCHEMA = DATABASE() AS here
FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN {SYSTEM}
"""
KIND = """
SELECT ENGINE AS engine, TABLE_TYPE AS kind FROM information_schema.TABLES
WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name
"""
COLUMNS = """
SELECT COLUMN_NAME AS name, COLUMN_TYPE AS native, DATA_TYPE AS type, IS_NULLABLE AS nullable,
       COLLATION_NAME AS collation
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name ORDER BY ORDINAL_POSITION
"""
KEY = """
SELECT COLUMN_NAME FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name AND INDEX_NAME = (
  SELECT INDEX_NAME FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name AND NON_UNIQUE = 0 GROUP BY INDEX_NAME
  HAVING SUM(COLUMN_NAME IS NULL OR NULLABLE = 'YES' OR SUB_PART IS NOT NULL) = 0
  ORDER BY INDEX_NAME = 'PRIMARY' DESC, COUNT(*), INDEX_NAME LIMIT 1
) ORDER BY SEQ_IN_INDEX
"""
"""The primary key; without one the shortest unique key of whole columns that are never null."""
INDEXES = """
SELECT INDEX_NAME AS name, COLUMN_NAME AS `column` FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name AND INDEX_TYPE = 'BTREE' ORDER BY INDEX_NAME, SEQ_IN_INDEX
"""
REFERENCES = """
SELECT k.CONSTRAINT_NAME AS name, k.TABLE_SCHEMA AS child_db, k.TABLE_NAME AS child, k.COLUMN_NAME AS child_column,
       k.REFERENCED_TABLE_SCHEMA AS parent_db, k.REFERENCED_TABLE_NAME AS parent,
       k.REFERENCED_COLUMN_NAME AS parent_column, r.DELETE_RULE AS rule
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.REFERENCED_TABLE_NAME IS NOT NULL
ORDER BY k.CONSTRAINT_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""

Place = tuple[str, str]
"""Database and table."""


def rows(connection: sa.Connection, statement: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a question to the information schema."""
    return [dict(row) for row in connection.execute(sa.text(statement), values).mappings()]


class MariaDBSchema:
    """The tables of all databases of a server; those of this one are told by their name alone."""

    def __init__(self, connection: sa.Connection, ours: Collection[TableName] = ()) -> None:
        self.connection = connection
        self.tables = [one for one in rows(connection, TABLES) if not is_ours(one, ours)]
        self.here = {(one["db"], one["name"]): bool(one["here"]) for one in self.tables}
        self.places = {self.name_of(place): place for place in self.here}
        self.keys: list[Relationship] | None = None

    def name_of(self, place: Place) -> str:
        """How a table is called. Somebody else's may be hidden from us: then it is in another database."""
        return place[1] if self.here.get(place) else ".".join(place)

    def resolve(self, name: str, path: str) -> str:
        """The table that a name means."""
        return self.name_of(resolve(name, self.tables, path))

    def entity(self, table: str, path: str | None) -> Entity:
        """One table as an entity."""
        place = self.places[table]
        return entity_of(self.connection, table, place, self.here.get(place, False), path)

    def referrers(self, tables: Sequence[str]) -> list[Relationship]:
        """The foreign keys onto these tables, of whatever database that we may see."""
        if self.keys is None:
            self.keys = self.foreign_keys()
        return [one for one in self.keys if one.parent in tables]

    def references(self, table: str) -> list[Relationship]:
        """The foreign keys of this table."""
        if self.keys is None:
            self.keys = self.foreign_keys()
        return [one for one in self.keys if one.child == table]

    def foreign_keys(self) -> list[Relationship]:
        """Every foreign key. InnoDB keeps an index for each."""
        grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for row in rows(self.connection, REFERENCES):
            grouped.setdefault((row["child_db"], row["child"], row["name"]), []).append(row)
        found = []
        for columns in grouped.values():
            first = columns[0]
            ends: list[Place] = [(first["child_db"], first["child"]), (first["parent_db"], first["parent"])]
            child, parent = (self.name_of(place) for place in ends)
            self.places |= {child: ends[0], parent: ends[1]}
            found.append(
                Relationship(
                    first["name"], child, tuple(one["child_column"] for one in columns), parent,
                    tuple(one["parent_column"] for one in columns), RULES[first["rule"]],
                )
            )  # fmt: skip
        return found

    def is_indexed(self, table: str, columns: tuple[str, ...]) -> bool:
        """Whether an index of the table begins with these columns, in any order."""
        db, name = self.places[table]
        indexes: dict[str, list[str]] = {}
        for row in rows(self.connection, INDEXES, db=db, name=name):
            indexes.setdefault(row["name"], []).append(row["column"])
        return any(set(one[: len(columns)]) == set(columns) for one in indexes.values())


def is_ours(row: dict[str, Any], ours: Collection[TableName]) -> bool:
    """Whether a table belongs to bulkdelete: by its usual name, or where a setting put it."""
    place = (None if row["here"] else row["db"], row["name"])
    return row["name"].startswith(OURS) or place in ours or (row["db"], row["name"]) in ours


def resolve(name: str, tables: list[dict[str, Any]], path: str) -> Place:
    """The table an entity's name means: as it is written, else without regard to case."""
    for fold in (str, str.lower):
        same = [
            one
            for one in tables
            if fold(f"{one['db']}.{one['name']}") == fold(name) or (one["here"] and fold(one["name"]) == fold(name))
        ]
        if len(same) == 1:
            if same[0]["kind"] not in {"BASE TABLE", "SYSTEM VERSIONED"}:
                raise InvalidJobError(
                    f'"{name}" is a {same[0]["kind"].lower()}: records are deleted from tables only', path
                )
            return same[0]["db"], same[0]["name"]
        if same:
            choices = ", ".join(f"{one['db']}.{one['name']}" for one in same)
            raise InvalidJobError(f'"{name}" may mean several entities: {choices}', path)
    known = sorted(one["name"] for one in tables if one["here"] and "TABLE" in one["kind"])
    shown = ", ".join(known[:50])
    raise InvalidJobError(f'the database has no entity "{name}".{suggestion(name, known)} entities: {shown}', path)


def entity_of(connection: sa.Connection, name: str, place: Place, here: bool, path: str | None) -> Entity:
    """One table as an entity. `path` is where the job asks for it; None: a deletion merely reaches it."""
    which = {"db": place[0], "name": place[1]}
    columns = rows(connection, COLUMNS, **which)
    key = tuple(connection.execute(sa.text(KEY), which).scalars())
    found: dict[str, Any] = next(iter(rows(connection, KIND, **which)), {"engine": None})
    if (engine := found["engine"]) != "InnoDB":
        why = f"is a table of {engine}, which cannot undo a deletion: only InnoDB can" if engine else "may not be read"
        raise InvalidJobError(f'"{name}" {why}', path)
    if not key and path is not None:
        raise InvalidJobError(keyless(name), path)
    attributes = {row["name"]: attribute_of(row) for row in columns}
    table = sa.Table(
        place[1], sa.MetaData(), *(sa.Column(one["name"], type_of(attributes[one["name"]])) for one in columns),
        schema=None if here else place[0],
    )  # fmt: skip
    kind = key_kind([attributes[one] for one in key])
    entity = Entity(name, table, key, kind, attributes, {"db": place[0], "kind": found["kind"]})
    table.info[ENTITY] = entity
    return entity


def key_kind(key: list[Attribute]) -> KeyKind:
    """How ids are packed: whole numbers of 64 bits with a sign, uuids, else texts."""
    if len(key) != 1:
        return "composite"
    found = SIGNED_64.fullmatch(key[0].native)
    if found and not (found[1] == "bigint" and found[3]):
        return "int8"
    return "uuid" if key[0].kind == "uuid" else "text"


def attribute_of(row: dict[str, Any]) -> Attribute:
    """One column."""
    kind = KINDS.get(row["type"].lower(), "other")
    digits = re.search(r"\((\d+)\)", row["native"]) if kind in {"datetime", "instant"} else None
    return Attribute(
        row["name"], kind, row["native"], row["nullable"] == "YES", has_time=kind in {"datetime", "instant"},
        collation=row["collation"], fraction=int(digits[1]) if digits else 0,
    )  # fmt: skip


def type_of(attribute: Attribute) -> sa.types.TypeEngine[Any]:
    """The column's type for SQL that we write."""
    if attribute.kind == "integer":
        return Bits(attribute.native) if attribute.native.startswith("bit") else sa.BigInteger()
    return sa.LargeBinary() if attribute.kind == "binary" else NativeType(attribute.native)
