"""Settings: from the environment (`BULKDELETE_…`), then from a file, then the defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.ledger_place import Ledger
from bulkdelete.service.notification_settings import (
    ChatSettings,
    NotificationSettings,
    Part,
    SmtpSettings,
    WebhookSettings,
)
from bulkdelete.service.urls import Url
from bulkdelete.service.whereabouts import PREFIX, xdg_state

T = TypeVar("T")
EVENT_STORES = ("postgresql", "postgres", "sqlite")


def as_servers(value: str) -> str:
    """`HOST:PORT`, several with commas."""
    for server in value.split(","):
        host, colon, port = server.strip().rpartition(":")
        if not host or not colon or not port.isdigit():
            raise PydanticCustomError("servers", "HOST:PORT is accepted, several with commas")
    return ",".join(server.strip() for server in value.split(","))


def as_event_store(url: Url) -> Url:
    """An event store is kept in PostgreSQL or SQLite."""
    if url.scheme not in EVENT_STORES:
        raise PydanticCustomError("event_store", "postgresql://… or sqlite:///… is accepted")
    return url


def with_small_names(named: dict[str, T]) -> dict[str, T]:
    """Names of databases are the same whether a file or the (upper-case) environment tells them."""
    return {name.lower(): value for name, value in named.items()}


class KafkaSettings(Part):
    """Where Kafka is, how to be let in, and how our topics are made."""

    servers: Annotated[str | None, AfterValidator(lambda value: value and as_servers(value))] = None
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")] = "bulkdelete"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] | None = None
    """Default: SASL where a username is given, TLS where certificates are."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    cafile: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    declare_topics: bool = True
    """False where operators own the topics."""
    partitions: Annotated[int, Field(ge=1, le=1000)] = 6
    work_partitions: Annotated[int, Field(ge=1, le=1000)] = 24
    """More of them let more workers share the work."""
    replication_factor: Annotated[int, Field(ge=1, le=10)] = 1
    retention_hours: Annotated[float, Field(gt=0)] = 168
    """How long work, outcomes and rejections are kept; commands and events are kept for good."""


class BackOff(Part):
    """How much a target database may suffer before deletions wait; null: that is not looked at."""

    replication_lag_seconds: Annotated[float, Field(ge=0)] | None = 30
    """Of the replica that is furthest behind. MariaDB and MySQL: of those in `replicas`."""
    waiting_for_locks: Annotated[int, Field(ge=0)] | None = 50
    """Sessions that wait for a lock."""
    threads_running: Annotated[int, Field(ge=1)] | None = 100
    """MariaDB and MySQL."""
    query: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    """A query of your own, which gives one number."""
    at_most: float = 0
    """The largest number that the query may give."""
    replicas: tuple[Url, ...] = ()
    """MariaDB and MySQL: the replicas to ask."""


class Settings(BaseSettings):
    """Everything that can be set. Environment before file before default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )
    databases: Annotated[dict[str, Url], AfterValidator(with_small_names)] = {}
    """The target databases, by the names that jobs use."""
    catalogues: Annotated[dict[str, Path], AfterValidator(with_small_names)] = {}
    """What is said of a database's entities, in a TOML file: by the database's name."""
    ledger: Ledger | None = None
    """Where operations keep fence and ledger in the target databases: `SCHEMA.PREFIX` of their tables."""
    ledgers: Annotated[dict[str, Ledger], AfterValidator(with_small_names)] = {}
    """The same for one database, by its name."""
    guards: Guards = NO_GUARDS
    """What holds for every job, beside its own guards: the stricter of both."""
    event_store: Annotated[Url, AfterValidator(as_event_store)] | None = None
    """Default: SQLite in the state folder."""
    views: Path | None = None
    """The DuckDB file of the views. Default: in the state folder."""
    state: Path = Field(default_factory=xdg_state)
    kafka: KafkaSettings = KafkaSettings()
    smtp: SmtpSettings = SmtpSettings()
    webhooks: Annotated[dict[str, WebhookSettings], AfterValidator(with_small_names)] = {}
    """Who is told of every operation's end, by a name."""
    chats: Annotated[dict[str, ChatSettings], AfterValidator(with_small_names)] = {}
    """The same, for chat channels."""
    notifications: NotificationSettings = NotificationSettings()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"
    relay_lease_seconds: Annotated[float, Field(ge=1, le=60)] = 5
    """After how long a relay that fell silent is replaced."""
    keep_commands_seconds: Annotated[float, Field(ge=0, le=60)] = 10
    """How long a control command waits for its operation to be submitted."""
    health_file: Path | None = None
    """Touched every few seconds while the process lives and Kafka answers."""
    deletion_workers: Annotated[int, Field(ge=1, le=64)] = 4
    """Pieces of work that one process does at once."""

    tick_seconds: Annotated[float, Field(gt=0, le=60)] = 1
    """Between two ticks of a clock: a schedule begins so late at most."""
    simulated_time: bool = False
    """Whether ticks may be of any time: for simulations, where the clock is not this machine's."""

    rate: Annotated[float, Field(gt=0)] | None = None
    """Records per second that all operations together may delete."""
    operations_per_database: Annotated[int, Field(ge=1)] | None = None
    """Operations that run in one database at once; the others wait."""
    back_off: BackOff = BackOff()
    """When deletions wait since their database suffers."""
    back_off_of: Annotated[dict[str, BackOff], AfterValidator(with_small_names)] = {}
    """The same for one database, by its name; what it leaves out holds as for all."""

    @model_validator(mode="after")
    def are_of_databases(self) -> Self:
        """What is set for no database would silently not hold."""
        known = ", ".join(sorted(self.databases)) or "none"
        for setting, named in (("catalogues", self.catalogues), ("ledgers", self.ledgers)):
            for name in named:
                if name not in self.databases:
                    raise PydanticCustomError(
                        setting, "{setting}.{name} is of no configured database; configured: {known}",
                        {"setting": setting, "name": name, "known": known},
                    )  # fmt: skip
        return self

    def all_ledgers(self) -> dict[str, str]:
        """Where each database has them, other than by default."""
        chosen = {name: self.ledgers.get(name, self.ledger) for name in self.databases}
        return {name: place for name, place in chosen.items() if place}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given outright, the environment, the file."""
        return init_settings, env_settings

    @property
    def events(self) -> Url:
        """Where the event store is."""
        return self.event_store or Url(f"sqlite:///{self.state.absolute() / 'events.db'}")

    @property
    def views_path(self) -> Path:
        """Where the views are."""
        return self.views or self.state / "views.duckdb"

    def back_off_for(self, database: str | None) -> BackOff:
        """When deletions in the database of that name wait."""
        own = self.back_off_of.get((database or "").lower())
        if own is None:
            return self.back_off
        return self.back_off.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})
