from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.projections.layout import ViewFiles
from tests.projections.story import event_store


@pytest.fixture
def application(tmp_path: Path) -> Iterator[BulkDeletes]:
    with event_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def files(tmp_path: Path) -> ViewFiles:
    return ViewFiles.of_state(tmp_path)
