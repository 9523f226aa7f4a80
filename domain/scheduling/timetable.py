"""Timetable: the occurrences of a schedule as instants in UTC, each once, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bulkdelete.domain.scheduling.recurrence import EndlessSearchError, Recurrence
from bulkdelete.domain.scheduling.rule_text import Moment, refused
from bulkdelete.domain.scheduling.zones import instant_of, is_missing, wall_of

LONGEST_GAP = timedelta(hours=26)
"""No clock on the wall was ever set forward by more."""
BACK = (timedelta(hours=2), timedelta(days=40), timedelta(days=800), timedelta(days=40_000))
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Missed:
    """Occurrences that did not run."""

    first: datetime
    last: datetime
    count: int | None = 1
    """None: more than a thousand."""
    before_last: datetime | None = None

    @classmethod
    def of(cls, found: Sequence[datetime], many: bool = False, first: datetime | None = None) -> Missed | None:
        """What a list holds: of all, or with `many` the last ones of more than a thousand."""
        if not found:
            return None
        before = found[-2] if len(found) > 1 else None
        return cls(first or found[0], found[-1], None if many else len(found), before)

    @property
    def all_but_last(self) -> Missed | None:
        """The same without the last one."""
        if self.count == 1 or self.before_last is None:
            return None
        return Missed(self.first, self.before_last, self.count and self.count - 1)

    def and_then(self, others: Sequence[datetime]) -> Missed:
        """These, and some that follow."""
        if not others:
            return self
        return Missed(self.first, others[-1], self.count and self.count + len(others))


@dataclass(frozen=True)
class Timetable:
    """When a schedule is due. Without a rule once, at its start."""

    start: datetime
    """On the wall."""
    zone: ZoneInfo
    rule: Recurrence | None = None
    ends_at: datetime | None = None
    """UTC; an occurrence at this very instant still belongs."""

    def following(self, after: datetime, inclusive: bool = False) -> Iterator[datetime]:
        """The occurrences after an instant, in order. Raises EndlessSearchError."""
        for instant in self.instants(after):
            if self.ends_at is not None and instant > self.ends_at:
                return
            if (instant > after or (inclusive and instant == after)) and not self.is_excluded(instant):
                yield instant

    def next(self, after: datetime, inclusive: bool = False) -> datetime | None:
        """The first occurrence after an instant; None where there is none any more, or none in centuries."""
        try:
            return next(self.following(after, inclusive), None)
        except (EndlessSearchError, OverflowError):
            return None

    def some(self, after: datetime, most: int = 5) -> list[datetime]:
        """The next occurrences."""
        found: list[datetime] = []
        while len(found) < most and (one := self.next(found[-1] if found else after)) is not None:
            found.append(one)
        return found

    def instants(self, after: datetime) -> Iterator[datetime]:
        """All that the rule gives, from some time before `after` on, without those that EXDATE takes out.

        Where the clock is set forward, times that are missing happen among later ones: they wait for their turn here.
        """
        waiting: list[datetime] = []
        last: datetime | None = None
        for wall in self.walls(after):
            instant = instant_of(wall, self.zone)
            if is_missing(wall, self.zone):
                waiting.append(instant)
                continue
            for one in [*(early for early in waiting if early <= instant), instant]:
                if one != last:
                    yield one
                last = one
            waiting = [one for one in waiting if one > instant]
        yield from (one for one in waiting if one != last)

    def walls(self, after: datetime) -> Iterator[datetime]:
        """The same on the wall, to the end of the rule."""
        if self.rule is None:
            yield self.start
            return
        last = self.rule.last_wall(self.start)
        until = self.rule.until
        shown, before = wall_of(after, self.zone), wall_of(after - LONGEST_GAP, self.zone)
        # A time that was missing just before may be still to come.
        for wall in self.rule.walls(self.start, shown if shown - before == LONGEST_GAP else before):
            if (last is not None and wall > last) or (until is not None and self.is_past(wall, until)):
                return
            yield wall

    def is_past(self, wall: datetime, until: Moment) -> bool:
        """Whether a time lies after UNTIL; a day belongs as a whole."""
        if until.is_instant:
            return instant_of(wall, self.zone) > until.value
        return wall.date() > until.value.date() if until.is_day else wall > until.value

    def is_excluded(self, instant: datetime) -> bool:
        """Whether an EXDATE names the occurrence, or its day."""
        if self.rule is None or not self.rule.excluded:
            return False
        wall = wall_of(instant, self.zone)
        return any(
            one.value == instant if one.is_instant
            else one.value.date() == wall.date() if one.is_day else instant_of(one.value, self.zone) == instant
            for one in self.rule.excluded
        )  # fmt: skip

    def between(self, first: datetime, last: datetime, most: int) -> list[datetime]:
        """The occurrences from one instant to another, both included; at most so many."""
        found: list[datetime] = []
        try:
            for instant in self.following(first, inclusive=True):
                if instant > last or len(found) == most:
                    break
                found.append(instant)
        except (EndlessSearchError, OverflowError):
            pass
        return found

    def missed(self, first: datetime, before: datetime) -> Missed | None:
        """The occurrences from `first` on that lie before an instant, however many they are."""
        found = [one for one in self.between(first, before, MOST_COUNTED + 1) if one < before]
        if len(found) <= MOST_COUNTED:
            return Missed.of(found)
        for span in BACK:
            try:
                late = list(self.following_until(max(first, before - span), before))
            except (EndlessSearchError, OverflowError):
                break
            if len(late) > 1:
                return Missed.of(late, many=True, first=found[0])
        return Missed.of(found, many=True)

    def following_until(self, first: datetime, before: datetime) -> Iterator[datetime]:
        """The occurrences of a short time."""
        for instant in islice(self.following(first, inclusive=True), 1_000_000):
            if instant >= before:
                return
            yield instant

    def check(self) -> None:
        """Raise InvalidJobError where there is no occurrence at all, or none that can be found."""
        try:
            first = next(self.following(datetime(1970, 1, 2, tzinfo=UTC)), None)
        except (EndlessSearchError, OverflowError):
            raise refused("no occurrence is found in centuries: the rule never applies, or too seldom") from None
        if first is None:
            raise refused("there is no occurrence: everything is excluded, or it ends before it begins")
