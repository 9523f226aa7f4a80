"""Whether what the settings name can be reached, told in seconds."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy as sa
from aiokafka.errors import KafkaError

from bulkdelete.domain.errors import BulkDeleteError
from bulkdelete.producers.topics import existing_topics
from bulkdelete.records.target import Target
from bulkdelete.service.cataloguefile import read_catalogue, told_of
from bulkdelete.service.kafka.connecting import connection_of, topics_of
from bulkdelete.service.settings import Settings
from bulkdelete.service.urls import Url
from bulkdelete.service.wording import told_of_catalogue

SECONDS = 5


@dataclass(frozen=True)
class Finding:
    """What came of looking at one setting."""

    setting: str
    value: str
    is_fine: bool
    text: str


def look(settings: Settings) -> Iterator[Finding]:
    """Look at everything that is set."""
    if settings.kafka.servers:
        yield finding("kafka.servers", settings.kafka.servers, partial(look_at_kafka, settings))
    yield finding("event_store", str(settings.events), partial(look_at_store, settings.events))
    yield finding("views", str(settings.views_path), partial(look_at_folder, settings.views_path.absolute().parent))
    for name, url in settings.databases.items():
        yield finding(f"databases.{name}", str(url), partial(look_at_target, url))
    for name, path in settings.catalogues.items():
        yield finding(f"catalogues.{name}", str(path), partial(look_at_catalogue, path, settings.databases[name]))


def finding(setting: str, value: str, call: Callable[[], str]) -> Finding:
    """Look; what cannot be reached is a finding like any other."""
    try:
        return Finding(setting, value, True, call())
    except (BulkDeleteError, OSError, psycopg.Error, sqlite3.Error, sa.exc.SQLAlchemyError, ValueError) as error:
        return Finding(setting, value, False, " ".join(str(error).split())[:300])
    except Exception as error:
        return Finding(setting, value, False, f"{type(error).__name__}: {error!s:.300}")


def look_at_kafka(settings: Settings) -> str:
    """Connect and see which of our topics are there."""

    async def existing() -> dict[str, int]:
        async with asyncio.timeout(SECONDS):
            return await existing_topics(connection_of(settings.kafka))

    try:
        found = asyncio.run(existing())
    except TimeoutError:
        raise OSError(f"no answer within {SECONDS} s") from None
    except KafkaError as error:
        raise OSError(f"cannot be reached: {error!s:.200}") from None
    plans = topics_of(settings.kafka).plans()
    missing = [plan.name for plan in plans if plan.name not in found]
    if not missing:
        return f"reached; {len(plans)} topics are there"
    if settings.kafka.declare_topics:
        return f"reached; `bulkdelete serve` will make {', '.join(missing)}"
    raise OSError(f"reached, but topics are missing: {', '.join(missing)}")


def look_at_store(url: Url) -> str:
    """Connect to the event store, or see that its file can be written."""
    if url.scheme == "sqlite":
        path = Path(url.secret.partition("///")[2]).absolute()
        return look_at_folder(path.parent)
    address = "postgresql://" + url.secret.partition("://")[2]
    with psycopg.connect(address, connect_timeout=SECONDS, autocommit=True) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return f"reached; PostgreSQL {row[0] if row else ''}"


def look_at_folder(folder: Path) -> str:
    """See that files can be made there."""
    nearest = next(one for one in (folder, *folder.parents) if one.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise OSError(f"{nearest} cannot be written")
    return "can be written" if nearest == folder else f"will be made in {nearest}"


def look_at_target(url: Url) -> str:
    """Connect to a target database."""
    with closing(Target(url.secret)) as target, target.available():
        with target.dialect.reading(target.engine, SECONDS) as connection:
            connection.execute(sa.text("SELECT 1"))
            server = connection.dialect
        return f"reached; {'mariadb' if getattr(server, 'is_mariadb', False) else server.name}"


def look_at_catalogue(path: Path, url: Url) -> str:
    """Read a catalogue and hold it against its database."""
    found = read_catalogue(path)
    with closing(Target(url.secret)) as target, told_of(path):
        target.check_declarations(found)
    return f"fits the database; {told_of_catalogue(found)}"
