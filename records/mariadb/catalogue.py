"""Entities, attributes and relationships of a MariaDB or MySQL database, from its information schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.record_ids import KeyKind
from bulkdelete.records.catalogue import Attribute, Catalogue, Entity, Kind, Relationship, Rule, suggestion
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
ENGINE = "SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name"
COLUMNS = """
SELECT COLUMN_NAME AS name, COLUMN_TYPE AS native, DATA_TYPE AS type, IS_NULLABLE AS nullable,
       COLLATION_NAME AS collation
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name ORDER BY ORDINAL_POSITION
"""
KEY = """
SELECT COLUMN_NAME FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX
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


def reflect(connection: sa.Connection, entities: Sequence[str], paths: Sequence[str]) -> Catalogue:
    """The entities of these names and all that a deletion of their records reaches."""
    tables = [one for one in rows(connection, TABLES) if not one["name"].startswith(OURS)]
    here = {(one["db"], one["name"]): bool(one["here"]) for one in tables}
    asked: dict[str, str] = {}
    names: dict[Place, str] = {}
    found: dict[str, Entity] = {}
    for name, path in zip(entities, paths, strict=True):
        place = resolve(name, tables, f"{path}.EntityName")
        asked[name] = names[place] = place[1] if here[place] else ".".join(place)
        found[asked[name]] = entity_of(connection, asked[name], place, here[place], f"{path}.EntityName")
    used = reached_from(list(names), references(connection))
    for reference in used:
        for place in (reference.child, reference.parent):
            if place not in names:
                # Somebody else's table may be hidden from us: then it is in another database.
                names[place] = place[1] if here.get(place) else ".".join(place)
                found[names[place]] = entity_of(connection, names[place], place, here.get(place, False), None)
    catalogue = Catalogue.of(found, [one.between(names) for one in used], asked)
    for name in {one for root in asked.values() for one in catalogue.reached(root)}:
        if not found[name].key:
            raise InvalidJobError(f'a deletion takes records of "{name}" along, which has no primary key')
    return catalogue


class Reference:
    """One foreign key, between tables."""

    def __init__(self, columns: list[dict[str, Any]]) -> None:
        first = columns[0]
        self.name: str = first["name"]
        self.child: Place = (first["child_db"], first["child"])
        self.parent: Place = (first["parent_db"], first["parent"])
        self.child_columns = tuple(one["child_column"] for one in columns)
        self.parent_columns = tuple(one["parent_column"] for one in columns)
        self.rule = RULES[first["rule"]]

    def between(self, names: dict[Place, str]) -> Relationship:
        """The same between entities. InnoDB keeps an index for each foreign key."""
        return Relationship(
            self.name, names[self.child], self.child_columns, names[self.parent], self.parent_columns, self.rule
        )


def references(connection: sa.Connection) -> list[Reference]:
    """Every foreign key that we may see, of whatever database."""
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows(connection, REFERENCES):
        grouped.setdefault((row["child_db"], row["child"], row["name"]), []).append(row)
    return [Reference(columns) for columns in grouped.values()]


def reached_from(places: list[Place], every: list[Reference]) -> list[Reference]:
    """The foreign keys onto these tables, and onto those that their cascades reach."""
    used: list[Reference] = []
    for place in places:
        for one in every:
            if one.parent == place and one not in used:
                used.append(one)
                if one.rule == "cascade" and one.child not in places:
                    places.append(one.child)
    return used


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
    engine = connection.execute(sa.text(ENGINE), which).scalar()
    if engine != "InnoDB":
        why = f"is a table of {engine}, which cannot undo a deletion: only InnoDB can" if engine else "may not be read"
        raise InvalidJobError(f'"{name}" {why}', path)
    if not key and path is not None:
        raise InvalidJobError(f'"{name}" has no primary key: its records cannot be told apart', path)
    attributes = {row["name"]: attribute_of(row) for row in columns}
    table = sa.Table(
        place[1], sa.MetaData(), *(sa.Column(one["name"], type_of(attributes[one["name"]])) for one in columns),
        schema=None if here else place[0],
    )  # fmt: skip
    kind = key_kind([attributes[one] for one in key])
    return Entity(name, table, key, kind, attributes, {"db": place[0]})


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
        return sa.BigInteger()
    return sa.LargeBinary() if attribute.kind == "binary" else NativeType(attribute.native)
