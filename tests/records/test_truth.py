"""Every operator on every type, with nulls, singly and nested, against an oracle in Python."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.records.databases import Database
from tests.records.oracle import holds
from tests.records.sessions import Session, account, session_on

T0 = datetime.datetime(2024, 1, 31, 13, 0, 0)
VALUES: dict[str, list[Any]] = {
    "i": [-5, 0, 1, 2, 2**53 + 1, -(2**63), 2**63 - 1],
    "n": [Decimal("-1.50"), Decimal(0), Decimal("0.1"), Decimal("2.5"), Decimal(100)],
    "f": [-1.5, 0.0, 0.25, 2.5, 1e100],
    "b": [True, False],
    "s": ["", "a", "A", "abc", "a%c", "a_c", "a[c", "a\\c", "ä", "z'z", "日本", "a b", " a", "1"],
    "u": [UUID(int=1), UUID(int=2**127), UUID("ffffffff-0000-1000-8000-000000000000")],
    "d": [datetime.date(1999, 12, 31), datetime.date(2024, 1, 31), datetime.date(2024, 2, 29)],
    "t": [T0, T0 + datetime.timedelta(microseconds=1), T0 - datetime.timedelta(days=400)],
    "z": [one.replace(tzinfo=datetime.UTC) for one in (T0, T0 + datetime.timedelta(hours=2))],
}
SQL_TYPES = {
    "i": "bigint", "n": "numeric(20, 4)", "f": "double precision", "b": "boolean", "s": "text", "u": "uuid",
    "d": "date", "t": "timestamp", "z": "timestamptz",
}  # fmt: skip
MARIADB_TYPES = {
    "s": "varchar(20) COLLATE utf8mb4_nopad_bin", "t": "datetime(6)", "z": "timestamp(6) NULL", "b": "tinyint(1)",
}  # fmt: skip
TAKES = {"Null": 0, "NotNull": 0, "In": 3, "NotIn": 3, "Between": 2, "NotBetween": 2}
ORDERED = ["Equal", "NotEqual", "GreaterThan", "GreaterEqual", "LessThan", "LessEqual", "In", "NotIn", "Null",
           "NotNull", "Between", "NotBetween"]  # fmt: skip
PATTERNS = ["a%", "%c", "_", "a_c", "a[_]c", "a[%]c", "a[[]c", "a\\c", "%", "", "%b%", "Ä", "A%", "z'%", "[%]"]


def spelled(value: Any) -> Any:
    """A value as a query spells it."""
    return value if isinstance(value, bool | int | float | str) else str(value)


def stored(database: Database, value: Any) -> Any:
    """A value as the database takes it; SQLite keeps times and uuids as text, numbers as such."""
    if database.name == "postgresql" or value is None:
        return value
    if database.name == "mariadb":
        return str(value) if isinstance(value, UUID) else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat() if value.tzinfo else value.isoformat(" ")
    return value if isinstance(value, bool | int | float | str) else str(value)


def fill(database: Database, generator: random.Random, records: int) -> list[dict[str, Any]]:
    """Records of random values, a quarter of them null."""
    kinds = SQL_TYPES | (MARIADB_TYPES if database.name == "mariadb" else {})
    columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    if database.name == "postgresql":
        columns = columns.replace("s text", 's text COLLATE "C"')
    database.script(f"CREATE TABLE r (id integer PRIMARY KEY, {columns})")
    made = []
    for at in range(records):
        record = {name: None if generator.random() < 0.25 else generator.choice(some) for name, some in VALUES.items()}
        marks = ", ".join("?" * (len(record) + 1))
        database.execute(f"INSERT INTO r VALUES ({marks})", at, *(stored(database, one) for one in record.values()))
        made.append({"id": at, **record})
    return made


def conditions(generator: random.Random, database: Database) -> Iterator[dict[str, Any]]:
    """Every operator on every attribute, with random values of its type."""
    for name, some in VALUES.items():
        if (database.name, name) == ("mariadb", "u"):
            some = some[:1]  # noqa: PLW2901 (it orders them by other bytes than everybody else)
        for operator in ORDERED + (["Like", "NotLike"] if name == "s" else []):
            if operator in {"Like", "NotLike"}:
                values = [generator.choice(PATTERNS)]
            else:
                values = [spelled(generator.choice(some)) for _ in range(TAKES.get(operator, 1))]
            yield {"AttributeName": name, "Operator": operator, "Values": values}


def matching(session: Session, criteria: dict[str, Any]) -> set[int]:
    """The ids that the predicate of these criteria selects."""
    import sqlalchemy as sa

    from bulkdelete.domain.job import Job
    from bulkdelete.records.scope import Scope

    job = Job.read({"name": "x", "queries": [{"EntityName": "r", "Criteria": criteria}]})
    dialect = session.target.dialect
    with dialect.reading(session.target.engine, 10) as connection:
        scope = session.target.scopes.get("r") or Scope.of(job, connection, dialect)
        session.target.scopes.setdefault("r", scope)
        scope = Scope(job, scope.catalogue, dialect)
        entity = scope.entity(0)
        select = sa.select(entity.table.c.id).where(scope.where(0, entity, None))
        return set(connection.execute(select).scalars())


@pytest.mark.parametrize("seed", [1, 2])
def test_every_operator_on_every_type(database: Database, session: Session, seed: int) -> None:
    generator = random.Random(seed)
    records = fill(database, generator, 60)
    for one in conditions(generator, database):
        criteria = {"Conditions": [one]}
        wanted = {record["id"] for record in records if holds(criteria, record, database.name == "sqlite")}
        assert matching(session, criteria) == wanted, one


def nested(generator: random.Random, database: Database, depth: int) -> dict[str, Any]:
    """Random criteria."""
    every = list(conditions(generator, database))
    found: dict[str, Any] = {
        "FilterOperator": generator.choice(["And", "Or"]),
        "Conditions": generator.sample(every, generator.randint(1, 3)),
    }
    if depth:
        found["Filters"] = [nested(generator, database, depth - 1) for _ in range(generator.randint(0, 2))]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_nested_criteria(database: Database, session: Session, seed: int) -> None:
    generator = random.Random(seed)
    records = fill(database, generator, 60)
    for _ in range(20):
        criteria = nested(generator, database, 3)
        wanted = {record["id"] for record in records if holds(criteria, record, database.name == "sqlite")}
        assert matching(session, criteria) == wanted, criteria


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_nested_criteria_at_length(database: Database, session: Session, seed: int) -> None:
    generator = random.Random(seed)
    records = fill(database, generator, 100)
    for _ in range(100):
        criteria = nested(generator, database, 4)
        wanted = {record["id"] for record in records if holds(criteria, record, database.name == "sqlite")}
        assert matching(session, criteria) == wanted, criteria


def test_what_matches_is_what_goes(database: Database) -> None:
    generator = random.Random(7)
    records = fill(database, generator, 200)
    criteria = {"FilterOperator": "Or", "Conditions": list(conditions(generator, database))[::9]}
    wanted = {str(record["id"]) for record in records if holds(criteria, record, database.name == "sqlite")}
    before = database.state()
    with session_on(database) as session:
        ended = session.run({"EntityName": "r", "Criteria": criteria})

    account(database, before, ended)
    assert set(ended.deleted["r"]) == wanted
