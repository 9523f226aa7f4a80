"""Conditions of FetchXML: an attribute, an operator, and values or another column (spec §6.2)."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.fetchxml.words import (
    Element,
    check_attributes,
    check_children,
    operator_of,
    required,
)
from bulkdelete.domain.query.operators import COMPARES_COLUMNS, Operator, takes
from bulkdelete.domain.query.tree import Column, Comparison, Value
from bulkdelete.domain.query.values import TYPES, plain_value

COUNTS = {"count", "period", "year", "period and year"}
MOST_VALUES = 10_000


def condition(element: Element, place: str) -> Comparison:
    """A condition as a node of the tree. Raises InvalidJobError."""
    check_attributes(element, place)
    check_children(element, place)
    operator, attribute = operator_of(element, place), required(element, "attribute", place)
    entity = element.get("entityname") or None
    if element.get("valueof"):
        return Comparison(attribute, operator, (), place, entity, column_of(element, operator, place))
    values = values_of(element, operator, place)
    form = operator.form
    if len(values) < form.least or (form.most is not None and len(values) > form.most):
        where = f"{place}.value"
        raise InvalidJobError(f"{form.fetchxml} takes {takes(operator)}, not {len(values):,}", where)
    return Comparison(attribute, operator, values, place, entity)


def column_of(element: Element, operator: Operator, place: str) -> Column:
    """The other column: `valueof="alias.column"`, or one of the same row."""
    if operator not in COMPARES_COLUMNS:
        known = ", ".join(one.form.fetchxml for one in Operator if one in COMPARES_COLUMNS)
        raise InvalidJobError(f"{operator.form.fetchxml} compares no two columns; those that do: {known}", place)
    if len(element) or element.get("value"):
        raise InvalidJobError("a value stands beside valueof; leave one of them out", f"{place}.valueof")
    entity, dot, attribute = str(element.get("valueof")).rpartition(".")
    if not attribute or (dot and not entity):
        raise InvalidJobError(f"{element.get('valueof')!r:.100} names no column", f"{place}.valueof")
    return Column(attribute, entity or None)


def values_of(element: Element, operator: Operator, place: str) -> tuple[Value, ...]:
    """The values: `value`, or `value` elements; an empty `value` beside them, or where none is taken, says nothing."""
    said = element.get("value")
    if len(element):
        if said:
            raise InvalidJobError("values stand in the attribute and in elements; leave one out", f"{place}.value")
        if len(element) > MOST_VALUES:
            raise InvalidJobError(f"{len(element):,} values; at most {MOST_VALUES:,} are taken", f"{place}.value")
        return tuple(counted(element_value(one, f"{place}.value[{at}]"), operator) for at, one in enumerate(element))
    if said is None or (said == "" and operator.form.most == 0):
        return ()
    return (counted(typed(str(said), element.get("uitype"), f"{place}.value"), operator),)


def counted(value: Value, operator: Operator) -> Value:
    """A whole number, where the operator takes one, is no text."""
    whole = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10
    return int(value) if whole and operator.form.takes in COUNTS else value


def element_value(element: Element, place: str) -> Value:
    """One `value` element."""
    check_attributes(element, place)
    check_children(element, place)
    return typed(str(element.text or ""), element.get("uitype"), place)


def typed(text: str, kind: str | None, place: str) -> Value:
    """A value: its text, unless `uitype` names a type of .NET (else it names the entity of a lookup)."""
    try:
        found: Value = plain_value({"Value": text, "Type": kind} if kind in TYPES else text)
    except PydanticCustomError as error:
        raise InvalidJobError(str(error), place) from None
    return found
