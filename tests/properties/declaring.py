"""Declaring: a case of which a catalogue states some rules that its tables lack, or state otherwise."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.properties.case import Case, Link, Rule

OWN: tuple[Rule | None, ...] = (None, None, "CASCADE", "SET NULL", "RESTRICT", "NO ACTION")


def declared(case: Case, seed: int) -> Case:
    """The same case, some of its links declared; what it leaves is the same."""
    chance = random.Random(seed)
    return replace(case, links=tuple(declared_link(case, one, chance) for one in case.links))


def declared_link(case: Case, link: Link, chance: random.Random) -> Link:
    """One link, perhaps declared: without a foreign key, or beside one of another rule."""
    own = chance.choice(OWN)
    if chance.random() < 0.3 or not may_be_declared(case, link):
        return link
    if not is_clearable(case, link):
        own = None
    return replace(link, is_declared=True, own=own, is_deferred=False)


def may_be_declared(case: Case, link: Link) -> bool:
    """Whether a catalogue can say the same as the foreign key: it knows no defaults, and no link that must stay.

    Of two foreign keys over the same columns it would override both.
    """
    alike = [one for one in case.links if (one.child, one.parent) == (link.child, link.parent)
             and set(zip(one.columns, one.parent_columns, strict=True))
             == set(zip(link.columns, link.parent_columns, strict=True))]  # fmt: skip
    if len(alike) > 1 or link.rule == "SET DEFAULT":
        return False
    return link.rule != "SET NULL" or (is_clearable(case, link) and not link.cleared)


def is_clearable(case: Case, link: Link) -> bool:
    """Whether all columns of a link may be cleared."""
    table = case.table(link.child)
    return all(table.column(one).nullable and one not in table.key for one in link.columns)
