"""An event store in memory for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkdelete.domain.application import BulkDeletes
from tests.domain.life import Life


@pytest.fixture
def life() -> Iterator[Life]:
    with BulkDeletes() as application:
        yield Life(application)
