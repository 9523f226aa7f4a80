"""How the database would find a query's records: the SQL, the walk, and the indexes that it uses."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from bulkdelete.records.dialect import AnySelect, Dialect, Walk
from bulkdelete.records.predicates import Truth
from bulkdelete.records.scope import Scope


@dataclass(frozen=True)
class Plan:
    """One query as the database sees it."""

    sql: str
    walk: Walk
    indexes: list[str]


def plans_of(connection: sa.Connection, dialect: Dialect, scope: Scope) -> tuple[datetime.datetime, list[Plan]]:
    """The database's clock, and the plan of each query of a job."""
    at = dialect.read_clock(connection.execute(sa.select(dialect.now())).scalar_one())
    count = len(scope.job.queries)
    return at, [planned(connection, dialect, scope, index, scope.where(index, scope.entity(index), at))
                for index in range(count)]  # fmt: skip


def planned(connection: sa.Connection, dialect: Dialect, scope: Scope, index: int, where: Truth) -> Plan:
    """How the records of one query are found."""
    entity = scope.entity(index)
    select: AnySelect = sa.select(*entity.key_columns).where(where)
    used = list(dict.fromkeys(indexes(connection, dialect, select)))
    return Plan(shown_sql(dialect, connection, select), dialect.walk(connection, entity, where), used)


def shown_sql(dialect: Dialect, connection: sa.Connection, select: AnySelect) -> str:
    """The statement with its values, to be read and never run: what is run has every value bound."""
    try:
        return str(select.compile(connection, compile_kwargs={"literal_binds": True}))
    except (sa.exc.CompileError, NotImplementedError, TypeError, ValueError):
        compiled = select.compile(connection, compile_kwargs={"render_postcompile": True})
        values = ", ".join(f"{name}={value!r}" for name, value in compiled.params.items())
        return f"{compiled}" + (f"\n-- {values}" if values else "")


class Explain(Executable, ClauseElement):
    """A statement that is explained instead of run, its values bound as usual."""

    inherit_cache = False

    def __init__(self, statement: AnySelect, prefix: str) -> None:
        self.statement = statement
        self.prefix = prefix


@compiles(Explain)
def compile_explain(element: Explain, compiler: Any, **words: Any) -> str:
    """The prefix, then the statement."""
    return f"{element.prefix} {compiler.process(element.statement, **words)}"


PREFIXES = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (FORMAT JSON)"}


def indexes(connection: sa.Connection, dialect: Dialect, select: AnySelect) -> Iterator[str]:
    """The names of the indexes that the database would use."""
    prefix = PREFIXES.get(dialect.name, "EXPLAIN FORMAT=JSON")
    for row in connection.execute(Explain(select, prefix)).all():
        if dialect.name == "sqlite":
            yield from re.findall(r"USING (?:COVERING )?INDEX (\S+)", str(row[-1]))
            yield from ["primary key"] if "PRIMARY KEY" in str(row[-1]) else []
        else:
            yield from named(row[0] if isinstance(row[0], list | dict) else json.loads(row[0]))


def named(value: Any) -> Iterator[str]:
    """The indexes that a plan in JSON names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"Index Name", "key"} and isinstance(inner, str):
                yield inner
            else:
                yield from named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner)
