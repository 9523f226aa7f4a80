"""Ten simulated years of schedules in three zones: every occurrence once, none missed, by an evaluation of our own;
with clocks that die, come twice, are late, and are set back and forth.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from bulkdelete.consumers.schedules import Scheduling
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import WorkRefused
from bulkdelete.domain.scheduling.commands import Tick
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.wall_time import rfc3339
from tests.domain.scheduling.calendars import instants
from tests.domain.scheduling.world import World, job

ZONES = ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe")
BEGIN, END = date(2027, 1, 1), date(2036, 12, 31)
START = datetime(2027, 1, 1, 2, 30)

FEW = ["FREQ=MONTHLY;BYDAY=-1SU", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU", "FREQ=YEARLY;BYMONTH=3,10,11;BYDAY=1SU,-1SU",
       "FREQ=DAILY;INTERVAL=90"]  # fmt: skip
MANY = [
    *FEW,
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE",
    "FREQ=DAILY",
    "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30;BYDAY=SU",
    "FREQ=HOURLY;INTERVAL=31",
]


def ticks(seed: int, lateness: timedelta, wanted: Sequence[datetime]) -> Iterator[datetime]:
    """Ticks about every occurrence, as several bad clocks tell them: late, twice, and now and then of another time."""
    chance = random.Random(seed)
    for at in sorted(set(wanted)):
        seen = at + lateness * chance.random()
        for _ in range(chance.choice((1, 1, 2))):
            if chance.random() < 0.2:
                yield seen - timedelta(seconds=chance.randint(1, 10_000_000))
            yield seen


def simulate(rules: Sequence[str], lateness: timedelta, seed: int) -> None:
    """Run ten years, and hold what ran against what should have."""
    with BulkDeletes() as application:
        world = World(application, now=datetime(2026, 12, 1, tzinfo=UTC))
        wanted: dict[UUID, list[datetime]] = {}
        for zone in ZONES:
            for rule in rules:
                words = {"time_zone": zone, "start_at": START.isoformat(), "ends_at": f"{END}T23:59:59"}
                one = world.create(job(rule, **words))
                wanted[one.id] = instants(rule, START, ZoneInfo(zone), END)

        for at in ticks(seed, lateness, [at for one in wanted.values() for at in one]):
            world.tick(at)

        ran = Counter((schedule_id, occurrence) for schedule_id, occurrence, _ in world.ran)
        assert set(ran.values()) == {1}
        for schedule_id, occurrences in wanted.items():
            assert sorted(at for which, at in ran if which == schedule_id) == occurrences
            assert world.skipped(schedule_id) == []
            assert world.schedules.schedule(schedule_id).next_run is None
        assert all(which == uuid5(schedule_id, rfc3339(at)) for schedule_id, at, which in world.ran)


def test_every_occurrence_of_ten_years_once() -> None:
    simulate(FEW, timedelta(minutes=10), seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_every_occurrence_of_ten_years_once_at_length(seed: int) -> None:
    simulate(MANY, timedelta(minutes=14), seed)


class KilledError(Exception):
    """A process with its clock is killed."""


def killed_now_and_then(scheduling: Scheduling, chance: random.Random) -> Scheduling:
    """A process that dies before or after it recorded what is due, or while another one records the same."""
    save = scheduling.application.save

    def dying(*recorded: object, **words: object) -> object:
        moment = chance.random()
        if moment < 0.1:
            raise KilledError
        found = save(*recorded, **words)  # type: ignore[arg-type]
        if moment < 0.2:
            raise KilledError
        return found

    scheduling.application.save = dying  # type: ignore[method-assign, assignment]
    return scheduling


def test_clocks_that_die_and_jump_lose_nothing_and_repeat_nothing() -> None:
    """Three processes with clocks of their own: killed at random, set back and forth, each begun anew from the log."""
    chance = random.Random(7)
    with BulkDeletes() as application:
        world = World(application, now=datetime(2026, 12, 1, tzinfo=UTC))
        one = world.create(job("FREQ=HOURLY;INTERVAL=6", start_at="2027-01-01T00:30:00"))
        true_time = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
        end = true_time + timedelta(days=30)
        save = application.save
        processes = [Scheduling(application) for _ in range(3)]
        rejected = 0
        while true_time < end:
            here = true_time + chance.choice((0, 0, 0, 1, -1)) * timedelta(seconds=50)
            if chance.random() < 0.2:
                processes[chance.randrange(3)] = Scheduling(application)  # begun anew: it knows nothing
            scheduling = processes[chance.randrange(3)]
            scheduling.now = lambda here=here: here  # type: ignore[misc]
            killed_now_and_then(scheduling, chance)
            told = here + chance.choice((0, 0, 0, -1, 1, 1)) * timedelta(seconds=chance.choice((30, 30, 86_400)))
            try:
                scheduling.tick(Tick(at=told))
            except KilledError:
                pass
            except InvalidJobError:
                rejected += 1
            application.save = save  # type: ignore[method-assign]
            end_all(application, one.id)
            true_time += timedelta(seconds=chance.randint(1, 3000))

        events = [event for event in application.events.get(one.id) if isinstance(event, Schedule.Occurred)]
        ran = [event.occurrence for event in events]
        wanted = [at for at in instants("FREQ=HOURLY;INTERVAL=6", datetime(2027, 1, 1, 0, 30), ZoneInfo("Europe/Oslo"),
                                        end.date()) if at < end - timedelta(hours=1)]  # fmt: skip
        assert ran[: len(wanted)] == [rfc3339(at) for at in wanted]
        assert len(ran) == len(set(ran))
        assert rejected > 10
        assert world.skipped(one.id) == []


def end_all(application: BulkDeletes, schedule_id: UUID) -> None:
    """End the operation that may be under way."""
    schedule = application.found(schedule_id, Schedule)
    if schedule is None or schedule.last_operation_id is None:
        return
    operation = application.found(UUID(schedule.last_operation_id), Operation)
    if operation is not None and not operation.is_final:
        application.record(WorkRefused(operation_id=operation.id, epoch=1, reason="enough"))
