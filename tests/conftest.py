"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.leftovers import closed_at_the_end_of_a_loop

pytest_plugins = ["tests.servers.fixtures"]


@pytest.fixture(scope="session", autouse=True)
def connections_end_with_their_loop() -> Iterator[None]:
    """No test is told of a connection that another one left to aiokafka."""
    with closed_at_the_end_of_a_loop():
        yield
