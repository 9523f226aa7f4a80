"""Forecast: how long a job will take and how much room it will need, before anything is done.

By the rate of earlier runs on the same entity where there is one, else by reading a sample on the target itself,
else by documented figures. Nothing is ever written to find out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import Dialect, PackError, Walk
from bulkdelete.records.extent import Extent
from bulkdelete.records.predicates import Truth
from bulkdelete.records.scope import Scope

Source = Literal["earlier", "sample", "documented", "rate"]

STARTING = 0.2
"""Seconds until the first record goes, and after the last one."""
SAMPLE, LEAST = 20_000, 500
"""Records of a sample, at most; at least: fewer tell nothing."""
SLOWEST, FASTEST = 200.0, 0.2
"""How many times slower than documented a target is taken to be, at most; and at least."""
ID_BYTES = {"int8": 8, "uuid": 16, "text": 24, "composite": 48}
KEPT = 1.5
"""Bytes in the event log for each byte of ids."""


@dataclass(frozen=True)
class Forecast:
    """What to expect of a job. Zero where nothing is to be deleted."""

    records: int
    """Asked for and taken along by cascades."""
    seconds: float
    source: Source
    """Whence the time is known; of several entities the least certain. `rate`: the job's own holds it back."""
    log_bytes: int
    """What the database's log (WAL, redo) will grow by, or turn over."""
    freed_bytes: int
    """Room in tables and indexes that is free for later records afterwards."""
    kept_bytes: int
    """What the event log will grow by: the ids, for good."""

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds if self.seconds else 0.0


def forecast(
    connection: sa.Connection, dialect: Dialect, scope: Scope, walks: list[Walk], wheres: list[Truth],
    rates: Mapping[str, float],
) -> Forecast:  # fmt: skip
    """The forecast of a job; `rates` are records a second of earlier runs, by entity."""
    extents = {name: dialect.extent(connection, one) for name, one in scope.catalogue.entities.items()}
    seconds, log, freed, kept = 0.0, 0.0, 0.0, 0.0
    going: dict[str, float] = {}
    sources: set[Source] = set()
    for index, (walk, where) in enumerate(zip(walks, wheres, strict=True)):
        entity = scope.entity(index)
        if not walk.estimated:
            continue
        taken = taken_along(scope, entity, walk.estimated, extents)
        took, source = time_of(connection, dialect, scope, entity, where, taken, extents, rates)
        seconds += took
        sources.add(source)
        for name, count in taken.items():
            going[name] = going.get(name, 0.0) + count
    for name, wanted in going.items():
        one, extent = scope.catalogue.entities[name], extents[name]
        count = min(wanted, extent.records) if extent.records else wanted
        log += log_of(dialect, one, count, extent, is_careful(scope, one))
        share = count / extent.records if extent.records else 0.0
        freed += share * (extent.data_bytes + extent.index_bytes)
        kept += count * ID_BYTES[one.key_kind] * KEPT
    if seconds:
        seconds += STARTING
    order: list[Source] = ["documented", "sample", "earlier"]
    source = next((one for one in order if one in sources), "documented")
    # What a cascade takes along does not count against the job's rate.
    held = sum(walk.estimated for walk in walks) / scope.job.rate if scope.job.rate else 0.0
    if held > seconds:
        seconds, source = held, "rate"
    return Forecast(round(sum(going.values())), seconds, source, round(log), round(freed), round(kept))


def is_careful(scope: Scope, entity: Entity) -> bool:
    """Whether other records may refer to those of the entity: each is looked after then."""
    return bool(scope.catalogue.referrers(entity.name))


def taken_along(scope: Scope, entity: Entity, count: float, extents: Mapping[str, Extent]) -> dict[str, float]:
    """Entity → how many of its records go: as many for each parent as there are on the average."""
    found = {entity.name: float(count)}
    for parent in scope.catalogue.reached(entity.name):
        for one in scope.catalogue.referrers(parent):
            if one.rule == "cascade" and one.child != one.parent and one.child not in found:
                share = found.get(parent, 0.0) / extents[parent].records if extents[parent].records else 0.0
                found[one.child] = min(1.0, share) * extents[one.child].records
    return found


def time_of(
    connection: sa.Connection, dialect: Dialect, scope: Scope, entity: Entity, where: Truth,
    taken: Mapping[str, float], extents: Mapping[str, Extent], rates: Mapping[str, float],
) -> tuple[float, Source]:  # fmt: skip
    """Seconds for the records of one query with all they take along, and whence that is known."""
    count = taken[entity.name]
    if rate := rates.get(entity.name):
        return count / rate, "earlier"
    costs = dialect.costs
    careful = is_careful(scope, entity)
    each = (costs.careful if careful else costs.direct) + costs.index * extents[entity.name].indexes
    seconds = count * each + sum(
        number * (costs.careful + costs.index * extents[name].indexes)
        for name, number in taken.items()
        if name != entity.name
    )
    slower = slowness(connection, dialect, entity, where)
    return (seconds, "documented") if slower is None else (seconds * slower, "sample")


def slowness(connection: sa.Connection, dialect: Dialect, entity: Entity, where: Truth) -> float | None:
    """How many times slower than documented this target reads matching records now; None where too few were read."""
    found = sa.select(*entity.key_columns).select_from(entity.table).where(where).limit(SAMPLE).subquery()
    sample = sa.select(sa.func.count(), dialect.packed(entity.key_kind, list(found.c))).select_from(found)
    began = time.perf_counter()
    try:
        with dialect.savepoint(connection):
            count, packed = connection.execute(sample).one()
            dialect.unpacked(entity.key_kind, packed, count)
    except PackError:
        return None
    except sa.exc.DBAPIError as error:
        if dialect.fault(error).kind != "slow":
            raise
        return None
    if count < LEAST:
        return None
    each: float = (time.perf_counter() - began) / count
    return min(SLOWEST, max(FASTEST, each / dialect.costs.read))


def log_of(dialect: Dialect, entity: Entity, count: float, extent: Extent, careful: bool) -> float:
    """Bytes in the database's log for so many records of an entity."""
    costs = dialect.costs
    pages = min(count, extent.data_bytes / costs.page)
    ids = 2 * ID_BYTES[entity.key_kind]
    return count * (costs.log * (2 if careful else 1) + costs.log_index * extent.indexes + ids) + pages * costs.log_page
