"""Where the event store and the views are, told without reading all the settings where nothing special is set.

Reading and checking every setting takes longer to load than most questions take to answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "BULKDELETE_"
SPECIAL = "BULKDELETE_EVENT_STORE"
KAFKA = ("BULKDELETE_KAFKA", "BULKDELETE_KAFKA__SERVERS")


@dataclass(frozen=True)
class Whereabouts:
    """The places that a command asks."""

    state: Path
    events: str
    """The event store's address, with what is secret in it."""
    views: Path
    is_alone: bool
    """Whether they belong to this machine alone, and to no service."""

    @property
    def file(self) -> Path | None:
        """The event store's file; None where it is no file."""
        return Path(self.events.removeprefix("sqlite:///")) if self.events.startswith("sqlite:") else None


def xdg_state() -> Path:
    """The place XDG gives."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "bulkdelete"


def default_state() -> Path:
    """`BULKDELETE_STATE`, or the place XDG gives."""
    return Path(chosen) if (chosen := os.environ.get("BULKDELETE_STATE")) else xdg_state()


def whereabouts(state: Path | None, environment: Mapping[str, str] = os.environ) -> Whereabouts:
    """What the settings say; a state folder that is named holds everything. Raises SettingsError."""
    ours = {name.upper(): value for name, value in environment.items() if name.upper().startswith(PREFIX) and value}
    if SPECIAL in ours and state is None:
        return of_settings()
    views = None if state else ours.get(f"{PREFIX}VIEWS")
    folder = state or Path(ours.get(f"{PREFIX}STATE") or xdg_state())
    return Whereabouts(
        folder, address_in(folder), Path(views) if views else folder / "views.duckdb", not any(map(ours.get, KAFKA))
    )


def address_in(state: Path) -> str:
    """The event store of a state folder."""
    return f"sqlite:///{state.absolute() / 'events.db'}"


def of_settings() -> Whereabouts:
    """What all the settings together say. Raises SettingsError."""
    from bulkdelete.service.configuration import load  # noqa: PLC0415

    settings = load()
    is_alone = settings.events.scheme == "sqlite" and settings.kafka.servers is None
    return Whereabouts(settings.state, settings.events.secret, settings.views_path, is_alone)
