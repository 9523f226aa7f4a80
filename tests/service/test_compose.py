"""compose.yaml and the Dockerfile say what the code understands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bulkdelete.consumers.routes import Role
from bulkdelete.service.configuration import load, unknown_variables
from bulkdelete.service.kafka.parts import read_roles

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVING = [name for name, one in SERVICES.items() if (one.get("command") or [""])[0] == "serve"]


def test_there_is_a_service_for_every_role() -> None:
    found = [read_roles([SERVICES[name]["command"][SERVICES[name]["command"].index("--role") + 1]]) for name in SERVING]

    assert frozenset().union(*found) == frozenset(Role)
    assert sum(map(len, found)) == len(Role)


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_depends_on_is_there(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        if how["condition"] == "service_healthy":
            assert "test" in SERVICES[other]["healthcheck"]
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize("name", SERVING)
def test_the_environment_of_a_service_is_understood(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [one for one in os.environ if one.startswith("BULKDELETE_")]:
        monkeypatch.delenv(variable)
    environment = {key: filled(value) for key, value in SERVICES[name]["environment"].items()}
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    settings = load()

    assert unknown_variables(environment) == []
    assert settings.kafka.servers == "kafka:9092"
    assert settings.events.scheme == "postgresql"
    assert set(settings.databases) == {"crm", "crm_mariadb", "crm_mysql"}


def filled(value: str) -> str:
    """`${NAME:-default}` as Compose fills it in where nothing is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_only_kafka_is_published_and_only_to_this_machine() -> None:
    assert {name: one["ports"] for name, one in SERVICES.items() if "ports" in one} == {
        "kafka": ["127.0.0.1:${KAFKA_HOST_PORT:-29092}:29092"]
    }


def test_a_role_can_be_scaled() -> None:
    assert not any("container_name" in SERVICES[name] or "ports" in SERVICES[name] for name in SERVING)


def test_the_image_has_every_folder_and_the_same_uv() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    makefile = (ROOT / "Makefile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    for folder in project["tool"]["setuptools"]["package-dir"].values():
        assert f"COPY {folder} {folder}" in dockerfile
        assert f"!{folder}" in ignored
    version = re.search(r"UV_VERSION := (\S+)", makefile)
    assert version
    assert f"uv=={version[1]}" in dockerfile


def test_the_loader_accepts_it() -> None:
    """`docker compose config`, or the loader of compose-go's own command where somebody built it."""
    ways = [["docker", "compose", "--file"], [os.environ.get("BULKDELETE_TEST_COMPOSE_LOADER", "compose-go-cmd")]]
    for command in ways:
        if shutil.which(command[0]) is None:
            continue
        end = ["config", "--quiet"] if command[0] == "docker" else []
        found = subprocess.run([*command, ROOT / "compose.yaml", *end], capture_output=True, text=True, check=False)
        if command[0] == "docker" and "unknown" in found.stderr:
            continue  # a Docker without its Compose
        assert found.returncode == 0, found.stderr
        return
    pytest.skip("no Compose on this machine")
