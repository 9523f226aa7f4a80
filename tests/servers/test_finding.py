"""Where servers come from, and what is said when they cannot be had."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.servers import finding, fixtures
from tests.servers.artifacts import completed
from tests.servers.directories import PREFIX, DataDirectory, remove_abandoned
from tests.servers.errors import ServerFailedError, ServerUnavailableError
from tests.servers.fixtures import or_skipped, refuse
from tests.servers.kafka import Kafka, KafkaServer
from tests.servers.mysql import MySQL


def unavailable() -> nullcontext[str]:
    raise ServerUnavailableError("out of servers")


def test_a_missing_server_skips_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="out of servers"):
        or_skipped(finding.first_available(unavailable)).__enter__()


def test_a_missing_server_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="out of servers"):
        or_skipped(finding.first_available(unavailable)).__enter__()


def test_without_a_mysql_its_tests_are_skipped_in_ci_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception, match="no MySQL: BULKDELETE_TEST_NOTHING is not set"):
        next(fixtures.found_mysql(finding.given("BULKDELETE_TEST_NOTHING", MySQL)))


def test_the_first_way_that_works_is_taken() -> None:
    with finding.first_available(unavailable, lambda: nullcontext("a"), lambda: nullcontext("b")) as server:
        assert server == "a"


def test_an_address_given_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(finding.KAFKA_ADDRESS, "kafka.example:9092")
    with finding.kafka() as server:
        assert type(server) is Kafka
        assert server.address == "kafka.example:9092"


@pytest.mark.kafka
def test_a_server_that_does_not_start_shows_its_log() -> None:
    try:
        server = KafkaServer(settings={"process.roles": "nonsense"})
    except ServerUnavailableError as reason:
        refuse(str(reason))
    with pytest.raises(ServerFailedError, match=r"process\.roles"):
        server.start()


def test_a_broken_download_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    target = tmp_path / "programs"

    def broken(directory: Path) -> None:
        (directory / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        completed(target, broken)
    assert not target.exists()
    (tmp_path / "programs.part-killed").mkdir()
    completed(target, lambda directory: (directory / "whole").touch())
    assert [path.name for path in target.iterdir()] == ["whole"]
    assert not list(tmp_path.glob("*.part-*"))


def test_abandoned_directories_are_removed_and_others_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"{PREFIX}abandoned").mkdir()
    (tmp_path / f"{PREFIX}abandoned" / "owner").touch()
    mine = DataDirectory()
    remove_abandoned()
    assert list(tmp_path.iterdir()) == [mine.path]
    mine.remove()
    assert not list(tmp_path.iterdir())
