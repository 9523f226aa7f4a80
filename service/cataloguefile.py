"""Catalogue files: TOML that says of a database's entities what the database does not say itself."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bulkdelete.domain.declarations import LARGEST_CATALOGUE, Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.naming import PATH


def read_catalogue(path: Path) -> Declarations:
    """The catalogue that a file describes. Raises InvalidJobError naming the file and the path within it."""
    try:
        body = path.read_bytes()
        if len(body) > LARGEST_CATALOGUE:
            raise InvalidJobError(f"{len(body):,} bytes; at most {LARGEST_CATALOGUE:,} are taken", str(path))
        value = tomllib.loads(body.decode())
    except OSError as error:
        raise InvalidJobError(f"cannot be read: {error.strerror}", str(path)) from None
    except UnicodeDecodeError:
        raise InvalidJobError("is no UTF-8 text", str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidJobError(f"not TOML: {error!s:.200}", str(path)) from None
    return Declarations.read(value, f"{path}: ")


@contextmanager
def told_of(path: Path | None) -> Iterator[None]:
    """What a database finds wrong with a catalogue is told with the file that it came from."""
    try:
        yield
    except InvalidJobError as error:
        if path is None or not (error.field or "").startswith(f"{PATH}."):
            raise
        raise InvalidJobError(error.reason, f"{path}: {(error.field or '').removeprefix(f'{PATH}.')}") from error
