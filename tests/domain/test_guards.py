"""Guards: what they accept, which of two holds, when they are broken, and ceilings that never add up to more."""

from __future__ import annotations

import random

import pytest

from bulkdelete.domain.allotment import allot, allowance, deleted_of
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.guards import Guards, bounds, broken, guards_of
from bulkdelete.domain.job import Job
from bulkdelete.domain.progress import PlanProgress, finish_unit, is_walked
from bulkdelete.domain.query_builder import Query

JOB = {"name": "x", "queries": [Query("a").where(b=1)]}


@pytest.mark.parametrize(
    ("guards", "place"),
    [
        ({"max_records": 0}, "guards.max_records"),
        ({"max_records": True}, "guards.max_records"),
        ({"max_records": "many"}, "guards.max_records"),
        ({"max_failures": -1}, "guards.max_failures"),
        ({"max_failures": "101%"}, "guards.max_failures"),
        ({"max_failures": "5 %"}, "guards.max_failures"),
        ({"max_failure": 1}, "guards.max_failure"),
        ({"required": {"contact": []}}, "guards.required.contact"),
    ],
)
def test_what_is_no_guard_is_refused_with_its_place(guards: dict[str, object], place: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        Job.read({**JOB, "guards": guards})

    assert refused.value.field == place


def test_a_job_without_guards_keeps_its_digest() -> None:
    assert "guards" not in Job.read(JOB).to_json()
    assert Job.read({**JOB, "guards": {}}).digest() == Job.read(JOB).digest()
    kept = Job.read({**JOB, "guards": {"max_failures": "5%"}})
    assert kept.to_json()["guards"] == {"max_failures": "5%"}
    assert Job.read(kept.to_json()) == kept


def test_of_two_the_stricter_holds() -> None:
    job = {"guards": {"max_records": 10, "max_failures": "5%", "protected": ["a"], "required": {"c": ["x"]}}}
    service = {
        "service_guards": {"max_records": 20, "max_failures": "3%", "protected": ["b"], "required": {"c": ["y"]}}
    }

    both = guards_of({**job, **service})

    assert both == Guards(max_records=10, max_failures="3%", protected=("a", "b"), required={"c": ("x", "y")})
    assert guards_of({"guards": {"max_failures": 3}, "service_guards": {"max_failures": "5%"}}).max_failures == "5%"
    assert guards_of({}).says_nothing


def test_what_breaks_a_guard_tells_its_figures() -> None:
    assert broken(Guards(max_failures=2), 5, 2, 100) is None
    assert broken(Guards(max_failures=0), 5, 1, 100) == (
        "guards.max_failures",
        "1 records failed, more than the 0 allowed",
    )
    assert broken(Guards(max_failures="2.5%"), 5, 25, 1000) is None
    assert broken(Guards(max_failures="2.5%"), 5, 26, 1000) == (
        "guards.max_failures",
        "26 records failed of about 1,000, more than the 2.5% allowed",
    )


BOUNDS = [
    ({"Conditions": [("createdon", "LessThan", ["2024-01-01"])]}, True),
    ({"Conditions": [("CreatedOn", "OlderThanXDays", [30]), ("b", "Null", [])]}, True),
    ({"FilterOperator": "Or", "Conditions": [("createdon", "LessThan", ["2024-01-01"]), ("b", "Null", [])]}, False),
    ({"FilterOperator": "Or", "Conditions": [("createdon", "Today", []), ("createdon", "Yesterday", [])]}, True),
    ({"Conditions": [("createdon", "NotNull", [])]}, False),
    ({"Conditions": [("createdon", "NotEqual", ["2024-01-01"])]}, False),
    ({"Conditions": [("createdon", "NotIn", ["2024-01-01"])]}, False),
    ({"Conditions": [("other", "LessThan", ["2024-01-01"])]}, False),
]


@pytest.mark.parametrize(("criteria", "is_bound"), BOUNDS)
def test_a_bound_holds_in_every_way_to_be_true(criteria: dict[str, object], is_bound: bool) -> None:
    conditions = [
        {"AttributeName": name, "Operator": operator, "Values": values}
        for name, operator, values in criteria["Conditions"]  # type: ignore[attr-defined]
    ]
    query = {"EntityName": "contact", "Criteria": {**criteria, "Conditions": conditions}}
    (tree,) = Job.read({"name": "x", "queries": [query]}).trees()

    assert bounds(tree, "createdon") is is_bound


@pytest.mark.parametrize("seed", range(60))
def test_ceilings_never_add_up_to_more_than_the_guard(seed: int) -> None:
    """Workers delete what was allowed when their work was issued; work is issued twice, late, and out of date."""
    chance = random.Random(seed)
    units, window, most = chance.randint(1, 9), chance.randint(1, 4), chance.randint(1, 60)
    plan = PlanProgress(
        query_index=0, number=1, retry=False, walk={}, first=0, units=units, walked=0, beyond=[], open={}
    )
    matching = [chance.randint(0, 20) for _ in range(units)]
    gone, recorded = [0] * units, 0
    issued: list[tuple[int, int]] = []
    allot(plan, window, most, recorded)
    for _ in range(400):
        ceilings = plan.get("ceilings", {})
        issued += [(int(unit), ceiling) for unit, ceiling in ceilings.items() if chance.random() < 0.5]
        for unit, ceiling in chance.sample(issued, min(3, len(issued))):
            # The ledger lets a unit go on only from where it is, whoever works on it: its ceiling is a total.
            gone[unit] = max(gone[unit], min(ceiling, gone[unit] + chance.randint(0, 5), matching[unit]))
        assert sum(gone) <= most
        unit = chance.randrange(units)
        if unit < plan["walked"] or unit in plan["beyond"] or str(unit) not in ceilings:
            continue
        told = gone[unit] - deleted_of(plan, unit)
        recorded += told
        if gone[unit] == matching[unit]:
            finish_unit(plan, unit)
        else:
            plan["open"][str(unit)] = {"batch": 0, "position": None, "deleted": gone[unit]}
        if is_walked(plan):
            break
        allot(plan, window, most, recorded)
        assert all((allowance(plan, int(one)) or 0) >= 0 for one in plan.get("ceilings", {}))
    assert sum(gone) == min(most, sum(matching))
