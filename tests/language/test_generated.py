"""Generated queries on three databases: the same records as plain Python finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkdelete.records.target import Target
from tests.language.asking import Asking, evaluator
from tests.language.evaluator import Record
from tests.language.rows import fill, made
from tests.language.terms import MIDDLE, TERMS, USER
from tests.language.trees import generated
from tests.records.databases import Database

CASES = 500


@pytest.fixture(scope="module")
def world(database: Database) -> Iterator[tuple[Database, Target, dict[str, list[Record]]]]:
    """Rows of the first seed, in a database."""
    rows = made(1, MIDDLE)
    fill(database, rows)
    target = Target(database.address)
    yield database, target, rows
    target.close()


def compare(world: tuple[Database, Target, dict[str, list[Record]]], seed: int, count: int) -> None:
    """Ask both, query by query."""
    database, target, rows = world
    for at, terms in enumerate(TERMS):
        settings = {**terms, "user": USER}
        judge = evaluator(rows, settings, database)
        with target.dialect.reading(target.engine, 600) as connection:
            asking = Asking(database, target, settings, connection)
            for number, tree in enumerate(generated(seed * 1000 + at, count // len(TERMS))):
                assert asking.ids(tree) == judge.ids(tree), (seed, terms, number, tree)


def test_generated_queries(world: tuple[Database, Target, dict[str, list[Record]]]) -> None:
    compare(world, 1, CASES)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 110))
def test_generated_queries_at_length(world: tuple[Database, Target, dict[str, list[Record]]], seed: int) -> None:
    compare(world, seed, 1_000)
