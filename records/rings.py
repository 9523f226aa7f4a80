"""Rings: roots that failed one by one and refer to each other, so that they can only go together.

A search that halves tears them apart: each of them alone is kept by another one. Once it is over they are numbered
side by side, and tried as one; those that were kept by nothing but such a ring follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlalchemy as sa

from bulkdelete.records.causes import Reason
from bulkdelete.records.closure import Closure, Everyone

MOST = 500
"""Roots of a batch that are looked at; of more, the rest is told as it was found."""

Keeping = dict[int, set[int]]
"""Root → the roots that keep it."""


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
    for one in closure.restricting():
        if one.child in closure.tables:
            above, kid = closure.tables[one.parent].alias("above"), closure.entities[one.child].table.alias("kid")
            inside = closure.tables[one.child].alias("inside")
            source = closure.referring(one, above, kid).join(inside, closure.is_record(one.child, inside, kid))
            pairs = sa.select(above.c.ord, inside.c.ord.label("by")).distinct().select_from(source)
            for kept, by in closure.connection.execute(pairs.where(above.c.ord != inside.c.ord)):
                if kept in ords and by in ords:
                    found.setdefault(kept, set()).add(by)
    return found


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
