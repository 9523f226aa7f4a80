"""Asynchronous tests run on asyncio, by anyio's own plugin."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"
