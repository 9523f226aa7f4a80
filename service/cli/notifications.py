"""`bulkdelete notifications`: who was told how operations ended, and who could not be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.projections.answers import Told
from bulkdelete.service.cli.output import messages
from bulkdelete.service.cli.place import AsCsv, AsJson, OperationId, StateFolder, asking, names_of, opened
from bulkdelete.service.cli.tables import Form, print_columns, write_rows

NOT_TOLD = 1


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(notifications)


def notifications(
    operation: OperationId = None,
    send: Annotated[
        bool,
        typer.Option(
            "--send",
            help="Try now what is still to be told, of one operation also what was given up; exit code 1: in vain.",
        ),
    ] = False,
    state: StateFolder = None,
    json: AsJson = False,
    csv: AsCsv = False,
) -> None:
    """Who was told how an operation ended, or how any of them did, and why somebody could not be told.

    Example: bulkdelete notifications 7f3a --send
    """
    is_done = not send or send_now(operation, state)
    form = Form.of(json, csv)
    with asking(state) as reads:
        found = reads.notifications(operation)
        if form is not Form.PEOPLE:
            write_rows(form, names_of(Told), (one.to_json() for one in found))
        elif not print_columns(("ID", "Ended", "Told by", "Who", "Status", "Tried", "When", "Why"), map(row_of, found)):
            messages().print("Nobody was to be told.")
    if not is_done:
        raise typer.Exit(NOT_TOLD)


def row_of(one: Told) -> tuple[str, ...]:
    """A recipient as a row for people."""
    return (
        str(one.operation_id)[:8],
        one.outcome.replace("_", " "),
        one.channel,
        one.recipient,
        one.status,
        f"{one.attempts:,}",
        f"{one.updated_at:%Y-%m-%d %H:%M:%S}",
        " ".join((one.reason or "").split()),
    )


def send_now(operation: str | None, state: Path | None) -> bool:
    """Try what is still to be told; whether nothing is left."""
    # Only here: templates and mail take a while to load.
    from bulkdelete.domain.directory import identify  # noqa: PLC0415
    from bulkdelete.domain.notification import notification_id  # noqa: PLC0415
    from bulkdelete.domain.notify import Outcome  # noqa: PLC0415
    from bulkdelete.service.notices import Notices, outcome  # noqa: PLC0415
    from bulkdelete.service.principal import principal  # noqa: PLC0415

    with opened(state) as place:
        if place.application is None:
            raise OperationNotFoundError("there is no event store here")
        notices = Notices(place.state, place.application, alone=place.is_alone)
        notifier = notices.notifier()
        if operation is None:
            told = notices.tell_earlier(notifier, at_once=True)
        else:
            operation_id = identify(place.application, operation)
            notifier.follow(operation_id)
            identities = [notification_id(operation_id, one) for one in Outcome]
            for identity in identities:
                notifier.ask_again(identity, principal())
            tried = (notifier.deliver(identity, at_once=True) for identity in identities)
            told = [one for one in tried if one is not None]
    for one in told:
        for line in outcome(one):
            messages().print(line, markup=False)
    return all(one.is_settled and (operation is None or not one.undeliverable) for one in told)
