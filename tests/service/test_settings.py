"""Settings: environment before file before default; what is wrong is told by field, value and what is accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkdelete.service.configuration import displayed, load, unknown_variables
from bulkdelete.service.kafka.connecting import connection_of, topics_of
from bulkdelete.service.kafka.parts import read_roles
from bulkdelete.service.limits import bounds_of, limits_of
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.settings import Settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [one for one in os.environ if one.startswith("BULKDELETE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def problems(config: Path | None = None, given: dict[str, object] | None = None) -> list[Problem]:
    with pytest.raises(SettingsError) as found:
        load(config, given)
    return found.value.problems


def test_without_any_everything_is_in_the_state_folder(tmp_path: Path) -> None:
    settings = load()

    assert settings.events.secret == f"sqlite:///{tmp_path}/bulkdelete/events.db"
    assert settings.views_path == tmp_path / "bulkdelete" / "views.duckdb"
    assert settings.kafka.prefix == "bulkdelete"


def test_environment_before_file_before_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'log_level = "ERROR"\n[databases]\nShop = "sqlite:///shop.db"\nCRM = "sqlite:///old.db"\n'
        '[kafka]\nservers = "a:1"\nprefix = "file"\n'
    )
    monkeypatch.setenv("BULKDELETE_DATABASES__CRM", "postgresql://u:p@h/crm")
    monkeypatch.setenv("BULKDELETE_KAFKA__PREFIX", "environment")
    monkeypatch.setenv("BULKDELETE_EVENT_STORE", "")

    settings = load(file, {"kafka": {"servers": "b:2, c:3"}})

    assert {name: str(url) for name, url in settings.databases.items()} == {
        "shop": "sqlite:///shop.db",
        "crm": "postgresql://u:***@h/crm",
    }
    assert (settings.kafka.servers, settings.kafka.prefix) == ("b:2,c:3", "environment")
    assert (settings.log_level, settings.event_store) == ("ERROR", None)


@pytest.mark.parametrize("name", ["settings.yaml", "settings.json"])
def test_other_notations(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(json.dumps({"databases": {"crm": "sqlite:///crm.db"}}))

    assert list(load(file).databases) == ["crm"]


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("EVENT_STORE", "mysql://a:secret@b/c", "event_store: postgresql://… or sqlite:///… is accepted; got 'mysql://a:***@b/c'"),
        ("DATABASES__CRM", "crm:secret", "databases.crm: a URL is accepted, such as"),
        ("KAFKA__SERVERS", "localhost", "kafka.servers: HOST:PORT is accepted, several with commas; got 'localhost'"),
        ("KAFKA__PARTITIONS", "many", "kafka.partitions: Input should be a valid integer"),
        ("KAFKA__PREFX", "x", "kafka.prefx: unknown setting; did you mean prefix? accepted: servers, prefix,"),
        ("LOG_LEVEL", "loud", "log_level: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'; got 'loud'"),
        ("RELAY_LEASE_SECONDS", "600", "relay_lease_seconds: Input should be less than or equal to 60; got '600'"),
        ("DATABASES", "{", "environment: "),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, text: str
) -> None:
    monkeypatch.setenv(f"BULKDELETE_{variable}", value)

    found = problems()

    assert text in str(found[0])
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.toml", "log_levl = 'INFO'", "log_levl: unknown setting; did you mean log_level?"),
        ("a.toml", "= 1", "--config: is not what its name says"),
        ("a.yaml", "[1", "--config: is not what its name says"),
        ("a.yaml", "a: 1\na: 2", "--config: is not what its name says: a word stands twice"),
        ("a.json", "[]", "--config: settings are a table"),
    ],
)
def test_what_is_wrong_in_a_file(tmp_path: Path, name: str, content: str, text: str) -> None:
    (tmp_path / name).write_text(content)

    assert text in str(problems(tmp_path / name)[0])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in str(problems(tmp_path / "none.toml")[0])


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert [one.field for one in problems(given={"log_level": "x", "deletion_workers": 0})] == [
        "log_level",
        "deletion_workers",
    ]


def test_variables_that_nobody_reads_are_found() -> None:
    environment = {
        "BULKDELETE_EVNT_STORE": "x", "BULKDELETE_KAFKA_SERVERS": "x", "BULKDELETE_DATABASES__ANY": "x",
        "BULKDELETE_STATE": "x", "BULKDELETE_TEST_KAFKA": "x", "BULKDELETE_KAFKA__PASSWORD": "x",
        "BULKDELETE_CIPHER_KEY": "x", "PATH": "x",
    }  # fmt: skip

    assert [str(one) for one in unknown_variables(environment)] == [
        "BULKDELETE_EVNT_STORE: is not read; did you mean BULKDELETE_EVENT_STORE?",
        "BULKDELETE_KAFKA_SERVERS: is not read; did you mean BULKDELETE_KAFKA__SERVERS?",
    ]


def test_nothing_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKDELETE_DATABASES__CRM", "postgresql://u:hunter2@h/crm")
    monkeypatch.setenv("BULKDELETE_EVENT_STORE", "postgresql://u:hunter2@h/events")
    monkeypatch.setenv("BULKDELETE_KAFKA__USERNAME", "u")
    monkeypatch.setenv("BULKDELETE_KAFKA__PASSWORD", "hunter2")
    settings = load()

    assert "hunter2" not in f"{settings!r} {settings} {displayed(settings)} {connection_of(settings.kafka)!r}"
    assert connection_of(settings.kafka).password == "hunter2"


def test_security_follows_from_what_is_given(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    given = {"servers": "a:1", "username": "u", "password_file": tmp_path / "password"}

    connection = connection_of(load(given={"kafka": given}).kafka)

    assert (connection.protocol, connection.password) == ("SASL_PLAINTEXT", "secret")
    assert connection.arguments()["sasl_plain_username"] == "u"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"username": "u"}, "a username and a password"),
        ({"security_protocol": "SASL_SSL"}, "SASL_SSL goes with a username"),
        ({"username": "u", "password": "p", "security_protocol": "SSL"}, "SSL goes with a username"),
        ({"username": "u", "password_file": "/none"}, "cannot be read"),
        ({"cafile": "/none"}, "No such file"),
    ],
)
def test_security_that_contradicts_itself_is_told(given: dict[str, object], text: str) -> None:
    settings = load(given={"kafka": {"servers": "a:1", **given}})

    with pytest.raises(SettingsError, match=text):
        connection_of(settings.kafka)


def test_topics_follow_the_settings() -> None:
    settings = load(given={"kafka": {"prefix": "x", "partitions": 2, "work_partitions": 8, "retention_hours": 1}})

    assert [(one.name, one.partitions, one.retention_ms) for one in topics_of(settings.kafka).plans()] == [
        ("x.commands", 2, -1), ("x.work", 8, 3_600_000), ("x.outcomes", 2, 3_600_000), ("x.events", 2, -1),
        ("x.ticks", 1, 3_600_000), ("x.rejected", 1, 3_600_000),
    ]  # fmt: skip


def test_roles() -> None:
    every = {"operations", "planning", "deletion", "projection", "relay", "notification", "clock"}
    assert read_roles(["all"]) == every
    assert read_roles(["operations, relay", "relay"]) == {"operations", "relay"}
    with pytest.raises(ValueError, match="'foo' is no role; accepted: all, operations"):
        read_roles(["operations,foo"])


def test_settings_cannot_be_changed() -> None:
    settings: Settings = load()

    with pytest.raises(ValueError, match="frozen"):
        settings.log_level = "ERROR"  # type: ignore[misc]


def test_limits_for_all_databases_and_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKDELETE_RATE", "5000")
    monkeypatch.setenv("BULKDELETE_OPERATIONS_PER_DATABASE", "2")
    monkeypatch.setenv("BULKDELETE_BACK_OFF__THREADS_RUNNING", "40")
    monkeypatch.setenv("BULKDELETE_BACK_OFF_OF__CRM__QUERY", "SELECT count(*) FROM sessions")
    monkeypatch.setenv("BULKDELETE_BACK_OFF_OF__CRM__AT_MOST", "7")
    monkeypatch.setenv("BULKDELETE_BACK_OFF_OF__CRM__REPLICAS", '["mariadb://u:secret@replica/crm"]')

    settings = load()

    assert (bounds_of(settings).rate, bounds_of(settings).operations_per_database) == (5000, 2)
    crm, other = limits_of(settings, "CRM"), limits_of(settings, None)
    assert (crm.threads_running, crm.query, crm.at_most) == (40, "SELECT count(*) FROM sessions", 7)
    assert crm.replicas == ("mariadb://u:secret@replica/crm",)
    assert (other.threads_running, other.waiting_for_locks, other.query) == (40, 50, None)
    assert "secret" not in json.dumps(displayed(settings))
    assert unknown_variables() == []


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("RATE", "0", "rate"), ("OPERATIONS_PER_DATABASE", "0", "operations_per_database"),
        ("BACK_OFF__THREADS_RUNNING", "many", "back_off.threads_running"), ("BACK_OFF__LAG", "3", "back_off.lag"),
    ],
)  # fmt: skip
def test_limits_that_mean_nothing(monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str) -> None:
    monkeypatch.setenv(f"BULKDELETE_{name}", value)
    assert [one.field for one in problems()] == [field]
