"""The event store and the views that a command asks, and the options that say which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.service.stored_events import StoredEvents
from bulkdelete.service.whereabouts import whereabouts

if TYPE_CHECKING:
    from bulkdelete.domain.application import BulkDeletes
    from bulkdelete.projections.reads import Reads
    from bulkdelete.service.settings import Settings
    from bulkdelete.service.state import State

StateFolder = Annotated[
    Path | None, typer.Option("--state", metavar="DIR", help="Where bulkdelete keeps what it knows.")
]
OperationId = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="The operation, or the beginning of its id; the last one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV on stdout.")]


@dataclass(frozen=True)
class Place:
    """Where the log and the views are."""

    files: ViewFiles
    folder: Path
    is_alone: bool
    """Whether it belongs to this machine alone, and to no service."""
    events: StoredEvents | None
    """None: there is no event store here, but views that were made from Kafka's topic."""

    @property
    def application(self) -> BulkDeletes | None:
        """The event store, opened when it is first asked for."""
        return None if self.events is None else self.events.application()

    @property
    def state(self) -> State:
        """The state folder."""
        from bulkdelete.service.state import State  # noqa: PLC0415

        return State(self.folder)


def settings_for(state: Path | None) -> Settings:
    """The settings; a state folder that is named holds everything. Raises SettingsError."""
    # Only here: reading all the settings takes longer than most questions.
    from bulkdelete.service.configuration import load  # noqa: PLC0415

    return load(given={"state": state, "event_store": None, "views": None} if state else None)


@contextmanager
def opened(state: Path | None, make: bool = False) -> Iterator[Place]:
    """The event store and the views' files; `make`: a new one where there is none.

    Raises OperationNotFoundError where nothing was ever submitted.
    """
    place = whereabouts(state)
    files = ViewFiles.beside(place.views)
    if place.file is not None and not place.file.is_file() and not make:
        if not files.snapshot.is_file():
            raise OperationNotFoundError(f"nothing was submitted yet: there is no {place.file}")
        yield Place(files, place.state, place.is_alone, None)
        return
    with StoredEvents(place) as events:
        yield Place(files, place.state, place.is_alone, events)


@contextmanager
def asking(state: Path | None) -> Iterator[Reads]:
    """The views, caught up."""
    # Only here: a command that steers asks no views.
    from bulkdelete.projections.opening import views_of  # noqa: PLC0415

    with opened(state) as place, views_of(place.files, place.events) as reads:
        yield reads


def names_of(kind: type[Any]) -> list[str]:
    """The names of an answer's fields."""
    return [one.name for one in fields_of(kind)]
