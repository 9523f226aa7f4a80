"""Settings read and explained: what is wrong, in which field, and what is accepted."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource
from pydantic_settings.exceptions import SettingsError as UnreadableError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.refusals import path_of
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.settings import Settings
from bulkdelete.service.urls import HIDDEN, SECRET_WORDS, shown
from bulkdelete.service.whereabouts import PREFIX

OTHERS = ("BULKDELETE_TEST_", "BULKDELETE_CIPHER_", "BULKDELETE_COMPRESSOR_")
"""Variables with our prefix that others read: the tests, and the event store's library."""


def load(config: Path | None = None, given: Mapping[str, Any] | None = None) -> Settings:
    """The settings: what is `given` outright, the environment, the file. Raises SettingsError."""
    from_file = read_file(config) if config else {}

    class Configured(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, from_file)

    try:
        return Configured(**dict(given or {}))
    except ValidationError as error:
        raise SettingsError([problem_of(one) for one in error.errors(include_url=False)]) from None
    except UnreadableError as error:
        reason = f"{error}; a nested setting is written {PREFIX}A__B"
        raise SettingsError([Problem("environment", None, reason)]) from None


def read_file(path: Path) -> dict[str, Any]:
    """What a settings file says: TOML, YAML or JSON by its name. Raises SettingsError."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix.lower() in {".yaml", ".yml"}:
            # Only here: what reads YAML takes a while to load, and most settings come from the environment.
            from bulkdelete.service.jobfile import read_yaml  # noqa: PLC0415

            value = read_yaml(text)
        else:
            value = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise SettingsError([Problem("--config", str(path), f"cannot be read: {error.strerror}")]) from None
    except (ValueError, InvalidJobError) as error:
        raise SettingsError([Problem("--config", str(path), f"is not what its name says: {error!s:.200}")]) from None
    if not isinstance(value, dict):
        raise SettingsError([Problem("--config", str(path), "settings are a table of names and values")])
    return value


def problem_of(error: Any) -> Problem:
    """An error of pydantic's in our words."""
    location = tuple(error["loc"])
    field = path_of(location)
    names = [str(part) for part in location]
    if error["type"] == "extra_forbidden":
        known = known_at(location[:-1])
        near = difflib.get_close_matches(names[-1], known, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        return Problem(field, None, f"unknown setting; {hint}accepted: {', '.join(known)}")
    return Problem(field, masked(names, error.get("input")), str(error["msg"]))


def masked(names: list[str], value: Any) -> str | None:
    """A value as it may be shown."""
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, SecretStr) or any(SECRET_WORDS.search(name) for name in names):
        return HIDDEN
    if names[0] in {"webhooks", "chats"} and names[-1] == "url":
        return HIDDEN  # most of such an address is secret
    if (names[0] in {"databases", "event_store"} or "replicas" in names) and "://" not in str(value):
        return HIDDEN  # it should have been an address, and may hold a password anywhere
    return f"{shown(value)!r:.120}" if isinstance(value, str) else f"{value!r:.120}"


def known_at(location: tuple[int | str, ...]) -> list[str]:
    """The names that are settings at a place."""
    model: type[BaseModel] = Settings
    for part in location:
        inner = model.model_fields[str(part)].annotation
        model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else model
    return list(model.model_fields)


def variables(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[str]:
    """The name of every environment variable that is read."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from variables(inner, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[Problem]:
    """Variables that look like ours and are not read: a typing mistake would go unnoticed."""
    named = [f"{PREFIX}{one}__" for one in ("DATABASES", "CATALOGUES", "LEDGERS", "BACK_OFF_OF", "WEBHOOKS", "CHATS")]
    groups = ("KAFKA", "BACK_OFF", "SMTP", "NOTIFICATIONS")
    known = [*variables(), *(f"{PREFIX}{one}" for one in groups), *(f"{one}NAME" for one in named)]
    found = []
    for name in sorted(environment):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in known or upper.startswith((*OTHERS, *named)):
            continue
        near = difflib.get_close_matches(upper, known, 1, 0.5)
        found.append(Problem(name, None, "is not read" + (f"; did you mean {near[0]}?" if near else "")))
    return found


def displayed(settings: Settings) -> dict[str, Any]:
    """The settings as data that anyone may see."""
    value = settings.model_dump(mode="json")
    # What is secret is told as stars by pydantic, or as nothing where it is not set.
    for group in ("kafka", "smtp"):
        if value[group]["password"] is not None:
            value[group]["password"] = HIDDEN
    for one in (*value["webhooks"].values(), *value["chats"].values()):
        one |= {name: HIDDEN for name in ("url", "secret") if one.get(name) is not None}
    return {**value, "event_store": str(settings.events), "views": str(settings.views_path)}
