"""Whatever the schema, the rows and the job: exactly what the rules of deletion say happens, record by record."""

from __future__ import annotations

import os

import pytest

from tests.properties.generation import generated
from tests.properties.rendering import RENDERINGS
from tests.properties.running import WARNING, described, differences, still_differs
from tests.properties.shrinking import shrunk
from tests.records.databases import Database

pytestmark = pytest.mark.filterwarnings(WARNING)
SCHEMAS = int(os.environ.get("BULKDELETE_TEST_SCHEMAS", "2000"))
"""How many schemas the long run tries on each database."""


def check(database: Database, seed: int, most: int) -> None:
    """Run the case of a seed; where it fails, tell it as small as it can be made."""
    case, _ = generated(database.name, seed, most)
    found = differences(database, case)
    if found:
        small = shrunk(case, lambda one: still_differs(database, one, found[0]))
        pytest.fail(described(database, small, differences(database, small)), pytrace=False)


@pytest.mark.parametrize("seed", range(100))
def test_generated_schemas(database: Database, seed: int) -> None:
    check(database, seed, 8)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1000 + SCHEMAS))
def test_many_generated_schemas(database: Database, seed: int) -> None:
    check(database, seed, 14)


@pytest.mark.parametrize("database", RENDERINGS)
def test_a_seed_always_gives_the_same_case(database: str) -> None:
    for seed in range(20):
        first, second = generated(database, seed, 8)[0], generated(database, seed, 8)[0]
        assert RENDERINGS[database].script(first) == RENDERINGS[database].script(second)
        assert first.queries == second.queries


@pytest.mark.parametrize("database", RENDERINGS)
def test_nearly_every_case_is_tried(database: str) -> None:
    tried = [generated(database, seed, 8)[0].label.endswith("-0") for seed in range(200)]

    assert sum(tried) > 0.8 * len(tried)
