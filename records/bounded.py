"""Guards that only the database can hold a job against: how many records match, which entities it reaches."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from bulkdelete.domain.errors import GuardError
from bulkdelete.domain.guards import bounds
from bulkdelete.domain.job import Job
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import AnySelect, Dialect
from bulkdelete.records.predicates import Truth
from bulkdelete.records.scope import Scope

COUNTED_BEYOND = 100_000
"""How far beyond a guard the records are counted, for its figures."""


def bound_reached(job: Job) -> GuardError:
    """As many records are deleted as a guard allows, and more match."""
    most = job.all_guards.max_records or 0
    return GuardError(f"{most:,} records are deleted, as many as allowed, and more match", "guards.max_records")


def refuse_more(connection: sa.Connection, job: Job, entity: Entity, where: Truth) -> None:
    """See that nothing matches any more, where no more may be deleted. Raises GuardError."""
    if connection.execute(sa.select(sa.exists().where(where).select_from(entity.table))).scalar():
        raise bound_reached(job)


def bound_passed(job: Job, taken: int, left: int) -> GuardError:
    """One record takes more along than a guard leaves."""
    most = job.all_guards.max_records or 0
    return GuardError(
        f"one record takes along {taken - 1:,} others that its query asks for as well; of the {most:,} allowed "
        f"{left:,} are left",
        "guards.max_records",
    )


def check_reach(scope: Scope) -> None:
    """Refuse a job that deletes of protected entities, or leaves a required attribute without a bound."""
    guards, known = scope.job.all_guards, scope.catalogue
    protected = {one.lower() for one in guards.protected}
    for index, name in enumerate(scope.entity_names()):
        tree = scope.tree(index)
        for reached in known.reached(name):
            if reached.lower() in protected or (reached == name and tree.entity.lower() in protected):
                how = "the query is about it" if reached == name else f"deleting {name} takes it along (cascade)"
                raise GuardError(f'"{reached}" is protected, and {how}', f"{tree.path}: guards.protected")
        for entity, attributes in guards.required.items():
            if entity.lower() not in {name.lower(), tree.entity.lower()}:
                continue
            for attribute in attributes:
                if not bounds(tree, attribute):
                    raise GuardError(
                        f'each query about "{entity}" must bound {attribute}, and this one does not in every case; '
                        f"add a condition such as {attribute} LessThan …",
                        f"{tree.path}: guards.required",
                    )


def check_records(engine: sa.Engine, dialect: Dialect, scope: Scope, seconds: float) -> None:
    """Refuse a job whose queries find more records than it may delete, all together. Raises GuardError.

    Where counting takes longer than that it is not refused here: it is stopped at the bound.
    """
    most = scope.job.all_guards.max_records
    if most is None:
        return
    with dialect.reading(engine, seconds) as connection:
        now = dialect.read_clock(connection.execute(sa.select(dialect.now())).scalar_one())
        cut_off = scope.job.cut_off(now)
        least = found_by(connection, dialect, scope, cut_off, most)
        if least is None or least <= most:
            return
        # How many there are is only for the figures: it is refused already.
        total = found_by(connection, dialect, scope, cut_off, most + COUNTED_BEYOND)
    told = f"at least {least:,}" if total is None or total > most + COUNTED_BEYOND else f"{total:,}"
    raise GuardError(f"{told} records match, more than the {most:,} allowed", "guards.max_records")


def found_by(
    connection: sa.Connection, dialect: Dialect, scope: Scope, now: datetime.datetime, most: int
) -> int | None:
    """How many records the queries find, counted until there are more than that; None: it takes too long."""
    total = 0
    for index in range(len(scope.job.queries)):
        entity, top = scope.entity(index), scope.tree(index).top
        enough = most - total + 1
        some: AnySelect = sa.select(sa.literal_column("1").label("one")).select_from(entity.table)
        some = some.where(scope.where(index, entity, now)).limit(min(enough, top or enough))
        try:
            with dialect.savepoint(connection):
                total += int(connection.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one())
        except sa.exc.DBAPIError as error:
            if dialect.fault(error).kind != "slow":
                raise
            return None
        if total > most:
            break
    return total
