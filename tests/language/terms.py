"""The terms on which generated queries are asked."""

from __future__ import annotations

import datetime
from typing import Any

USER = {"id": 3, "business_unit": 2, "teams": [4, 5], "language": 3}
TERMS: list[dict[str, Any]] = [
    {"now": "2024-03-15T11:59:59.999999+00:00", "time_zone": "UTC", "text": "exact"},
    {"now": "2024-03-31T01:30:00+00:00", "time_zone": "Europe/Oslo", "fiscal_period": "fourweekly"},
    {"now": "2024-10-27T00:30:00+00:00", "time_zone": "Europe/Oslo", "fiscal_year_start": "04-01",
     "fiscal_period": "monthly"},
    {"now": "2024-03-01T04:59:00+00:00", "time_zone": "America/New_York", "fiscal_year_start": "08-31",
     "fiscal_period": "semiannually", "text": "ignore_case"},
    {"now": "2024-12-30T23:30:00+00:00", "time_zone": "Pacific/Auckland", "fiscal_period": "fourweekly"},
]  # fmt: skip
"""Terms at the edges: an ordinary day, clocks set forward and back, a leap day elsewhere, a day of no period."""
MIDDLE = datetime.datetime(2024, 3, 15, 12, tzinfo=datetime.UTC)
