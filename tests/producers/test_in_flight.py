"""Only what is acknowledged without a hole before it counts as published."""

from __future__ import annotations

import asyncio

import pytest

from bulkdelete.producers.in_flight import InFlight

pytestmark = pytest.mark.anyio


async def three() -> tuple[InFlight, list[asyncio.Future[None]]]:
    flight = InFlight(10)
    futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
    for position, future in zip((11, 13, 20), futures, strict=True):
        flight.add(position, future)
    return flight, futures


async def test_a_hole_is_waited_for() -> None:
    flight, (first, second, third) = await three()
    third.set_result(None)
    second.set_result(None)
    await asyncio.sleep(0)
    assert (flight.acknowledged, len(flight)) == (10, 3)

    first.set_result(None)
    await flight.wait(0)

    assert (flight.acknowledged, len(flight)) == (20, 0)


async def test_what_follows_a_failure_never_counts() -> None:
    flight, (first, second, third) = await three()
    first.set_result(None)
    second.set_exception(ConnectionError("gone"))
    third.set_result(None)

    with pytest.raises(ConnectionError, match="gone"):
        await flight.wait(0)

    assert flight.acknowledged == 11


async def test_a_publication_that_is_cancelled_is_a_failure() -> None:
    flight, (first, *_) = await three()
    first.cancel()

    with pytest.raises(ConnectionError, match="cancelled"):
        await flight.wait(0)

    assert flight.acknowledged == 10
