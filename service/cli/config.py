"""`bulkdelete config check | show`: the settings, explained."""

from __future__ import annotations

from typing import Annotated

import typer

from bulkdelete.service import logs
from bulkdelete.service.cli.kafka_options import ConfigFile, KafkaAddress
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.configuration import displayed, load, unknown_variables
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.reachability import Finding, look

WRONG = 2


def findings(problems: list[Problem]) -> list[Finding]:
    """Problems as findings."""
    return [Finding(one.field, one.value or "", False, one.reason) for one in problems]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    config = typer.Typer(help="Look at the settings.", no_args_is_help=True)
    app.add_typer(config, name="config")

    @config.command()
    def check(
        config: ConfigFile = None,
        kafka: KafkaAddress = None,
        json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    ) -> None:
        """Say what is wrong with the settings: the field, its value, what is accepted; and what cannot be reached.

        Example: bulkdelete config check --config bulkdelete.toml
        """
        logs.configure("ERROR", "text", libraries="CRITICAL")
        try:
            found = list(look(load(config, {"kafka": {"servers": kafka}} if kafka else None)))
        except SettingsError as error:
            found = findings(error.problems)
        unknown = findings(unknown_variables())
        if json:
            print_json([{**vars(one)} for one in (*found, *unknown)])
        console = messages()
        for one in found:
            style = "green" if one.is_fine else "red"
            console.print(
                f"{'ok' if one.is_fine else 'wrong':<8}{one.setting:<20} {one.value}   {one.text}", style=style
            )
        for one in unknown:
            console.print(f"{'unknown':<8}{one.setting:<20} {one.text}", style="yellow")
        if not all(one.is_fine for one in found):
            raise typer.Exit(WRONG)

    @config.command()
    def show(config: ConfigFile = None) -> None:
        """Show the settings as one JSON object, without passwords.

        Example: bulkdelete config show
        """
        print_json(displayed(load(config)))
