"""Conditions on the job's user: its id, teams, business unit, language, and those who report to it (spec §6.3.2)."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.terms import Terms, User
from bulkdelete.domain.query.tree import Comparison, Value
from bulkdelete.records.catalogue import Attribute, Catalogue
from bulkdelete.records.conditions.hierarchy import bound, descendants
from bulkdelete.records.conditions.rows import Row
from bulkdelete.records.predicates import Operands, Truth
from bulkdelete.records.values import fit

BUSINESS = {Operator.EQUAL_BUSINESS_ID, Operator.NOT_EQUAL_BUSINESS_ID}
TEAMS = {
    Operator.EQUAL_USER_TEAMS, Operator.EQUAL_USER_OR_USER_TEAMS, Operator.EQUAL_USER_OR_USER_HIERARCHY_AND_TEAMS,
}  # fmt: skip
REPORTS = {Operator.EQUAL_USER_OR_USER_HIERARCHY, Operator.EQUAL_USER_OR_USER_HIERARCHY_AND_TEAMS}
NEGATED = {Operator.NOT_EQUAL_USER_ID, Operator.NOT_EQUAL_BUSINESS_ID}


def is_of_user(what: Comparison, row: Row, operands: Operands, catalogue: Catalogue, terms: Terms) -> Truth:
    """An operator of the family user. Raises InvalidJobError where the job does not say what it needs."""
    attribute = row.attribute(what.attribute, f"{what.path}.AttributeName")
    user = needed(terms.user, what)
    column = operands.operand(row.entity, attribute)
    values = [
        operands.bound(attribute, fit(value, attribute, f"user.{place}")) for place, value in meant(what.operator, user)
    ]
    truth = in_some(column, values, negated=what.operator in NEGATED)
    if what.operator in REPORTS:
        hierarchy = catalogue.hierarchy(row.entity.name, attribute.name, f"{what.path}.AttributeName")
        node = bound(hierarchy, user.id, operands, "user.id")
        below = descendants(hierarchy, node, itself=True)
        truth = sa.or_(truth, row.entity.table.c[attribute.name].in_(below))
    return guarded(truth, row, attribute, operands)


def in_some(column: sa.ColumnElement[object], values: list[sa.ColumnElement[object]], negated: bool) -> Truth:
    """Whether an attribute is one of these, or none of them."""
    if not values:
        return sa.false()
    return column.not_in(values) if negated else column.in_(values)


def guarded(truth: Truth, row: Row, attribute: Attribute, operands: Operands) -> Truth:
    """The same, where values may be of any type."""
    guard = operands.guard(row.entity, attribute)
    return truth if guard is None else sa.and_(guard, truth)


def needed(user: User | None, what: Comparison) -> User:
    """The job's user, of whom everything is said that the operator needs. Raises InvalidJobError."""
    path = f"{what.path}.Operator"
    if user is None:
        raise InvalidJobError(f"{what.operator} is about the job's user, and the job has none: say user: in it", path)
    for operators, said, name in (
        (BUSINESS, user.business_unit, "business_unit"),
        (TEAMS, user.teams, "teams"),
        ({Operator.EQUAL_USER_LANGUAGE}, user.language, "language"),
    ):
        if what.operator in operators and said is None:
            raise InvalidJobError(f"{what.operator} needs user.{name}, which the job does not say", path)
    return user


def meant(operator: Operator, user: User) -> list[tuple[str, Value]]:
    """The values that the operator compares with, and where the job says them."""
    found: list[tuple[str, Value]] = []
    if operator in BUSINESS and user.business_unit is not None:
        return [("business_unit", user.business_unit)]
    if operator is Operator.EQUAL_USER_LANGUAGE and user.language is not None:
        return [("language", user.language)]
    if operator is not Operator.EQUAL_USER_TEAMS:
        found.append(("id", user.id))
    if operator in TEAMS:
        found += [(f"teams[{at}]", team) for at, team in enumerate(user.teams or ())]
    return found
