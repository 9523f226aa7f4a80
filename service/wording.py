"""Queries and walks in plain words, for people who are about to delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Comparison, Junction, Link, Node, QueryTree, Value
from bulkdelete.service.walk_wording import WALKS

if TYPE_CHECKING:  # a question to the views must not load what speaks to databases
    from bulkdelete.records.catalogue import Catalogue
    from bulkdelete.records.dialect import Walk
    from bulkdelete.records.extent import Costs
    from bulkdelete.records.forecast import Forecast

SIGNS = {
    Operator.EQUAL: "=", Operator.GREATER_THAN: ">", Operator.GREATER_EQUAL: "≥", Operator.LESS_THAN: "<",
    Operator.LESS_EQUAL: "≤", Operator.LIKE: "like", Operator.NOT_LIKE: "not like",
}  # fmt: skip
WORTH_SAYING = 1_000_000
"""Bytes below which nobody minds."""
SOURCES = {
    "earlier": "{rate}, measured by earlier runs", "sample": "{rate}, by a sample that was read now",
    "documented": "{rate}, a usual figure: too little to measure",
    "rate": "by the job's own rate",
}  # fmt: skip


def spell(value: Value) -> str:
    """A value as people write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def words(node: Node | None) -> str:
    """A condition in words; what matches null says so."""
    if node is None:
        return "all records"
    if isinstance(node, Comparison):
        return comparison(node)
    if isinstance(node, Link):
        return related(node)
    inner = [f"({words(term)})" if isinstance(term, Junction) and term.any else words(term) for term in node.terms]
    return (" or " if node.any else " and ").join(inner)


def related(link: Link) -> str:
    """A link in words."""
    terms = [words(link.where)] if link.where else []
    inner = " and ".join([*terms, *map(related, link.links)])
    return f"{link.join} {link.entity}.{link.attribute} = {link.outer_attribute}" + (
        f" where ({inner})" if inner else ""
    )


def comparison(node: Comparison) -> str:
    """One comparison in words."""
    values = [spell(value) for value in node.values]
    if node.column is not None:
        return f"{node.attribute} {SIGNS.get(node.operator, 'is not')} {node.column.attribute}"
    match node.operator:
        case Operator.NOT_EQUAL:
            return f"{node.attribute} is not {values[0]} (or is null)"
        case Operator.NULL:
            return f"{node.attribute} is null"
        case Operator.NOT_NULL:
            return f"{node.attribute} is not null"
        case Operator.IN | Operator.NOT_IN:
            few = ", ".join(values[:5]) + (f", … {len(values):,} values" if len(values) > 5 else "")
            return f"{node.attribute} {'in' if node.operator is Operator.IN else 'not in'} ({few})"
        case Operator.BETWEEN | Operator.NOT_BETWEEN:
            sign = "between" if node.operator is Operator.BETWEEN else "not between"
            return f"{node.attribute} {sign} {values[0]} and {values[1]}"
        case operator if operator in SIGNS:
            return f"{node.attribute} {SIGNS[operator]} {values[0]}"
        case operator:
            return " ".join([node.attribute, operator.form.fetchxml.replace("-", " "), *values])


def describe(tree: QueryTree) -> str:
    """A query in words."""
    if tree.deletes_everything:
        return words(None)
    return " and ".join([*([words(tree.where)] if tree.where else []), *map(related, tree.links)])


def describe_walk(walk: Walk) -> str:
    """How many, and how they are found."""
    units = f", {walk.units:,} units" if walk.units > 1 else ""
    return f"about {walk.estimated:,} records {WALKS[walk.shape['kind']]}{units}" if walk.units else "no records"


def expectations(forecast: Forecast, costs: Costs) -> Iterator[str]:
    """How long it will take and what will grow, a line each; nothing where nothing is to be deleted."""
    if not forecast.records:
        return
    yield f"about {duration(forecast.seconds)} ({SOURCES[forecast.source].format(rate=f'{forecast.rate:,.0f}/s')})"
    if forecast.log_bytes >= WORTH_SAYING:
        yield f"{costs.log_name} about {size(forecast.log_bytes)}; {costs.growth} (about {size(forecast.freed_bytes)})"
    if forecast.kept_bytes >= WORTH_SAYING:
        yield f"event log about {size(forecast.kept_bytes)}: the ids of what is gone, for good"


def duration(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7_200 else f"{seconds / 3_600:,.1f} h"


def size(count: float) -> str:
    """Bytes as people say them."""
    units = ["bytes", "kB", "MB", "GB", "TB"]
    while count >= 1_000 and len(units) > 1:
        count, units = count / 1_000, units[1:]
    return f"{count:,.1f} {units[0]}" if count < 10 and units[0] not in {"bytes", "kB"} else f"{count:,.0f} {units[0]}"


def told_of_catalogue(catalogue: Declarations) -> str:
    """How much a catalogue declares."""
    counts = (
        (len(catalogue.entities), "entity", "entities"),
        (len(catalogue.relationships), "relationship", "relationships"),
    )
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts)


def consequences(catalogue: Catalogue, entity: str, blocked: Mapping[str, int | None]) -> Iterator[str]:
    """What else a deletion touches, a line each. `blocked`: who keeps records of the entity, and how many, as it is."""
    reached = [name for name in catalogue.reached(entity) if name != entity]
    if reached:
        yield f"takes with it {', '.join(reversed(reached))} (cascade)"
    inner = [one for name in [entity, *reached] for one in catalogue.referrers(name)]
    if unlinked := list(dict.fromkeys(one.child for one in inner if one.unlinks)):
        yield f"unlinks {', '.join(unlinked)}"
    for name, count in blocked.items():
        yield f"{'many' if count is None else f'{count:,}'} may be kept back: {name} refers to them"
    others = [one.child for one in inner if one.restricts and one.child not in reached and one.child not in blocked]
    if others:
        yield f"records that {' or '.join(dict.fromkeys(others))} refers to when their turn comes are kept"
