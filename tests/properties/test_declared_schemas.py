"""Relationships that a catalogue declares do what foreign keys would: the model predicts both alike."""

from __future__ import annotations

import os

import pytest

from tests.properties.declaring import declared
from tests.properties.generation import generated
from tests.properties.prediction import Prediction
from tests.properties.rules import BEHAVIOURS, UndecidedError
from tests.properties.running import WARNING, described, differences, still_differs
from tests.properties.shrinking import shrunk
from tests.records.databases import Database

pytestmark = pytest.mark.filterwarnings(WARNING)
SCHEMAS = int(os.environ.get("BULKDELETE_TEST_SCHEMAS", "2000"))


def check(database: Database, seed: int, most: int) -> None:
    known, _ = generated(database.name, seed, most)
    case = declared(known, seed)
    try:
        Prediction(case, BEHAVIOURS[database.name]).run()
    except UndecidedError:
        return  # other rules are enforced now, and the order in which the database goes about them decides
    if found := differences(database, case):
        if differences(database, known):
            pytest.skip("it differs without a catalogue, too")
        small = shrunk(case, lambda one: still_differs(database, one, found[0]))
        pytest.fail(described(database, small, differences(database, small)), pytrace=False)


@pytest.mark.parametrize("seed", range(5000, 5050))
def test_declared_relationships(database: Database, seed: int) -> None:
    check(database, seed, 8)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6000, 6000 + SCHEMAS))
def test_many_declared_relationships(database: Database, seed: int) -> None:
    check(database, seed, 12)
