"""Multi-select values: numbers between commas, a JSON list, or the database's own array."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Comparison, Value
from bulkdelete.records.catalogue import Attribute
from bulkdelete.records.conditions.rows import Row
from bulkdelete.records.predicates import Operands, Truth
from bulkdelete.records.values import as_integer, misfit

NOTHING = ",,"
"""A list without values: like null it contains none, and no operator of this family is true of it."""
OF_SETS = {Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN, Operator.NOT_IN}


def is_of_choices(what: Comparison, row: Row, operands: Operands) -> Truth:
    """Whether a list holds at least one of the values, or none of them."""
    attribute = row.attribute(what.attribute, f"{what.path}.AttributeName")
    listed = operands.choices(row.entity, attribute)
    if listed is None:
        raise InvalidJobError(
            f'{what.operator} is about lists of numbers; attribute "{attribute.name}" is {attribute.native}',
            f"{what.path}.Operator",
        )
    found = sa.or_(*(holds(listed, one) for one in numbers(what, attribute)))
    if what.operator is Operator.CONTAIN_VALUES:
        return found
    return sa.and_(listed != NOTHING, sa.not_(found))


def are_sets(what: Comparison, attribute: Attribute, operands: Operands) -> bool:
    """Whether a comparison is one of whole sets: the column is a list by its type, the values are numbers."""
    if what.operator not in OF_SETS or not operands.holds_list(attribute):
        return False
    return all(not isinstance(one, str) or one.replace(",", "").replace(" ", "").isdecimal() for one in what.values)


def is_set(what: Comparison, row: Row, attribute: Attribute, operands: Operands) -> Truth:
    """Whether a list holds exactly these values; `NotEqual` is true of null, `NotIn` is not."""
    listed = operands.choices(row.entity, attribute)
    assert listed is not None
    wanted = sorted(set(numbers(what, attribute)))
    commas = sa.func.length(listed) - sa.func.length(sa.func.replace(listed, ",", ""))
    truth = sa.and_(commas == len(wanted) + 1, *(holds(listed, one) for one in wanted))
    match what.operator:
        case Operator.NOT_EQUAL:
            return sa.not_(sa.func.coalesce(truth, sa.false()))
        case Operator.NOT_IN:
            return sa.not_(truth)
        case _:
            return truth


def numbers(what: Comparison, attribute: Attribute) -> list[int]:
    """The values as numbers; one text may hold several between commas."""
    found: list[int] = []
    for index, value in enumerate(what.values):
        parts: list[Value] = list(value.split(",")) if isinstance(value, str) else [value]
        try:
            found += [as_integer(part) for part in parts]
        except (ValueError, TypeError, OverflowError):
            raise misfit(value, attribute, f"{what.path}.Values[{index}]", "a whole number") from None
    return found


def holds(listed: sa.ColumnElement[str], number: int) -> Truth:
    """Whether a list holds a number."""
    return listed.like(sa.bindparam(None, f"%,{number},%", type_=sa.Text))
