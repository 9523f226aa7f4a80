"""The guards that hold for every job on this machine, as the environment says: `BULKDELETE_GUARDS__MAX_RECORDS`, …"""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.refusals import refusal
from bulkdelete.service.whereabouts import PREFIX


class Guarded(BaseSettings):
    """The one setting that a run on this machine shares with a service."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="ignore"
    )
    guards: Guards = NO_GUARDS


def service_guards() -> Guards:
    """The guards that the environment sets. Raises InvalidJobError naming the variable."""
    try:
        return Guarded().guards
    except ValidationError as error:
        raise refusal(error, PREFIX) from None
    except UnreadableError as error:
        raise InvalidJobError(f"cannot be read: {error}", f"{PREFIX}GUARDS") from None
