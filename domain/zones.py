"""Time zones by their names in the IANA database."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from bulkdelete.domain.query.values import refused
from bulkdelete.domain.spelling import suggestion


def as_zone(value: Any) -> Any:
    """The name of a time zone of the IANA database."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_+\-/]{1,64}", value):
        raise refused(f"{value!r:.100} is no time zone of the IANA database; such as Europe/Oslo")
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        close = suggestion(value, sorted(zoneinfo.available_timezones()))
        raise refused(f'"{value}" is no time zone of the IANA database{close or "; such as Europe/Oslo"}') from None
    return value
