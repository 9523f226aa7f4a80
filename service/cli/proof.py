"""`bulkdelete rebuild | verify`: the views made anew from the log, or held against it; from the topic alone, too."""

from __future__ import annotations

import typer

from bulkdelete.domain.errors import ViewsError
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.rebuild import rebuild as rebuild_views
from bulkdelete.projections.verify import verify as verify_views
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.place import AsJson, OperationId, StateFolder, opened
from bulkdelete.service.cli.tables import results
from bulkdelete.service.cli.telling import tell_verification
from bulkdelete.service.cli.topic import KafkaTopic, events_of
from bulkdelete.service.configuration import load

NOT_EQUAL = 1


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rebuild)
    app.command()(verify)


def rebuild(state: StateFolder = None, kafka: KafkaTopic = None, json: AsJson = False) -> None:
    """Make the views anew from the event log: from the event store, or from Kafka's topic alone.

    Example: bulkdelete rebuild
    """
    count, files = rebuilt_from_kafka(state, kafka) if kafka else (None, None)
    if count is None or files is None:
        with opened(state) as place:
            count, files = rebuild_views(place.files, place.application), place.files
    if json:
        print_json({"events": count, "views": str(files.snapshot)})
    else:
        messages().print(f"The views are made anew from {count:,} events: {files.snapshot}", markup=False)


def rebuilt_from_kafka(state: StateFolder, kafka: str) -> tuple[int | None, ViewFiles]:
    """How many events the topic held; None where it does not hold every stream whole: then the store is read."""
    settings = load(given={"state": state, "event_store": None, "views": None} if state else None)
    files = ViewFiles.beside(settings.views_path)
    try:
        return rebuild_views(files, None, events_of(kafka)), files
    except ViewsError as error:
        messages().print(f"The topic is not whole ({error}): reading the event store instead", markup=False)
        return None, files


def verify(
    operation: OperationId = None, state: StateFolder = None, kafka: KafkaTopic = None, json: AsJson = False
) -> None:
    """Prove that the views say what the event log says, row for row; exit code 1 where they do not.

    Example: bulkdelete verify
    """
    with opened(state) as place:
        found = verify_views(place.files, place.application, operation, events_of(kafka) if kafka else None)
    if json:
        print_json(found.to_json())
    else:
        tell_verification(results(), found)
    if not found.equal:
        raise typer.Exit(NOT_EQUAL)
