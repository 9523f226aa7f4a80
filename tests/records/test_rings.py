"""Which roots must go for a record to go that several of them take along."""

from __future__ import annotations

import pytest

from bulkdelete.records.rings import Keeping, smallest


@pytest.mark.parametrize(
    ("roots", "takes", "expected"),
    [
        ({1, 2}, {}, {1, 2}),
        ({1, 2}, {1: {2}}, {2}),
        ({1, 2, 3}, {1: {2, 3}, 2: {3}}, {3}),
        ({1, 2, 3}, {1: {3}}, {2, 3}),
        ({1, 2}, {1: {2}, 2: {1}}, {1}),
        ({1, 2, 3}, {1: {2, 3}, 2: {1, 3}, 3: {1, 2}}, {1}),
        ({1}, {1: {2}}, {1}),
    ],
)
def test_those_that_take_no_other_along(roots: set[int], takes: Keeping, expected: set[int]) -> None:
    assert smallest(roots, takes) == expected
