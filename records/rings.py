"""Rings: roots that failed one by one and refer to each other, so that they can only go together.

A search that halves tears them apart: each of them alone is kept by another one. Once it is over they are numbered
side by side, and tried as one; those that were kept by nothing but such a ring follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.causes import Reason
from bulkdelete.records.closure import Closure, Everyone

MOST = 500
"""Roots of a batch that are looked at; of more, the rest is told as it was found."""

Keeping = dict[int, set[int]]
"""Root → other roots: those that keep it, or those that it takes along."""


def without_rings(
    closure: Closure, found: dict[Reason, list[int]], goes: Callable[[Everyone], bool]
) -> dict[Reason, list[int]]:
    """Of roots that were found to fail, by reason, those that still do once the rings among them were tried whole."""
    reasons = {one: reason for reason, ords in found.items() for one in ords}
    if not 1 < len(reasons) <= MOST or not closure.restricting():
        return found
    following, gone = closure.count + 1, set[int]()
    for group, by in together(keeping(closure, set(reasons))):
        if by <= gone and (by or len(group) > 1):
            numbers = renumber(closure, group, following)
            following += len(group)
            renamed = {after: reasons.pop(before) for before, after in zip(group, numbers, strict=True)}
            if goes((numbers[0], numbers[-1])):
                gone.update(group)
            else:
                reasons |= renamed
    left: dict[Reason, list[int]] = {}
    for one, reason in reasons.items():
        left.setdefault(reason, []).append(one)
    return left


def keeping(closure: Closure, ords: set[int]) -> Keeping:
    """Which of these roots are kept by others of them, as things are now."""
    found: Keeping = {}
    takes = taken(closure)
    for one in closure.restricting():
        if one.child in closure.tables:
            for kept, roots in keepers(closure, one):
                by = smallest(roots, takes) & ords
                if kept in ords and by:
                    found.setdefault(kept, set()).update(by)
    return found


def keepers(closure: Closure, relationship: Relationship) -> Iterator[tuple[int, set[int]]]:
    """By one relationship: a root that a record keeps, and the roots that would take this record along.

    A root that takes it along itself is not kept by it.
    """
    above, name = closure.tables[relationship.parent].alias("above"), relationship.child
    kid, inside = closure.entities[name].table.alias("kid"), closure.tables[name].alias("inside")
    source = closure.referring(relationship, above, kid).join(inside, closure.is_record(name, inside, kid))
    key = [inside.c[f"k{at}"] for at in range(len(closure.entities[name].key))]
    rows = closure.connection.execute(sa.select(above.c.ord, inside.c.ord, *key).distinct().select_from(source))
    found: dict[tuple[Any, ...], set[int]] = {}
    for kept, by, *record in rows:
        found.setdefault((kept, *record), set()).add(by)
    return ((kept, by) for (kept, *_), by in found.items() if kept not in by)


def taken(closure: Closure) -> Keeping:
    """Root → the other roots that it takes along."""
    root, within = closure.roots.alias("root"), closure.roots.alias("within")
    same = (root.c[f"k{at}"] == within.c[f"k{at}"] for at in range(len(closure.entity.key)))
    rows = sa.select(within.c.ord, root.c.ord).where(*same, root.c.depth == 0, within.c.depth > 0)
    found: Keeping = {}
    for one, other in closure.connection.execute(rows.where(root.c.ord != within.c.ord)):
        found.setdefault(one, set()).add(other)
    return found


def smallest(roots: set[int], takes: Keeping) -> set[int]:
    """Of roots that all take a record along, those that take no other of them along: one of these must go for it to go.

    Of some that take each other along it is the first.
    """
    return {
        one
        for one in roots
        if not any(one not in takes.get(other, ()) or other < one for other in roots & takes.get(one, set()))
    }


def together(kept_by: Keeping) -> Iterator[tuple[list[int], set[int]]]:
    """Groups of roots that keep each other, with the others that keep the group; those that keep others come first."""
    reached = {
        one: reach(one, kept_by) for one in sorted({*kept_by, *(by for found in kept_by.values() for by in found)})
    }
    done: set[int] = set()
    for one in sorted(reached, key=lambda each: len(reached[each])):
        if one not in done:
            group = sorted({one, *(other for other in reached[one] if one in reached[other])})
            done.update(group)
            yield group, reached[one] - set(group)


def reach(one: int, kept_by: Keeping) -> set[int]:
    """The roots that keep this one, and those that keep these, and so on."""
    found: set[int] = set()
    ahead = list(kept_by.get(one, ()))
    while ahead:
        following = ahead.pop()
        if following not in found:
            found.add(following)
            ahead += kept_by.get(following, ())
    return found


def renumber(closure: Closure, group: list[int], first: int) -> list[int]:
    """Number roots side by side, beginning with this; returns the numbers in the same order."""
    numbers = list(range(first, first + len(group)))
    for work in closure.tables.values():
        for before, after in zip(group, numbers, strict=True):
            closure.connection.execute(sa.update(work).where(work.c.ord == before).values(ord=after))
    return numbers
