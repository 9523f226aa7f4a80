"""Database addresses: how they are read, kept and shown (never with a password)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util import immutabledict

from bulkdelete.domain.errors import InvalidJobError

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mariadb": "mariadb+pymysql",
    "mariadb+pymysql": "mariadb+pymysql",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
}
SECRETS = ("password", "sslpassword", "passwd", "pwd", "oauth_client_secret")
ACCEPTED = "postgresql:// or mariadb:// or mysql:// with user@host:port/database, or sqlite:///path/to/file.db"


def read_address(text: str) -> URL:
    """The address of a database. Raises InvalidJobError where it is none that we can delete from."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidJobError(f"no database address; accepted: {ACCEPTED}", "database") from None
    if url.drivername not in DRIVERS:
        raise InvalidJobError(f"{url.drivername!r} is not supported yet; accepted: {ACCEPTED}", "database")
    url = url.set(drivername=DRIVERS[url.drivername])
    if url.drivername == "sqlite":
        return read_file(url)
    return url


def read_file(url: URL) -> URL:
    """The address of an SQLite file, absolute; the file must be there: SQLite would create an empty one."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise InvalidJobError(f"an SQLite database is a file; accepted: {ACCEPTED}", "database")
    path = Path(url.database).expanduser().absolute()
    if not path.is_file():
        raise InvalidJobError(f"there is no file {path}", "database")
    return url.set(database=str(path), query={})


def shown(url: URL) -> str:
    """The address as it is kept and shown: without its password."""
    bare = url._replace(password=None, drivername=url.get_backend_name())
    query = {name: value for name, value in url.query.items() if name.lower() not in SECRETS}
    return bare._replace(query=immutabledict(query)).render_as_string(hide_password=True)
