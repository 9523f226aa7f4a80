"""The model itself, on cases small enough to see what is right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.properties.case import Case, Column, Link, Row, Rule, Table
from tests.properties.prediction import Prediction
from tests.properties.rules import BEHAVIOURS, UndecidedError

ALL_OF_P = {"EntityName": "p", "all_records": True}
ALL_OF_C = {"EntityName": "c", "all_records": True}


def table(name: str, reference: Column | None = None) -> Table:
    return Table(name, (Column("id", "integer", nullable=False), *([reference] if reference else [])), ("id",))


def parent_and_child(rule: Rule, reference: Column, links: dict[int, int | None], *queries: dict[str, Any]) -> Case:
    """Parents 1 to 3, and children that refer to them."""
    rows: dict[str, tuple[Row, ...]] = {
        "p": tuple({"id": at} for at in (1, 2, 3)),
        "c": tuple({"id": child, reference.name: parent} for child, parent in links.items()),
    }
    link = Link("f", "c", (reference.name,), "p", ("id",), rule)
    return Case("by hand", (table("p"), table("c", reference)), (link,), rows, queries)


def tree(rule: Rule, *links: tuple[int, int | None], nullable: bool = True) -> Case:
    """Records of one entity that refer to each other; all of them are to go."""
    rows: tuple[Row, ...] = tuple({"id": one, "r": parent} for one, parent in links)
    link = Link("f", "p", ("r",), "p", ("id",), rule)
    return Case("by hand", (table("p", Column("r", "integer", nullable)),), (link,), {"p": rows}, (ALL_OF_P,))


def predicted(case: Case, database: str = "postgresql") -> Prediction:
    return Prediction(case, BEHAVIOURS[database]).run()


def ids(found: Any) -> list[str]:
    return sorted(f"{entity}{key[0]}" for entity, key in found)


def failed(prediction: Prediction) -> list[str]:
    return ids(record for _, record in prediction.failed)


def test_cascade_and_restriction() -> None:
    cascading = predicted(parent_and_child("CASCADE", Column("r", "integer"), {7: 1, 8: None}, ALL_OF_P))
    assert (ids(cascading.deleted), ids(cascading.cascaded)) == (["p1", "p2", "p3"], ["c7"])

    restricted = predicted(parent_and_child("RESTRICT", Column("r", "integer"), {7: 1, 8: None}, ALL_OF_P))
    assert (ids(restricted.deleted), failed(restricted)) == (["p2", "p3"], ["p1"])
    assert {one.link.child for blockers in restricted.failed.values() for one in blockers} == {"c"}


def test_links_are_cleared_set_to_their_default_or_hold() -> None:
    cleared = predicted(parent_and_child("SET NULL", Column("r", "integer"), {7: 1, 8: 2}, ALL_OF_P))
    assert cleared.unlinked == {"c": 2}
    assert cleared.world.rows["c", (7,)] == {"id": 7, "r": None}

    unclearable = Column("r", "integer", nullable=False)
    assert failed(predicted(parent_and_child("SET NULL", unclearable, {7: 1}, ALL_OF_P))) == ["p1"]
    for default, held in ((9, ["p1"]), (1, ["p1"]), (None, [])):
        case = parent_and_child("SET DEFAULT", Column("r", "integer", default=default), {7: 1}, ALL_OF_P)
        assert failed(predicted(case)) == held
        assert failed(predicted(case, "mariadb")) == ["p1"]


def test_a_default_that_goes_as_well_is_left_to_the_database() -> None:
    with pytest.raises(UndecidedError):
        predicted(parent_and_child("SET DEFAULT", Column("r", "integer", default=2), {7: 1}, ALL_OF_P))


def test_the_restricting_query_goes_first_and_what_it_frees_goes() -> None:
    case = parent_and_child("NO ACTION", Column("r", "integer"), {7: 1, 8: 2}, ALL_OF_P, ALL_OF_C)

    assert predicted(case).order() == [1, 0]
    assert failed(predicted(case)) == []


def test_a_link_that_cannot_be_cleared_orders_as_a_restricting_one_does() -> None:
    unclearable = Column("r", "integer", nullable=False)

    assert predicted(parent_and_child("SET NULL", unclearable, {7: 1}, ALL_OF_P, ALL_OF_C)).order() == [1, 0]


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        ("NO ACTION", {"mariadb": ["p1", "p2", "p3"]}),
        ("RESTRICT", {"mariadb": ["p1", "p2", "p3"], "sqlite": ["p1", "p2"]}),
        ("CASCADE", {}),
        ("SET NULL", {"sqlite": ["p1", "p2"]}),
    ],
)
def test_a_ring_is_what_the_database_makes_of_it(rule: Rule, held: dict[str, list[str]]) -> None:
    ring = tree(rule, (1, 2), (2, 1), (3, 3), (4, 3), (5, 4), nullable=False)
    for database in BEHAVIOURS:
        assert failed(predicted(ring, database)) == held.get(database, [])


def test_a_link_that_may_be_null_is_cut() -> None:
    for database in BEHAVIOURS:
        assert failed(predicted(tree("RESTRICT", (1, 2), (2, 1), (3, 3)), database)) == []


def test_a_ring_of_two_rules_is_left_to_the_database() -> None:
    ring = tree("RESTRICT", (1, 2), (2, 1), nullable=False)
    both = Case(
        "", ring.tables, (*ring.links, Link("g", "p", ("r",), "p", ("id",), "CASCADE")), ring.rows, ring.queries
    )

    assert failed(predicted(both)) == []
    with pytest.raises(UndecidedError):
        predicted(both, "sqlite")


def test_what_a_cleared_link_makes_match_was_not_meant() -> None:
    chain = tree("SET NULL", (1, None), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5))
    query = {"EntityName": "p", "Criteria": {"Conditions": [{"AttributeName": "r", "Operator": "Null"}]}}
    found = predicted(Case("", chain.tables, chain.links, chain.rows, (query,)))

    assert ids(found.deleted) == ["p1"]
