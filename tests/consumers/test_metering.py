"""A rate holds, whatever batches take: told in simulated time, with workers that are slow, sparse or dead."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.operations import take_outcome
from bulkdelete.consumers.planning import Planner
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.outcomes import UnitReleased
from bulkdelete.domain.work import AnyWork, DeleteBatch
from tests.consumers.times import Clock
from tests.domain.life import Life


@pytest.fixture
def application() -> Iterator[BulkDeletes]:
    with BulkDeletes() as opened:
        yield opened


@dataclass
class Simulation:
    """Workers that take what is granted, after a while; the planner is asked as both transports ask it."""

    life: Life
    planner: Planner
    clock: Clock
    units: int = 4
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    latency: float = 0.05
    share: tuple[float, float] = (1.0, 1.0)
    """How many records of what is granted a batch settles: between these."""
    lost: float = 0.0
    """How many pieces of work are lost for ever."""
    under_way: list[tuple[float, DeleteBatch]] = field(default_factory=list)
    settled: int = 0

    def begin(self, **job: Any) -> Simulation:
        self.life.submit(**job)
        self.life.open()
        self.life.plan(units=self.units)
        return self

    def run(self, seconds: float) -> float:
        """Records per second that were settled."""
        before, until = self.settled, self.clock.seconds + seconds
        self.take(self.planner.follow(self.life.id))
        while self.clock.seconds < until:
            self.take(self.planner.follow(self.life.id) if self.chance.random() < 0.1 else self.planner.grants())
            self.take(self.planner.tick([self.life.id]))
            for due, work in sorted(self.under_way, key=lambda one: one[0]):
                if due <= self.clock.seconds:
                    self.under_way.remove((due, work))
                    self.delete(work)
                    self.take(self.planner.follow(self.life.id))
            self.clock.seconds += self.planner.pause(0.1)
        return (self.settled - before) / seconds

    def take(self, work: list[AnyWork]) -> None:
        for one in work:
            if isinstance(one, DeleteBatch) and self.chance.random() >= self.lost:
                self.under_way.append((self.clock.seconds + self.chance.uniform(0.5, 1.5) * self.latency, one))

    def delete(self, work: DeleteBatch) -> None:
        assert work.most is not None
        count = int(work.most * self.chance.uniform(*self.share))
        version = self.life.now.version
        self.life.tell(self.life.batch(work.unit, work.batch, deleted=count, finished=False, position=work.batch + 1))
        self.settled += count if self.life.now.version > version else 0


def simulation(application: BulkDeletes, **more: Any) -> Simulation:
    clock = Clock()
    return Simulation(Life(application), Planner(application, clock), clock, **more)


@pytest.mark.parametrize("units", [1, 4])
@pytest.mark.parametrize("share", [(1.0, 1.0), (0.0, 1.0), (0.5, 3.0)])
@pytest.mark.parametrize("latency", [0.01, 0.15])
def test_the_rate_holds_whatever_a_batch_takes(
    application: BulkDeletes, units: int, share: tuple[float, float], latency: float
) -> None:
    one = simulation(application, units=units, share=share, latency=latency).begin(rate=500)
    assert one.run(20) == pytest.approx(500, rel=0.05)


@pytest.mark.parametrize("rate", [0.5, 7, 12_000])
def test_small_and_large_rates(application: BulkDeletes, rate: float) -> None:
    assert simulation(application).begin(rate=rate).run(20) == pytest.approx(rate, rel=0.06)


def test_a_rate_is_changed_while_it_runs_and_taken_away(application: BulkDeletes) -> None:
    one = simulation(application).begin(rate=1000)
    assert one.run(5) == pytest.approx(1000, rel=0.05)
    one.life.control("throttle", rate=100)
    one.run(1)
    assert one.run(10) == pytest.approx(100, rel=0.05)
    one.life.control("throttle", rate=None)
    assert [work.most for work in one.planner.follow(one.life.id) if isinstance(work, DeleteBatch)] == [None] * 4
    one.life.control("throttle", rate=300)
    assert one.run(10) == pytest.approx(300, rel=0.05)


def test_a_planner_that_died_is_followed_by_one_that_does_not_make_up_for_it(application: BulkDeletes) -> None:
    one = simulation(application).begin(rate=400)
    one.run(5)
    one.clock.seconds += 300
    one.planner, one.under_way = Planner(application, one.clock), []
    assert one.run(5) == pytest.approx(400, rel=0.05)


def test_a_pause_is_not_made_up_for(application: BulkDeletes) -> None:
    one = simulation(application).begin(rate=400)
    one.run(5)
    one.life.control("pause")
    one.run(1)
    one.life.close("paused")
    one.run(60)
    one.life.control("resume")
    one.life.open(2)
    assert one.run(5) == pytest.approx(400, rel=0.06)


def test_work_that_is_lost_is_granted_again(application: BulkDeletes) -> None:
    one = simulation(application, lost=0.1).begin(rate=400)
    assert one.run(120) <= 400 * 1.02
    assert one.settled > 10_000


def test_the_whole_service_shares_its_rate(application: BulkDeletes) -> None:
    one = simulation(application).begin(rate=900)
    one.planner = Planner(application, one.clock, bounds=Bounds(rate=1000), running=4)
    assert one.run(10) == pytest.approx(250, rel=0.05)
    one.planner.running = 1
    assert one.run(10) == pytest.approx(900, rel=0.1)


def test_a_unit_that_was_let_go_is_left_to_the_planner(application: BulkDeletes) -> None:
    def released(operation_id: UUID) -> UnitReleased:
        return UnitReleased(operation_id=operation_id, epoch=1, unit=0, batch=0)

    one = simulation(application).begin()
    assert len(take_outcome(released(one.life.id), application)) == 1
    assert take_outcome(released(one.life.id), application, Bounds(rate=10)) == []
    one.life.control("throttle", rate=10)
    assert take_outcome(released(one.life.id), application) == []
