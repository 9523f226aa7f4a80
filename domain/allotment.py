"""Allotment: how many records each unit under way may still delete, where a guard bounds them all together.

Units are walked side by side, and work that was issued is out of our hands. So each unit in the window has a ceiling
of its own, recorded with the plan: the ceilings never add up to more than the guard allows, whoever works on them,
however often. A unit that reached its ceiling gets a new one from what is left; what a finished unit left is free.
"""

from __future__ import annotations

from bulkdelete.domain.progress import PlanProgress, unfinished


def allot(plan: PlanProgress, window: int, most: int | None, deleted: int) -> None:
    """Give the units in the window their ceilings; `deleted`: by the whole operation so far."""
    if most is None:
        return
    ceilings = plan.setdefault("ceilings", {})
    units = unfinished(plan, window)
    for gone in [one for one in ceilings if int(one) not in units]:
        del ceilings[gone]
    free = most - deleted - sum(ceiling - deleted_of(plan, int(name)) for name, ceiling in ceilings.items())
    needy = [unit for unit in units if ceilings.get(str(unit), 0) - deleted_of(plan, unit) <= 0]
    for at, unit in enumerate(needy):
        share = max(0, free) // (len(needy) - at)
        free -= share
        ceilings[str(unit)] = deleted_of(plan, unit) + share


def deleted_of(plan: PlanProgress, unit: int) -> int:
    """How many records of a unit are recorded as deleted."""
    begun = plan["open"].get(str(unit))
    return begun.get("deleted", 0) if begun else 0


def allowance(plan: PlanProgress, unit: int) -> int | None:
    """How many more records a unit may delete; None: any number."""
    ceilings = plan.get("ceilings")
    if not ceilings:
        return None
    return max(0, ceilings.get(str(unit), 0) - deleted_of(plan, unit))
