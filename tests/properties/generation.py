"""Generation: the case of a seed, the same whenever and wherever it is asked for."""

from __future__ import annotations

import itertools
import random

from tests.properties.case import Case
from tests.properties.jobs import JobDraw
from tests.properties.prediction import Prediction
from tests.properties.rendering import RENDERINGS
from tests.properties.rows import RowDraw
from tests.properties.rules import BEHAVIOURS, UndecidedError
from tests.properties.schemas import SchemaDraw


def generated(database: str, seed: int, most: int) -> tuple[Case, Prediction]:
    """The first case of the seed whose outcome the rules decide; tables have at most so many rows."""
    for attempt in itertools.count():
        case = drawn(database, f"{database}-{seed}-{attempt}", most)
        try:
            return case, Prediction(case, BEHAVIOURS[database]).run()
        except UndecidedError:
            continue
    raise AssertionError


def drawn(database: str, label: str, most: int) -> Case:
    """One case, at random."""
    generator = random.Random(label)
    schema = SchemaDraw(generator, RENDERINGS[database])
    schema.draw()
    filling = RowDraw(generator, schema.tables, schema.links, most)
    filling.draw()
    queries = JobDraw(generator, filling.tables, schema.links, filling.rows).draw()
    rows = {name: tuple(found) for name, found in filling.rows.items()}
    return Case(label, tuple(filling.tables), tuple(schema.links), rows, queries)
