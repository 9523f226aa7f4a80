"""`bulkdelete serve`: a process of the service on Kafka, or all of it on this machine without a broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bulkdelete.consumers.routes import Role
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.service import logs
from bulkdelete.service.app import parts_of
from bulkdelete.service.cli.interrupting import interruptible
from bulkdelete.service.cli.kafka_options import ConfigFile, KafkaAddress, settings_of
from bulkdelete.service.configuration import load, unknown_variables
from bulkdelete.service.embedded import serve as serve_embedded
from bulkdelete.service.event_store import open_event_store
from bulkdelete.service.kafka.parts import Parts, read_roles
from bulkdelete.service.kafka.serving import serve as serve_roles
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.settings import Settings

LONGEST_PAUSE = 5.0


@contextmanager
def patiently(settings: Settings, roles: frozenset[Role]) -> Iterator[Parts]:
    """What the handlers need; an event store that is away is waited for."""
    pause = 0.5
    with ExitStack() as stack:
        while True:
            try:
                parts = stack.enter_context(parts_of(settings, roles))
                break
            except UnavailableError as error:
                extra = {"action": "waiting", "for": "the event store"}
                logs.OWN.warning("Trying again in %.1f s: %s", pause, error, extra=extra)
                time.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
        yield parts


def serve_state(state: Path, config: Path | None, kafka: str | None, role: list[str] | None) -> None:
    """Serve a state folder. Raises SettingsError where a broker or its roles are named as well."""
    for name, value in (("--kafka", kafka), ("--role", role)):
        if value:
            reason = "a state folder is served without Kafka, in one process: leave it out, or leave --state out"
            raise SettingsError([Problem(name, None, reason)])
    settings = load(config, {"state": state, "event_store": None, "views": None})
    logs.configure(settings.log_level, settings.log_format)
    stopping = threading.Event()
    with interruptible(stopping), open_event_store(settings.events) as application:
        serve_embedded(settings, application, stopping)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve(
        kafka: KafkaAddress = None,
        role: Annotated[
            list[str] | None,
            typer.Option("--role", help=f"all, or some of {', '.join(Role)}; several with commas or repeated."),
        ] = None,
        config: ConfigFile = None,
        state: Annotated[
            Path | None, typer.Option("--state", metavar="DIR", help="Serve this state folder, without Kafka.")
        ] = None,
    ) -> None:
        """Serve on Kafka: take commands, plan, delete, project, relay, tick. SIGTERM stops after the work in hand.

        With --state: run what is due on this machine, schedules and submitted operations, without a broker.

        Example: bulkdelete serve --kafka localhost:9092 --role operations,planning
        """
        if state is not None:
            serve_state(state, config, kafka, role)
            return
        settings = settings_of(config, kafka)
        try:
            roles = read_roles(role or ["all"])
        except ValueError as error:
            raise SettingsError([Problem("--role", None, str(error))]) from None
        logs.configure(settings.log_level, settings.log_format)
        for problem in unknown_variables():
            logs.OWN.warning("%s", problem, extra={"action": "unknown_setting", "setting": problem.field})
        with patiently(settings, roles) as parts:
            serve_roles(settings, roles, parts)
