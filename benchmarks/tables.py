"""The tables of a benchmark and the statements that fill them, in the words of each database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.data import WARMUP_ROWS, Data, Key


@dataclass(frozen=True)
class Words:
    """What each database calls it. `{n}` is a number's expression, `{count}` how many, `{salt}` any number."""

    key_types: Mapping[Key, str]
    instant_type: str
    text_type: str
    uuid: str
    instant: str
    random: str
    text: str
    numbers: str
    """A table expression with a column n: 1 to count."""

    def key(self, kind: Key, n: str) -> str:
        """The key of the n-th record."""
        return n if kind == "integer" else self.uuid.format(n=n)


def tables(data: Data, words: Words) -> dict[str, str]:
    """Name → what creates it; whoever is referred to comes first."""
    key = words.key_types[data.key]
    values = "".join(f", a{at} bigint NOT NULL" for at in range(1, 6))
    state = f"statecode integer NOT NULL, createdon {words.instant_type} NOT NULL"
    found = {
        "record": f"recordid {key} NOT NULL PRIMARY KEY, {state}{values}, subject {words.text_type} NOT NULL",
        "warmup": f"warmupid integer NOT NULL PRIMARY KEY, {state}",
    }
    if data.restricted is not None:
        found["holder"] = f"holderid integer NOT NULL PRIMARY KEY, {reference('recordid', key, 'record')}"
    if data.levels:
        cascade = "ON DELETE CASCADE"
        found["part"] = f"partid integer NOT NULL PRIMARY KEY, {reference('recordid', key, 'record', cascade)}"
        found["piece"] = f"pieceid integer NOT NULL PRIMARY KEY, {reference('partid', 'integer', 'part', cascade)}"
    return {name: f"CREATE TABLE {name} ({columns})" for name, columns in found.items()}


def reference(column: str, kind: str, parent: str, rule: str = "") -> str:
    """A column that refers to another table, with its foreign key: MariaDB ignores one that stands at the column."""
    return f"{column} {kind} NOT NULL, FOREIGN KEY ({column}) REFERENCES {parent} ({column}) {rule}"


def indexes(data: Data) -> list[str]:
    """The indexes besides those of keys."""
    columns = [("record", f"a{at}") for at in range(1, data.indexes + 1)]
    columns += [("record", "statecode")] if data.by_index else []
    columns += [("holder", "recordid")] if data.restricted is not None else []
    columns += [("part", "recordid"), ("piece", "partid")] if data.levels else []
    return [f"CREATE INDEX {table}_{column} ON {table} ({column})" for table, column in columns]


def rows(data: Data, words: Words) -> list[str]:
    """The statements that fill the tables."""
    instant = words.instant.format(n="n")
    values = ", ".join(words.random.format(n="n", salt=salt) for salt in range(1, 6))
    state = f"CASE WHEN n % {data.every} = 0 THEN 1 ELSE 0 END"
    found = [
        filled("record", f"{words.key(data.key, 'n')}, {state}, {instant}, {values}, {words.text}", data.rows, words),
        filled("warmup", f"n, 1, {instant}", WARMUP_ROWS, words),
    ]
    if data.restricted is not None:
        # As many in the clean database: there they keep records that do not match.
        held = f"n * {data.every * round(1 / data.restricted)}" if data.restricted else f"n * {data.every} + 1"
        count = data.kept if data.restricted else data.matched // 100
        found.append(filled("holder", f"n, {words.key(data.key, held)}", count, words))
    if data.levels:
        found.append(filled("part", f"n, {words.key(data.key, 'n')}", data.rows, words))
        found.append(filled("piece", "n, n", data.rows, words))
    return found


def filled(table: str, columns: str, count: int, words: Words) -> str:
    """One statement that fills one table."""
    return f"INSERT INTO {table} SELECT {columns} FROM {words.numbers.format(count=count)}"
