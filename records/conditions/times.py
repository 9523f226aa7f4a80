"""Days and times: values, named days, relative and fiscal dates as half-open intervals."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.days import moment_of
from bulkdelete.domain.query.intervals import intervals
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import Comparison, Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.conditions.moments import Bounds, Moment, Sign
from bulkdelete.records.conditions.rows import Row
from bulkdelete.records.predicates import Operands, Truth
from bulkdelete.records.values import misfit

TIMES = {"date", "datetime", "instant"}
ACCEPTED = "a day such as 2024-01-31, or a time such as 2024-01-31T13:00:00 or 2024-01-31T13:00:00Z"
OF_CLOCK = {one for one in Operator if one.endswith(("XHours", "XMinutes"))}
"""The operators that make no sense for days (spec §6.4)."""


def zone_of(entity: Entity, terms: Terms) -> ZoneInfo:
    """The zone of times that an entity stores without one."""
    return terms.zone if entity.time_zone is None else ZoneInfo(entity.time_zone)


def is_compared_with_times(what: Comparison, row: Row, attribute: Attribute, operands: Operands, terms: Terms) -> Truth:
    """A time against times that the query names."""

    def holds(sign: Sign, index: int) -> Truth:
        path = f"{what.path}.Values[{index}]"
        moment = named_moment(what.values[index], attribute, terms.zone, sign, path)
        return operands.timed(row.entity, attribute, sign, moment, zone_of(row.entity, terms))

    match what.operator:
        case Operator.EQUAL:
            return holds("=", 0)
        case Operator.NOT_EQUAL:
            return sa.not_(sa.func.coalesce(holds("=", 0), sa.false()))
        case Operator.IN:
            return sa.or_(*(holds("=", index) for index in range(len(what.values))))
        case Operator.NOT_IN:
            others = (sa.or_(holds("<", index), holds(">", index)) for index in range(len(what.values)))
            return sa.and_(*others)
        case Operator.BETWEEN:
            return sa.and_(holds(">=", 0), holds("<=", 1))
        case Operator.NOT_BETWEEN:
            return sa.or_(holds("<", 0), holds(">", 1))
        case Operator.LESS_THAN | Operator.LESS_EQUAL:
            return holds("<" if what.operator is Operator.LESS_THAN else "<=", 0)
        case _:
            return holds(">" if what.operator is Operator.GREATER_THAN else ">=", 0)


def named_moment(value: Value, attribute: Attribute, zone: ZoneInfo, sign: Sign, path: str) -> Moment:
    """The instant that a value names. Raises InvalidJobError where it names none, or a time of a mere day."""
    accepted = "a day such as 2024-01-31" if attribute.kind == "date" else ACCEPTED
    try:
        if not isinstance(value, str):
            raise ValueError
        written = datetime.datetime.fromisoformat(value)
        moment = Moment(
            moment_of(value, zone, later=sign in {">", ">="}), None if written.tzinfo else written.replace(fold=0)
        )
    except (ValueError, OverflowError):
        raise misfit(value, attribute, path, accepted) from None
    if attribute.kind == "date" and sign == "=" and moment.as_day("=")[1] is None:
        raise misfit(value, attribute, path, accepted)
    return moment


def at_dates(what: Comparison, row: Row, operands: Operands, terms: Terms) -> Truth:
    """An operator of days, spans and fiscal dates."""
    attribute = row.attribute(what.attribute, f"{what.path}.AttributeName")
    timed = operands.as_times(attribute)
    if timed is None or (what.operator in OF_CLOCK and attribute.kind == "date"):
        needs = "times of day" if what.operator in OF_CLOCK else "days or times"
        raise InvalidJobError(
            f'{what.operator} is about {needs}; attribute "{attribute.name}" is {attribute.native}',
            f"{what.path}.Operator",
        )
    try:
        found = intervals(what.operator, what.values, terms)
    except ValueError as error:
        place = "Values[0]" if len(what.values) < 2 else "Values"
        raise InvalidJobError(
            f"{shown(what.values)} is not accepted; accepted: {error}", f"{what.path}.{place}"
        ) from None
    if not found:
        return sa.false()
    bounds = [(moment(one.start), moment(one.end)) for one in found]
    return operands.within_any(row.entity, timed, bounds, zone_of(row.entity, terms))


def shown(values: tuple[Value, ...]) -> str:
    """Values in an error."""
    return f"{', '.join(f'{one!r}' if isinstance(one, str) else str(one) for one in values):.100}"


def moment(bound: datetime.datetime | None) -> Moment | None:
    """A bound of an interval."""
    return None if bound is None else Moment(bound)


def within_any(
    operands: Operands, entity: Entity, attribute: Attribute, bounds: Sequence[Bounds], zone: ZoneInfo
) -> Truth:
    """Whether a time lies in one of some intervals, each held against the column by itself."""
    truths = []
    for start, end in bounds:
        both = [operands.is_time(entity, attribute)]
        both += [operands.timed(entity, attribute, ">=", start, zone)] if start else []
        both += [operands.timed(entity, attribute, "<", end, zone)] if end else []
        truths.append(sa.and_(*both))
    return sa.or_(*truths)
