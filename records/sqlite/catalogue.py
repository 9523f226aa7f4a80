"""Entities, attributes and relationships of an SQLite file, from its pragmas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.record_ids import KeyKind
from bulkdelete.records.catalogue import ANY, Attribute, Entity, Kind, Relationship, Rule, keyless, suggestion
from bulkdelete.records.dialect import TableName
from bulkdelete.records.instants import canonical

OURS = "bulkdelete_"
RULES: dict[str, Rule] = {
    "CASCADE": "cascade", "SET NULL": "remove_link", "SET DEFAULT": "set_default", "RESTRICT": "restrict",
    "NO ACTION": "no_action",
}  # fmt: skip
SAMPLE = 1000
"""Values of a text column that are looked at to tell whether it holds times."""


def rows(connection: sa.Connection, statement: str, **values: Any) -> list[dict[str, Any]]:
    """All rows of a pragma or a catalogue table."""
    return [dict(row) for row in connection.execute(sa.text(statement), values).mappings()]


class SQLiteSchema:
    """The tables of a file."""

    def __init__(self, connection: sa.Connection, ours: Collection[TableName] = ()) -> None:
        self.connection = connection
        listed = rows(connection, "SELECT * FROM pragma_table_list WHERE schema = 'main'")
        self.tables = {row["name"]: row for row in listed if (None, row["name"]) not in ours}
        self.keys = relationships(connection, self.tables)
        self.given: dict[str, dict[tuple[str, ...], str]] = {}

    def resolve(self, name: str, path: str) -> str:
        """The table that a name means."""
        return resolve(name, self.tables, path)

    def entity(self, table: str, path: str | None) -> Entity:
        """One table as an entity."""
        return entity_of(self.connection, table, self.tables[table], path)

    def referrers(self, tables: Sequence[str]) -> list[Relationship]:
        """The foreign keys onto these tables, by the names that they were given."""
        found = [one for one in self.keys if one.parent in tables]
        for child in {one.child for one in found} - set(self.given):
            self.given[child] = given_names(self.connection, child)
        return [renamed(one, self.given[one.child]) for one in found]

    def references(self, table: str) -> list[Relationship]:
        """The foreign keys of this table."""
        return [one for one in self.keys if one.child == table]

    def is_indexed(self, table: str, columns: tuple[str, ...]) -> bool:
        """Whether an index of the table begins with these columns, in any order."""
        return is_indexed(self.connection, table, columns)


def given_names(connection: sa.Connection, table: str) -> dict[tuple[str, ...], str]:
    """The names that the foreign keys of a table were given, by their columns; the pragmas do not tell them."""
    try:
        keys = sa.inspect(connection).get_foreign_keys(table)
    except sa.exc.SQLAlchemyError:
        return {}
    return {tuple(map(str.lower, key["constrained_columns"])): key["name"] for key in keys if key["name"]}


def renamed(one: Relationship, given: dict[tuple[str, ...], str]) -> Relationship:
    """The same relationship by its given name, if it has one."""
    return replace(one, name=given.get(tuple(map(str.lower, one.child_columns)), one.name))


def resolve(name: str, tables: dict[str, Any], path: str) -> str:
    """The table an entity's name means; a view, a virtual or our own table is refused with the reason."""
    known = [one for one, row in tables.items() if row["type"] == "table" and not one.startswith((OURS, "sqlite_"))]
    same = [one for one in tables if one == name] or [one for one in tables if one.lower() == name.lower()]
    if not same or same[0].startswith(("sqlite_", OURS)):
        raise InvalidJobError(
            f'the database has no entity "{name}".{suggestion(name, known)} entities: {", ".join(sorted(known)[:50])}',
            path,
        )
    kind = tables[same[0]]["type"]
    if kind != "table":
        raise InvalidJobError(f'"{same[0]}" is a {kind}: records are deleted from tables only', path)
    return same[0]


def entity_of(connection: sa.Connection, name: str, table: dict[str, Any], path: str | None) -> Entity:
    """One table as an entity. `path` is where the job asks for it; None: a deletion merely reaches it."""
    columns = rows(connection, "SELECT * FROM pragma_table_xinfo(:t)", t=table["name"])
    key = tuple(row["name"] for row in sorted((c for c in columns if c["pk"]), key=lambda c: c["pk"]))
    key = key or unique_key(connection, table["name"], {row["name"] for row in columns if row["notnull"]})
    collations = collations_of(connection, table["name"])
    attributes = {
        row["name"]: Attribute(
            row["name"], kind_of(row["type"]), row["type"] or ANY, not row["notnull"],
            has_time=path is not None and holds_times(connection, table["name"], row),
            collation=collations.get(row["name"]),
        )
        for row in columns
    }  # fmt: skip
    sql = sa.Table(table["name"], sa.MetaData(), *(sa.Column(row["name"], sa.types.NullType()) for row in columns))
    if not key:
        if path is not None:
            raise InvalidJobError(keyless(name), path)
        if not (rowid := rowid_name(table, attributes)):
            raise InvalidJobError(f'"{name}" has neither a primary key nor a rowid')
        sql.append_column(sa.Column(rowid, sa.Integer))
        key, attributes = (rowid,), {**attributes, rowid: Attribute(rowid, "integer", "INTEGER", False)}
    elif path is not None:
        refuse_null_keys(connection, sql, key, name, path)
    alias = len(key) == 1 and attributes[key[0]].native.upper() == "INTEGER" and not table["wr"]
    key_kind: KeyKind = "int8" if alias else "text" if len(key) == 1 else "composite"
    if path is None and key == (rowid_name(table, attributes),):
        key_kind = "int8"
    physical = {"rowid": rowid_name(table, attributes) or ""}
    return Entity(name, sql, key, key_kind, attributes, physical)


def unique_key(connection: sa.Connection, table: str, required: set[str]) -> tuple[str, ...]:
    """The shortest unique key of columns that are never null; none: there is none."""
    indexes = indexes_of(connection, table, only_unique=True)
    return min((tuple(one) for one in indexes if required.issuperset(one)), key=len, default=())


def indexes_of(connection: sa.Connection, table: str, only_unique: bool = False) -> list[list[Any]]:
    """The columns of each index over all records, those made first at the beginning; None stands for an expression."""
    statement = (
        "SELECT l.name AS index_name, i.name AS column FROM pragma_index_list(:t) l JOIN pragma_index_info(l.name) i "
        'WHERE NOT l.partial AND (l."unique" OR NOT :only_unique) ORDER BY l.seq DESC, i.seqno'
    )
    found: dict[str, list[Any]] = {}
    for row in rows(connection, statement, t=table, only_unique=only_unique):
        found.setdefault(row["index_name"], []).append(row["column"])
    return list(found.values())


def collations_of(connection: sa.Connection, table: str) -> dict[str, str]:
    """How the columns of the primary key and of unique indexes compare, where that is not byte by byte."""
    statement = (
        "SELECT i.name AS column, i.coll FROM pragma_index_list(:t) l JOIN pragma_index_xinfo(l.name) i "
        "WHERE i.name IS NOT NULL AND i.coll <> 'BINARY' AND l.\"unique\""
    )
    return {row["column"]: row["coll"] for row in rows(connection, statement, t=table)}


def rowid_name(table: dict[str, Any], attributes: dict[str, Attribute]) -> str | None:
    """A name by which the rowid can be asked for: a column may hide each of them, and some tables have none."""
    if table["wr"]:
        return None
    taken = {one.lower() for one in attributes}
    return next((one for one in ("rowid", "_rowid_", "oid") if one not in taken), None)


def refuse_null_keys(connection: sa.Connection, table: sa.Table, key: tuple[str, ...], name: str, path: str) -> None:
    """SQLite admits nulls in a primary key that is no rowid; such records cannot be told apart."""
    null = sa.or_(*(table.c[one].is_(None) for one in key))
    if connection.execute(sa.select(sa.exists().where(null).select_from(table))).scalar():
        raise InvalidJobError(f'"{name}" has records whose primary key is null: they cannot be told apart', path)


def kind_of(declared: str) -> Kind:
    """What a declared type means; SQLite itself keeps anything anywhere."""
    text = declared.upper()
    for words, kind in KINDS:
        if any(word in text for word in words):
            return kind
    return "other"


KINDS: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("BOOL",), "boolean"),
    (("DATETIME", "TIMESTAMP"), "datetime"),
    (("DATE",), "date"),
    (("CHAR", "TEXT", "CLOB", "UUID", "GUID", "UNIQUEIDENTIFIER", "JSON", "STRING", "TIME"), "text"),
    (("INT",), "integer"),
    (("BLOB", "BINARY"), "binary"),
    (("REAL", "FLOA", "DOUB"), "float"),
    (("DEC", "NUM", "MONEY", "CURRENCY"), "decimal"),
)


def holds_times(connection: sa.Connection, table: str, column: dict[str, Any]) -> bool:
    """Whether a column tells times of day: by its type and by what it holds; among times some other text may stand."""
    if kind_of(column["type"]) not in {"datetime", "text"}:
        return False
    sample = sa.table(table, sa.column(column["name"]))
    known = sa.select(sample.c[column["name"]]).where(sample.c[column["name"]].is_not(None))
    values = connection.execute(known.limit(SAMPLE)).scalars().all()
    # One that spells no instant never comes before the cut-off: it must not switch the cut-off off for the others.
    return not values or any(canonical(value) is not None for value in values)


def relationships(connection: sa.Connection, tables: dict[str, Any]) -> list[Relationship]:
    """Every foreign key of the file; one to a missing table or key is left for the probe to name."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    statement = (
        "SELECT t.name AS child, f.* FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f "
        "WHERE t.schema = 'main' AND t.type = 'table' ORDER BY t.name, f.id, f.seq"
    )
    for row in rows(connection, statement):
        found.setdefault((row["child"], row["id"]), []).append(row)
    names = {one.lower(): one for one in tables}
    made = []
    for (child, _), columns in found.items():
        parent = names.get(columns[0]["table"].lower())
        if parent is None or tables[parent]["type"] != "table":
            continue
        targets = tuple(row["to"] for row in columns)
        if None in targets:
            keys = rows(connection, "SELECT name FROM pragma_table_info(:t) WHERE pk ORDER BY pk", t=parent)
            targets = tuple(row["name"] for row in keys)
        sources = as_declared(connection, child, [row["from"] for row in columns])
        targets = as_declared(connection, parent, targets)
        if len(sources) != len(targets):
            continue
        made.append(
            Relationship(
                f"{child}_{'_'.join(sources)}_fkey", child, sources, parent, targets,
                RULES[columns[0]["on_delete"]], indexed=is_indexed(connection, child, sources),
            )
        )  # fmt: skip
    return made


def as_declared(connection: sa.Connection, table: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Columns as their table spells them: a foreign key may write them in another case."""
    declared = rows(connection, "SELECT name FROM pragma_table_xinfo(:t)", t=table)
    spelled = {row["name"].lower(): row["name"] for row in declared}
    return tuple(spelled.get(one.lower(), one) for one in columns)


def is_indexed(connection: sa.Connection, table: str, columns: tuple[str, ...]) -> bool:
    """Whether the primary key or an index of the table begins with these columns, in any order."""
    keys = rows(connection, "SELECT name FROM pragma_table_info(:t) WHERE pk ORDER BY pk", t=table)
    candidates = [*indexes_of(connection, table), [row["name"] for row in keys]]
    return any(set(one[: len(columns)]) == set(columns) for one in candidates)
