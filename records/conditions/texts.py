"""Texts that match a pattern."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.patterns import NEGATED, Piece, has_wildcards, pattern_for, pieces_of
from bulkdelete.domain.query.terms import Terms
from bulkdelete.domain.query.tree import Comparison
from bulkdelete.records.conditions.rows import Row
from bulkdelete.records.predicates import Operands, Truth
from bulkdelete.records.values import fit


def is_text_like(what: Comparison, row: Row, operands: Operands, terms: Terms) -> Truth:
    """An operator of texts. `DoesNotContain` keeps what its text matches as a pattern, too: the sources differ."""
    attribute = row.attribute(what.attribute, f"{what.path}.AttributeName")
    if attribute.kind != "text":
        raise InvalidJobError(
            f'{what.operator} compares texts; attribute "{attribute.name}" is {attribute.native}',
            f"{what.path}.Operator",
        )
    path = f"{what.path}.Values[0]"
    text = str(fit(what.values[0], attribute, path))
    try:
        patterns: list[tuple[Piece, ...]] = [pattern_for(what.operator, text), *also(what.operator, text)]
    except ValueError as error:
        raise InvalidJobError(f'"{text:.100}" is no pattern; accepted: {error}', path) from None
    found = [operands.matches(row.entity, attribute, one, terms.text) for one in patterns]
    truth = sa.and_(*(sa.not_(one) for one in found)) if what.operator in NEGATED else found[0]
    guard = operands.guard(row.entity, attribute)
    return truth if guard is None else sa.and_(guard, truth)


def also(operator: Operator, text: str) -> list[tuple[Piece, ...]]:
    """The other way to read what a text must not contain, where it can be read as a pattern."""
    if operator is not Operator.DOES_NOT_CONTAIN or not has_wildcards(text):
        return []
    try:
        return [("%", *pieces_of(text), "%")]
    except ValueError:
        return []
