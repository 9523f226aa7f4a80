"""Servers and processes go away in the midst of it: nothing is lost, nothing is counted twice, nobody gives up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bulkdelete.service.kafka.broker import GRACE
from bulkdelete.service.settings import Settings
from tests.servers.kafka import Kafka, KafkaServer
from tests.servers.postgresql import PostgreSQLServer
from tests.service.fake_target import FakeTarget
from tests.service.running import Running, facts, running, settings_for, sqlite_store, submit, until

pytestmark = pytest.mark.kafka


def test_it_waits_for_kafka_at_the_start_and_in_mid_run(own_kafka: KafkaServer, tmp_path: Path) -> None:
    own_kafka.stop()
    settings = settings_for(own_kafka.address, sqlite_store(tmp_path))
    with running(settings, target=FakeTarget(units=60, seconds=0.05), wait=False) as service:
        time.sleep(1)
        assert not service.service.serving.is_set()
        own_kafka.start()
        until(service.service.serving.is_set, 30)
        command = submit()
        service.command(command)
        until(lambda: (one := service.application.find(command.operation_id)) and facts(one)[1] >= 50)

        own_kafka.kill()
        time.sleep(3)
        own_kafka.start()

        assert facts(service.until_ended(command.operation_id, 60)) == ("succeeded", 600, 0)
        assert_no_hole(service)
        assert service.rejections() == []


@pytest.mark.postgresql
def test_it_waits_for_the_event_store(kafka: Kafka, own_postgresql: PostgreSQLServer) -> None:
    settings = settings_for(kafka.address, own_postgresql.url)
    with running(settings, target=FakeTarget(units=60, seconds=0.05)) as service:
        command = submit()
        service.command(command)
        until(lambda: (one := service.application.find(command.operation_id)) and facts(one)[1] >= 50)

        own_postgresql.kill()
        time.sleep(2)
        own_postgresql.start()

        assert facts(service.until_ended(command.operation_id, 60)) == ("succeeded", 600, 0)
        assert_no_hole(service)
        assert service.rejections() == []


@pytest.mark.postgresql
def test_another_relay_takes_over_from_one_that_is_killed(kafka: Kafka, postgresql_url: str, tmp_path: Path) -> None:
    settings = settings_for(kafka.address, postgresql_url)
    target = FakeTarget(units=100, seconds=0.02)
    leads = b'"action": "relay_leads"'
    with process(settings, "relay", tmp_path, says=leads) as leader, running(settings, target=target) as service:
        assert service.service.relay is not None
        command = submit()
        service.command(command)
        until(lambda: (one := service.application.find(command.operation_id)) and facts(one)[1] >= 50)
        assert not service.service.relay.is_leading

        leader.kill()

        took = time.monotonic()
        until(lambda: service.service.relay and service.service.relay.is_leading)
        print(f"\ntaken over within {time.monotonic() - took:.2f} s of a lease of 1 s")
        assert facts(service.until_ended(command.operation_id)) == ("succeeded", 1000, 0)
        assert_no_hole(service)


def test_a_process_told_to_stop_finishes_and_lets_another_one_lead_at_once(kafka: Kafka, tmp_path: Path) -> None:
    settings = settings_for(kafka.address, sqlite_store(tmp_path))
    with process(settings, "all", tmp_path) as first, running(settings, "operations,relay") as service:
        command = submit()
        service.command(command)
        service.until_ended(command.operation_id)

        first.send_signal(signal.SIGTERM)

        # In the midst of a rebalance aiokafka may not let go: the service waits for it so long, then ends all the same.
        assert first.wait(GRACE + 30) == 0
        assert service.service.relay is not None
        until(lambda: service.service.relay and service.service.relay.is_leading, 3)
        lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
        assert [one.get("action") for one in lines][-1] == "stopped"
        assert all({"time", "level", "message"} <= one.keys() for one in lines)


@contextmanager
def process(
    settings: Settings, roles: str, folder: Path, says: bytes = b"serving"
) -> Iterator[subprocess.Popen[bytes]]:
    """Some roles in a process of its own, once its log says so."""
    file = folder / "settings.json"
    value = settings.model_dump(mode="json")
    given = {
        name: value[name] for name in ("kafka", "relay_lease_seconds", "keep_commands_seconds", "deletion_workers")
    }
    file.write_text(json.dumps({**given, "event_store": settings.events.secret}))
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "tests.service.own_process", roles, str(file)]
        one = subprocess.Popen(command, stderr=log)
        try:
            until(lambda: says in (folder / "log").read_bytes(), 60)
            yield one
        finally:
            one.kill()
            one.wait()


def assert_no_hole(service: Running) -> None:
    """On Kafka, each event of each stream first comes right behind the one before; together they are the whole log."""
    last = service.application.recorder.max_notification_id() or 0
    everything = service.application.recorder.select_notifications(None, 100_000)

    def complete() -> bool:
        found = {one.headers["ce_id"] for one in service.messages("events")}
        return len(found) == len(everything)

    until(complete)
    assert everything[-1].id == last
    reached: dict[str, int] = defaultdict(int)
    for one in service.messages("events"):
        stream, version = one.headers["ce_id"].split("/")
        assert int(version) <= reached[stream] + 1, f"{stream}: {version} came after {reached[stream]}"
        reached[stream] = max(reached[stream], int(version))
