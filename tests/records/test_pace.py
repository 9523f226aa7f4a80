"""The size of batches, against databases that cost a + b·n seconds a batch."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from bulkdelete.records.pace import Pace


def ran(pace: Pace, fixed: float, each: float, batches: int, noise: float = 0.0) -> Iterator[tuple[int, float]]:
    """Size and seconds of each batch."""
    random = Random(7)
    for _ in range(batches):
        size = pace.size
        seconds = (fixed + each * size) * random.uniform(1 - noise, 1 + noise)
        pace.learn(size, seconds, size)
        yield size, seconds


@pytest.mark.parametrize(("fixed", "each"), [(0.0, 1e-5), (0.02, 1e-5), (0.15, 5e-6), (0.001, 1e-4)])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_batch_takes_as_long_as_it_should(fixed: float, each: float, noise: float) -> None:
    found = list(ran(Pace(0.4, 1_000_000, 8_000), fixed, each, 40, noise))
    later = [seconds for _, seconds in found[8:]]
    assert 0.85 * 0.4 < sum(later) / len(later) < 1.1 * 0.4
    assert max(seconds for _, seconds in found[1:]) < 0.4 * (1.02 + 3 * noise)


def test_one_stall_is_forgotten() -> None:
    pace = Pace(0.4, 1_000_000, 8_000)
    (*_, (usual, _)) = ran(pace, 0.02, 1e-5, 12)
    pace.learn(pace.size, 5.0, pace.size)
    assert pace.size < usual / 3
    found = list(ran(pace, 0.02, 1e-5, 4))
    assert found[-1][0] > 0.8 * usual


def test_what_becomes_slower_gets_smaller_batches_at_once() -> None:
    pace = Pace(0.4, 1_000_000, 8_000)
    list(ran(pace, 0.0, 1e-5, 10))
    found = [seconds for _, seconds in ran(pace, 0.0, 1e-4, 4)]
    assert found[0] > 3
    assert found[-1] < 0.5


def test_a_batch_never_settles_too_many() -> None:
    pace = Pace(0.4, 20_000, 8_000)
    assert max(size for size, _ in ran(pace, 0.0, 1e-7, 10)) == 20_000
    for _ in range(10):
        pace.learn(pace.size, 0.001, pace.size // 2)
    assert pace.size == 40_000


def test_where_a_batch_costs_much_by_itself_it_takes_on_as_much() -> None:
    found = list(ran(Pace(0.4, 1_000_000, 8_000), 0.39, 1e-6, 20))
    size, seconds = found[-1]
    assert size * 1e-6 == pytest.approx(0.39, rel=0.1)
    assert seconds < 2.1 * 0.4


def test_where_few_match_a_bounded_batch_looks_at_more_and_says_nothing_of_the_size() -> None:
    pace = Pace(0.4, 1_000_000, 8_000)
    assert pace.size_for(None) == 8_000
    assert pace.size_for(500) == 500
    for _ in range(8):
        pace.learn(pace.size_for(500), 0.01, pace.size_for(500) // 20, bounded=True)
    assert pace.size == 8_000
    assert 4_000 < pace.size_for(500) <= 8_000
    assert pace.size_for(1) >= 10
