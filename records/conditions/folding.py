"""Conditions whose truth may be known without asking the database, and what they name."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.domain.query.naming import visible
from bulkdelete.domain.query.tree import Comparison, Junction, Link, Node, nodes
from bulkdelete.records.predicates import Truth

Folded = Truth | bool
"""A condition, or its truth where that is known without asking the database."""


def conjuncts(where: Node | None) -> tuple[Node, ...]:
    """The conditions all of which must be true."""
    match where:
        case None:
            return ()
        case Junction(any=False, terms=terms):
            return tuple(one for term in terms for one in conjuncts(term))
        case _:
            return (where,)


def all_of(terms: list[Folded]) -> Folded:
    """All of these."""
    if any(one is False for one in terms):
        return False
    rest = [one for one in terms if not isinstance(one, bool)]
    return sa.and_(*rest) if rest else True


def any_of(terms: list[Folded]) -> Folded:
    """Any of these."""
    if any(one is True for one in terms):
        return True
    rest = [one for one in terms if not isinstance(one, bool)]
    return sa.or_(*rest) if rest else False


def invert(truth: Folded) -> Folded:
    """The opposite of a subquery's truth, which is never unknown."""
    return not truth if isinstance(truth, bool) else sa.not_(truth)


def names(term: Node, link: Link) -> bool:
    """Whether a condition names a link, or one within it."""
    called = {one.name for one in visible((link,))}
    return any(
        called & {one.entity, one.column.entity if one.column else None}
        for one in nodes([term])
        if isinstance(one, Comparison)
    )
