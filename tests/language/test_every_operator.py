"""Every operator on every attribute that it can be asked of, nulls among the values, at the edges of each calendar."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Comparison, QueryTree
from bulkdelete.records.target import Target
from tests.language.asking import Asking, evaluator
from tests.language.evaluator import Record
from tests.language.rows import fill, made
from tests.language.terms import MIDDLE, TERMS, USER
from tests.language.world import ATTRIBUTES, OPERATORS, values_for
from tests.records.databases import Database

World = tuple[Database, Target, dict[str, list[Record]]]


@pytest.fixture(scope="module")
def world(database: Database) -> Iterator[World]:
    """Rows around the edges."""
    rows = made(2, MIDDLE)
    fill(database, rows)
    target = Target(database.address)
    yield database, target, rows
    target.close()


def every(chance: random.Random, turn: int) -> Iterator[QueryTree]:
    """A fifth of all pairs of an attribute and an operator, another one each turn."""
    for attribute, kind in ATTRIBUTES["item"].items():
        for at, operator in enumerate(OPERATORS[kind]):
            if at % len(TERMS) == turn:
                values = values_for(chance, operator, kind)
                yield QueryTree("item", Comparison(attribute, operator, values, ""), "")


def test_every_operator_on_every_attribute(world: World) -> None:
    database, target, rows = world
    chance = random.Random(5)
    tried: set[Operator] = set()
    for turn, terms in enumerate(TERMS):
        settings = {**terms, "user": USER}
        judge = evaluator(rows, settings, database)
        with target.dialect.reading(target.engine, 600) as connection:
            asking = Asking(database, target, settings, connection)
            for tree in every(chance, turn):
                assert asking.ids(tree) == judge.ids(tree), (terms, tree.where)
                assert isinstance(tree.where, Comparison)
                tried.add(tree.where.operator)

    assert tried == set(Operator)
