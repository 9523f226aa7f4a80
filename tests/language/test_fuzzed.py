"""Broken queries: refused in words, never with a traceback, and never slowly."""

from __future__ import annotations

import contextlib
import copy
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkdelete.domain.errors import BulkDeleteError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.writing import expression_of
from bulkdelete.records.target import Target
from tests.language.rows import fill, made
from tests.language.terms import MIDDLE
from tests.language.test_payloads import FULL
from tests.language.trees import generated
from tests.records.databases import SQLiteDatabase

LONGEST = 1.0
"""Seconds that reading a query may take."""
STRANGE: list[Any] = [
    None, True, -1, 2**63, 10**400, 1.5, float("inf"), "", " ", "x" * 300, "\0", "\ud800", "And", "Or", [], {}, [[]],
    [None], {"Value": 1}, {"Value": {"Value": 1}, "Type": "System.Int32"}, {"Value": "x", "Type": "System.Int32"},
    {"@odata.type": 5}, "%[", "[z-a]", "9999-12-31T23:59:59-14:00", "0001-01-01", "2024-02-30", "1e400", "NaN",
    ["a"] * 20, "Null", "Under",
]  # fmt: skip


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container and key within a payload."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((value, key))
        places(inner, found)
    return found


def broken(chance: random.Random, payload: dict[str, Any]) -> dict[str, Any]:
    """A payload with some of its parts removed, replaced, doubled or renamed."""
    made_of = copy.deepcopy(payload)
    for _ in range(chance.randint(1, 3)):
        everywhere = places(made_of, [])
        if not everywhere:
            break
        container, key = chance.choice(everywhere)
        match chance.randint(0, 4):
            case 0 if isinstance(container, dict):
                del container[key]
            case 1:
                container[key] = copy.deepcopy(chance.choice(STRANGE))
            case 2:
                other, at = chance.choice(everywhere)
                container[key] = copy.deepcopy(other[at])
            case 3 if isinstance(container, dict):
                container[str(key)[:-1] + chance.choice("xeS")] = container.pop(key)
            case _:
                container[key] = [copy.deepcopy(container[key])] * chance.randint(0, 3)
    return made_of


def read(payload: Any, seconds: float = LONGEST) -> Job | None:
    """The job, or None where it is refused in words."""
    started, told = time.thread_time(), list[str]()
    try:
        return Job.read({"name": "x", "queries": [payload]})
    except BulkDeleteError as error:
        told.append(str(error))
        return None
    finally:
        assert time.thread_time() - started < seconds, payload
        assert all(one.replace("\n", "").isprintable() for one in told), told


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    database = SQLiteDatabase(Path(tmp_path_factory.mktemp("fuzzed")) / "target.db")
    fill(database, made(1, MIDDLE))
    target = Target(database.address)
    yield target
    target.close()
    database.connection.close()


def fuzz(target: Target, seed: int, count: int) -> int:
    """Break payloads; what can still be read is held against a database; returns how many could."""
    chance = random.Random(seed)
    payloads = [FULL, *(json.loads(json.dumps(expression_of(tree))) for tree in generated(seed, 20, top=True))]
    accepted = 0
    for _ in range(count):
        job = read(broken(chance, chance.choice(payloads)))
        if job is None:
            continue
        accepted += 1
        started = time.thread_time()
        with contextlib.suppress(BulkDeleteError):
            target.check(job)
        assert time.thread_time() - started < LONGEST, job
    return accepted


def test_broken_payloads_are_refused_in_words(target: Target) -> None:
    assert fuzz(target, 3, 600) > 20


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_broken_payloads_at_length(target: Target, seed: int) -> None:
    fuzz(target, 100 + seed, 2_000)


CONDITION = {"AttributeName": "s", "Operator": "Null"}
HUGE: dict[str, Any] = {
    "conditions": {"EntityName": "item", "Criteria": {"Conditions": [CONDITION] * 50_000}},
    "filters": {"EntityName": "item", "Criteria": {"Filters": [{"Conditions": [CONDITION]}] * 50_000}},
    "values": {"EntityName": "item", "Criteria": {"Conditions": [
        {"AttributeName": "n", "Operator": "In", "Values": list(range(50_000))}]}},
    "words": {f"Entity{at}": 1 for at in range(50_000)},
    "links": {"EntityName": "item", "LinkEntities": [{}] * 50_000},
    "wide and deep": {"EntityName": "item", "Criteria": {"Filters": [{"Filters": [{"Filters": [{}] * 30}] * 30}] * 30}},
    "a long name": {"EntityName": "x" * 1_000_000},
    "a list": [],
    "a text": "DELETE FROM item",
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_what_is_huge_is_refused_soon(name: str) -> None:
    assert read(HUGE[name], seconds=2.0) is None


@pytest.mark.parametrize("pattern", ["%a" * 200 + "[b-c]", "%_a" * 100 + "[x-y]%", "%[a-b]%" * 60 + "z"])
@pytest.mark.parametrize("text", [None, "ignore_case"])
def test_no_pattern_takes_long(target: Target, pattern: str, text: str | None) -> None:
    condition = {"AttributeName": "s", "Operator": "Like", "Values": [pattern]}
    job = Job.read(
        {"name": "x", "text": text, "queries": [{"EntityName": "item", "Criteria": {"Conditions": [condition]}}]}
    )
    with target.dialect.transaction(target.engine) as connection:
        connection.exec_driver_sql(f"UPDATE item SET s = '{'a' * 20_000}' WHERE id = 1")
    started = time.thread_time()

    target.preview(job)

    assert time.thread_time() - started < LONGEST
