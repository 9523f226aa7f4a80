"""Workers share servers: each kind is started once, when first asked for, and ended once, in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.servers import fixtures
from tests.servers.errors import ServerFailedError, ServerUnavailableError
from tests.servers.sharing import Sharing, asked_of


@pytest.fixture
def happened() -> list[str]:
    return []


@pytest.fixture
def sharing(happened: list[str]) -> Iterator[Sharing]:
    @contextmanager
    def one() -> Iterator[str]:
        happened.append("started")
        yield "server.example:1"
        happened.append("ended")

    def failing(error: Exception) -> Callable[[], AbstractContextManager[str]]:
        @contextmanager
        def fail() -> Iterator[str]:
            happened.append("missed")
            if error:
                raise error
            yield ""

        return fail

    errors = {
        "missing": ServerUnavailableError("out of servers"),
        "broken": ServerFailedError("it ended while starting"),
        "wrong": ZeroDivisionError("never thought of"),
    }
    found = Sharing({"one": one, **{kind: failing(error) for kind, error in errors.items()}})
    yield found
    found.close()


def test_whoever_asks_gets_the_same_server(sharing: Sharing, happened: list[str]) -> None:
    assert happened == []
    with ThreadPoolExecutor(8) as workers:
        told = list(workers.map(lambda _: asked_of(sharing.place, "one"), range(20)))
    assert told == ["server.example:1"] * 20
    assert happened == ["started"]
    sharing.close()
    assert happened == ["started", "ended"]


def test_a_server_that_cannot_be_had_is_looked_for_once(sharing: Sharing, happened: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(ServerUnavailableError, match="out of servers"):
            asked_of(sharing.place, "missing")
    assert happened == ["missed"]


@pytest.mark.parametrize(("kind", "said"), [("broken", "it ended while"), ("wrong", r"ZeroDivisionError.*never")])
def test_what_went_wrong_is_told_to_the_worker(sharing: Sharing, kind: str, said: str) -> None:
    with pytest.raises(ServerFailedError, match=said):
        asked_of(sharing.place, kind)
    assert asked_of(sharing.place, "one")


def test_every_shared_server_is_known() -> None:
    assert fixtures.ADDRESSES.keys() == {"kafka", "postgresql", "mariadb", "mysql"}
