"""Preview: what a job will do, told before anything is asked or done."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bulkdelete.records.dialect import AnySelect, Dialect, Walk
from bulkdelete.records.forecast import Forecast, forecast
from bulkdelete.records.predicates import Truth
from bulkdelete.records.preflight import Caution, missing_indexes
from bulkdelete.records.scope import Scope

MOST_COUNTED = 100_000
"""Records kept back that are counted before a run."""


@dataclass(frozen=True)
class Preview:
    """What a job will do: how each query's entity is walked (in the job's order), and what will hurt."""

    scope: Scope
    at: datetime.datetime
    walks: list[Walk]
    blocked: list[dict[str, int | None]]
    """Of each query: entity that refers to its records and keeps them → how many it keeps; None: too many to count."""
    cautions: list[Caution]
    forecast: Forecast


def previewed(
    connection: sa.Connection, dialect: Dialect, scope: Scope, notes: list[str], rates: Mapping[str, float]
) -> Preview:
    """The preview of a job, by the database's own estimates; `notes` are cautions that were found before.

    `rates` are records a second of earlier runs, by entity.
    """
    now = scope.job.cut_off(dialect.read_clock(connection.execute(sa.select(dialect.now())).scalar_one()))
    walks, wheres, blocked = [], [], []
    for index in range(len(scope.job.queries)):
        entity = scope.entity(index)
        where = scope.where(index, entity, now)
        wheres.append(where)
        walks.append(dialect.walk(connection, entity, where))
        blocked.append(blocked_now(connection, dialect, scope, index, where))
    estimates: dict[str, int] = {}
    for name, walk in zip(scope.entity_names(), walks, strict=True):
        estimates[name] = estimates.get(name, 0) + walk.estimated
    slow = missing_indexes(connection, dialect, scope, estimates)
    expected = forecast(connection, dialect, scope, walks, wheres, rates)
    return Preview(scope, now, walks, blocked, [*slow, *(Caution(note) for note in notes)], expected)


def blocked_now(
    connection: sa.Connection, dialect: Dialect, scope: Scope, index: int, where: Truth
) -> dict[str, int | None]:
    """Entity → how many of a query's records it keeps back as things are; None where that takes too long to count.

    Those that refer to records below a cascade are counted when their turn comes.
    """
    entity, found = scope.entity(index), dict[str, int | None]()
    for one in scope.catalogue.referrers(entity.name):
        if not one.restricts or one.child == entity.name:
            continue
        kid = scope.catalogue.entities[one.child].table.alias("kid")
        pairs = zip(one.child_columns, one.parent_columns, strict=True)
        held = sa.exists().where(*(kid.c[own] == entity.table.c[other] for own, other in pairs)).select_from(kid)
        some: AnySelect = sa.select(sa.literal_column("1").label("one")).select_from(entity.table).where(where, held)
        count = counted(connection, dialect, some.limit(MOST_COUNTED + 1))
        if count is None or count > MOST_COUNTED:
            found[one.child] = None
        elif count:
            found[one.child] = count + (found.get(one.child) or 0)
    return found


def counted(connection: sa.Connection, dialect: Dialect, some: AnySelect) -> int | None:
    """How many there are; None where the time for it is over."""
    try:
        with dialect.savepoint(connection):
            return int(connection.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one())
    except sa.exc.DBAPIError as error:
        if dialect.fault(error).kind != "slow":
            raise
        return None
