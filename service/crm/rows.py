"""The records of the demonstration CRM: the same at every run, generic names, no real persons."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property

Row = tuple[str | int | None, ...]

SEED = 2019
FIRST = date(2019, 1, 1)
LAST, LONG_AGO = (date(2025, 6, 30) - FIRST).days, (date(2023, 6, 1) - FIRST).days
"""Days after the first."""

GIVEN = (
    "Alex", "Kim", "Robin", "Sam", "Jo", "Charlie", "Toni", "Chris", "Sascha", "Nicola", "Andrea", "Dominique", "Jamie",
    "Lee", "Morgan", "Pat", "Quinn", "Renee",
)  # fmt: skip
FAMILY = (
    "Alder", "Ash", "Aspen", "Beech", "Birch", "Brook", "Cedar", "Elder", "Elm", "Fern", "Field", "Glen", "Hazel",
    "Heath", "Lake", "Larch", "Linden", "Maple",
)  # fmt: skip
KINDS = (
    "Bakery", "Books", "Cycles", "Energy", "Foods", "Gardens", "Glass", "Logistics", "Media", "Optics", "Paper",
    "Software", "Textiles", "Tools", "Travel",
)  # fmt: skip
FORMS = ("Ltd", "Inc", "GmbH", "AS", "SA", "BV")
TOPICS = (
    "Invoice is wrong", "Delivery is late", "Cannot sign in", "Part is broken", "Change of address", "Contract ends",
    "Printer stops", "Question on warranty", "Order arrived twice", "Price of a renewal",
)  # fmt: skip
STEPS = ("Call back", "Send the papers", "Ask the supplier", "Check the order", "Book a visit", "Close the case")

ACTIVE, RESOLVED, CANCELED = 0, 1, 2
STATUS = {ACTIVE: (1, 2, 3, 4), RESOLVED: (5, 1000), CANCELED: (6, 2000)}
"""Dataverse's status codes of a case, by state."""


DAYS = [str(FIRST + timedelta(at)) for at in range(LAST + 400)]
MINUTES = [f" {at // 60:02}:{at % 60:02}:{at % 7 * 8:02}" for at in range(1_440)]
"""Parts of moments in UTC, spelled once: spelling each moment anew would take longer than loading it."""


class Records:
    """Entity → its records, in the order of its columns."""

    ACCOUNTS, CONTACTS, INCIDENTS, TASKS, EMAILS, ANNOTATIONS = 6_000, 20_000, 50_000, 60_000, 50_000, 14_000

    def __init__(self) -> None:
        self.random = random.Random(SEED)
        self.account_ids = [self.identity() for _ in range(self.ACCOUNTS)]
        self.contact_ids = [self.identity() for _ in range(self.CONTACTS)]
        self.incident_ids = [self.identity() for _ in range(self.INCIDENTS)]

    def identity(self) -> str:
        """A random uuid, version 4."""
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def pick(self, many: int) -> int:
        """An ordinal below `many`; quicker than randrange."""
        return int(self.random.random() * many)

    def moments(self, last: int = LAST, days: int = 300) -> tuple[str, str]:
        """When a record was created, and when it was last changed."""
        day, minute = self.pick(last), self.pick(1_440)
        return DAYS[day] + MINUTES[minute], DAYS[day + 1 + self.pick(days)] + MINUTES[minute]

    @cached_property
    def account_of(self) -> list[int | None]:
        """Contact → its account; one in eight has none."""
        return [None if at % 8 == 0 else self.pick(self.ACCOUNTS) for at in range(self.CONTACTS)]

    def account(self) -> Iterator[Row]:
        """Companies; most have a primary contact."""
        for at, account_id in enumerate(self.account_ids):
            name = f"{FAMILY[at % 18]} {KINDS[at // 18 % 15]} {FORMS[at % 6]}"
            primary = self.contact_ids[self.pick(self.CONTACTS)] if at % 5 else None
            state = int(at % 20 == 0)
            yield account_id, name, f"A-{at:06}", primary, state, state + 1, *self.moments()

    def contact(self) -> Iterator[Row]:
        """People, with an account or without."""
        for at, contact_id in enumerate(self.contact_ids):
            given, family = GIVEN[self.pick(18)], FAMILY[self.pick(18)]
            account = self.account_of[at]
            address = f"{given}.{family}.{at}@example.com".lower()
            state = int(at % 25 == 0)
            yield (contact_id, f"{given} {family}", address, None if account is None else self.account_ids[account],
                   state, state + 1, *self.moments())  # fmt: skip

    def incident(self) -> Iterator[Row]:
        """Cases; those of contacts without an account are long closed, but for one in twenty that is still open."""
        for at, incident_id in enumerate(self.incident_ids):
            contact = self.pick(self.CONTACTS // 8) * 8 if at % 33 == 0 else self.pick(self.CONTACTS)
            account = self.account_of[contact]
            chance = self.random.random()
            if account is None:
                state = RESOLVED if chance < 0.95 else ACTIVE
            else:
                state = ACTIVE if chance < 0.14 else RESOLVED if chance < 0.96 else CANCELED
            last = LONG_AGO if account is None and state == RESOLVED else LAST
            status = STATUS[state][self.pick(len(STATUS[state]))]
            yield (incident_id, f"{TOPICS[self.pick(10)]} ({at})", f"CAS-{at:05}",
                   None if account is None else self.account_ids[account], self.contact_ids[contact],
                   1 + self.pick(3), state, status, *self.moments(last=last, days=90))  # fmt: skip

    def task(self) -> Iterator[Row]:
        """Steps of a case."""
        for at in range(1, self.TASKS + 1):
            incident = self.incident_ids[self.pick(self.INCIDENTS)]
            state = int(at % 10 != 0)
            yield at, f"{STEPS[self.pick(6)]}", incident, state, 5 if state else 2, *self.moments(days=30)

    def email(self) -> Iterator[Row]:
        """Mail; two in three regard a case, the others regard nothing."""
        for at in range(1, self.EMAILS + 1):
            incident = self.incident_ids[self.pick(self.INCIDENTS)] if at % 3 else None
            sender = f"{GIVEN[self.pick(18)]}.{FAMILY[self.pick(18)]}@example.com".lower()
            status = 4 if at % 2 else 3
            yield at, f"Re: {TOPICS[self.pick(10)]}", sender, incident, at % 2, 1, status, *self.moments(days=2)

    def annotation(self) -> Iterator[Row]:
        """Notes on a task."""
        for at in range(1, self.ANNOTATIONS + 1):
            text = f"{STEPS[self.pick(6)]}: done, {1 + self.pick(90)} minutes"
            yield at, f"Note {at}", text, 1 + self.pick(self.TASKS), *self.moments(days=5)
