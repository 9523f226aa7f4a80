"""A world of rows, in Python and in a database."""

from __future__ import annotations

import datetime
import json
import random
from decimal import Decimal
from typing import Any

from tests.language.evaluator import Record
from tests.language.world import DAYS, NUMBERS, WORDS
from tests.records.databases import Database

ITEMS, PARTS, PERSONS = 40, 40, 8

SCHEMA = {
    "sqlite": """
        CREATE TABLE person (id integer PRIMARY KEY, boss integer REFERENCES person, n integer, s text);
        CREATE TABLE item (id integer PRIMARY KEY, n integer, m numeric, s text, b boolean, d date, w datetime, z text,
          c text, up integer REFERENCES item, own integer REFERENCES person);
        CREATE TABLE part (id integer PRIMARY KEY, item integer, n integer, s text, d date, w datetime, z text);
    """,
    "postgresql": """
        CREATE TABLE person (id integer PRIMARY KEY, boss integer REFERENCES person, n integer, s text COLLATE "C");
        CREATE TABLE item (id integer PRIMARY KEY, n integer, m numeric, s text COLLATE "C", b boolean, d date,
          w timestamp, z timestamptz, c integer[], up integer REFERENCES item, own integer REFERENCES person);
        CREATE TABLE part (id integer PRIMARY KEY, item integer, n integer, s text COLLATE "C", d date, w timestamp,
          z timestamptz);
    """,
    "mariadb": """
        CREATE TABLE person (id integer PRIMARY KEY, boss integer, n integer, s varchar(20) COLLATE utf8mb4_nopad_bin,
          FOREIGN KEY (boss) REFERENCES person (id));
        CREATE TABLE item (id integer PRIMARY KEY, n integer, m numeric(20, 4), s varchar(20) COLLATE utf8mb4_nopad_bin,
          b tinyint(1), d date, w datetime(6), z timestamp(6) NULL, c json, up integer, own integer,
          FOREIGN KEY (up) REFERENCES item (id), FOREIGN KEY (own) REFERENCES person (id));
        CREATE TABLE part (id integer PRIMARY KEY, item integer, n integer, s varchar(20) COLLATE utf8mb4_nopad_bin,
          d date, w datetime(6), z timestamp(6) NULL);
    """,
}
"""The same entities on each database; lists of numbers as text, array and JSON."""


def times_around(now: datetime.datetime) -> list[datetime.datetime]:
    """Instants around now and around the edges of days, months, years and clock changes."""
    found = [datetime.datetime.fromisoformat(one).replace(tzinfo=datetime.UTC) for one in DAYS]
    found += [now + datetime.timedelta(seconds=seconds) for seconds in (-7200, -3600, -60, -1, 0, 1, 60, 3600, 90000)]
    found += [now + datetime.timedelta(days=days) for days in (-400, -365, -90, -31, -30, -8, -7, -2, -1, 1, 2, 7, 31)]
    hours = [-14, -2, -1, 0, 1, 5]
    return [one + datetime.timedelta(hours=hour) for one in found for hour in hours]


def some_time(chance: random.Random, times: list[datetime.datetime]) -> datetime.datetime:
    """An instant on a whole second, or a microsecond beside it."""
    found = chance.choice(times).replace(microsecond=0)
    return found + datetime.timedelta(microseconds=chance.choice([0, 0, 0, 1, -1]))


def maybe(chance: random.Random, value: Any) -> Any:
    """The value, or null."""
    return None if chance.random() < 0.2 else value


def made(seed: int, now: datetime.datetime) -> dict[str, list[Record]]:
    """Rows of every entity, a fifth of the values null; who is above whom may run in rings."""
    chance = random.Random(seed)
    times = times_around(now)

    def timed() -> dict[str, Any]:
        return {
            "d": maybe(chance, some_time(chance, times).date()),
            "w": maybe(chance, some_time(chance, times).replace(tzinfo=None)),
            "z": maybe(chance, some_time(chance, times)),
        }

    persons: list[Record] = [
        {"id": at, "boss": maybe(chance, chance.randint(0, PERSONS - 1)), "n": maybe(chance, chance.randint(-2, 6)),
         "s": maybe(chance, chance.choice(WORDS))}
        for at in range(PERSONS)
    ]  # fmt: skip
    items: list[Record] = [
        {"id": at, "n": maybe(chance, chance.randint(-2, 6)), "m": maybe(chance, Decimal(str(chance.choice(NUMBERS)))),
         "s": maybe(chance, chance.choice(WORDS)), "b": maybe(chance, chance.random() < 0.5), **timed(),
         "c": maybe(chance, sorted(chance.sample(range(1, 13), chance.randint(0, 3)))),
         "up": maybe(chance, chance.randint(0, 12)), "own": maybe(chance, chance.randint(0, PERSONS - 1))}
        for at in range(ITEMS)
    ]  # fmt: skip
    parts: list[Record] = [
        {"id": at, "item": maybe(chance, chance.randint(0, ITEMS - 1)), "n": maybe(chance, chance.randint(-2, 6)),
         "s": maybe(chance, chance.choice(WORDS)), **timed()}
        for at in range(PARTS)
    ]  # fmt: skip
    return {"person": persons, "item": items, "part": parts}


def stored(database: Database, attribute: str, value: Any) -> Any:
    """A value as the database takes it; SQLite spells times in several ways, MariaDB keeps instants in UTC."""
    if value is None or (database.name == "postgresql" and attribute != "c"):
        return value
    if attribute == "c":
        lists = {"postgresql": value, "mariadb": json.dumps(value), "sqlite": ",".join(map(str, value))}
        return lists[database.name]
    if database.name == "mariadb":
        return value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value
    if isinstance(value, datetime.datetime):
        return value.isoformat("T" if value.tzinfo or value.microsecond else " ")
    return float(value) if isinstance(value, Decimal) else str(value) if isinstance(value, datetime.date) else value


def fill(database: Database, rows: dict[str, list[Record]]) -> None:
    """Make the tables and their rows; links onto rows that come later are set afterwards."""
    database.script(SCHEMA[database.name])
    for entity, records in rows.items():
        for record in records:
            first = {name: None if name in {"up", "boss"} else value for name, value in record.items()}
            marks = ", ".join("?" * len(first))
            values = [stored(database, name, value) for name, value in first.items()]
            database.execute(f"INSERT INTO {entity} ({', '.join(first)}) VALUES ({marks})", *values)
    for entity, up in (("person", "boss"), ("item", "up")):
        for record in rows[entity]:
            if record[up] is not None:
                database.execute(f"UPDATE {entity} SET {up} = ? WHERE id = ?", record[up], record["id"])
