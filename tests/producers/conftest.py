"""Asynchronous tests run on asyncio, by anyio's own plugin."""

from __future__ import annotations

import pytest

from tests.smtp import Certificates


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("certificates"))
