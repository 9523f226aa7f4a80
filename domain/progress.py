"""How far an operation is: per query, and in the plan being walked. Plain JSON values, since snapshots hold them."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class QueryProgress(TypedDict):
    """What became of one query's records so far. Counts are records."""

    entity: str
    strategy: str | None
    """How its entity is walked: `pages`, `rowids`, `keys`, or the matching records by themselves."""
    number: int
    """The last pass that was planned; 0: none yet."""
    done: bool
    retried: bool
    rounds: int
    """How often its failures were tried again."""
    estimated: int
    deleted: int
    failed: int
    vanished: int
    retryable: int
    """Of the failed ones, those that another attempt may delete."""
    settled: int
    """Records deleted, failed or vanished in the current pass."""
    bounded: bool
    remaining: str | None
    """Why some records that match are still there without a failure of their own."""


class OpenUnit(TypedDict):
    """A unit that has begun and is not walked to its end."""

    batch: int
    """How many of its batches are recorded."""
    position: Any
    deleted: NotRequired[int]
    """Records that they deleted."""


class PlanProgress(TypedDict):
    """The plan being walked: units `first` to `first + units - 1`, counted over the whole operation."""

    query_index: int
    number: int
    retry: bool
    walk: dict[str, Any]
    first: int
    units: int
    walked: int
    """All units before this one are finished."""
    beyond: list[int]
    """Finished units at or after `walked`."""
    open: dict[str, OpenUnit]
    ceilings: NotRequired[dict[str, int]]
    """Unit → how many records it may delete, where a guard bounds them all together: see `allotment`."""


MOST_ROUNDS = 12
"""Rounds in which failures are tried again, as long as each settles some: what goes may have held others back."""
MOST_UNBOUNDED_PASSES = 4
"""The first walk and three sweeps, where nothing tells which records were there at the start."""


def query_progress(entity: str) -> QueryProgress:
    """A query that has not begun."""
    return QueryProgress(
        entity=entity, strategy=None, number=0, done=False, retried=False, estimated=0, deleted=0, failed=0, vanished=0,
        retryable=0, settled=0, bounded=False, remaining=None, rounds=0,
    )  # fmt: skip


def settled_of(query: QueryProgress) -> int:
    """Records of a query whose turn has come."""
    return query["deleted"] + query["failed"] + query["vanished"]


def finish_unit(plan: PlanProgress, unit: int) -> None:
    """Note that a unit is walked to its end."""
    plan["open"].pop(str(unit), None)
    if unit >= plan["walked"] and unit not in plan["beyond"]:
        plan["beyond"].append(unit)
    while plan["walked"] in plan["beyond"]:
        plan["beyond"].remove(plan["walked"])
        plan["walked"] += 1


def is_walked(plan: PlanProgress) -> bool:
    """Whether every unit of the plan is finished."""
    return plan["walked"] >= plan["first"] + plan["units"]


def unfinished(plan: PlanProgress, most: int) -> list[int]:
    """The first units, at most so many, that are not finished."""
    last = plan["first"] + plan["units"]
    found: list[int] = []
    unit = plan["walked"]
    while unit < last and len(found) < most:
        if unit not in plan["beyond"]:
            found.append(unit)
        unit += 1
    return found


def close_pass(query: QueryProgress, plan: PlanProgress) -> None:
    """Decide, after the last unit of a pass, whether the query is done.

    Rows move while we work: a pass that settled records is followed by another, until one settles none. Where
    nothing tells which records were there at the start, new ones could keep that up for ever: then four passes do.
    """
    if plan["retry"]:
        query["retried"] = True
        query["rounds"] = query.get("rounds", 0) + 1
        return
    if not query["settled"]:
        query["done"] = True
    elif not query["bounded"] and plan["number"] >= MOST_UNBOUNDED_PASSES:
        query["done"] = True
        query["remaining"] = "records that match may still be arriving"


def try_again(queries: list[QueryProgress], tried: QueryProgress) -> None:
    """After failures were tried once more: where some were settled, the others may pass now, in one more round."""
    if not tried["settled"]:
        return
    for query in queries:
        if query["retryable"] > 0 and query.get("rounds", 0) < MOST_ROUNDS:
            query["retried"] = False
