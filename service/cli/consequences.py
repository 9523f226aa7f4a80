"""What a job takes along, told to people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.record_ids import key_in_words
from bulkdelete.records.effects import Effect
from bulkdelete.records.preview import Preview
from bulkdelete.service.foresight import Foresight

RULES = {"cascade": "go with them", "remove_link": "lose their link", "set_default": "fall back to a default link"}


def tell_foresight(console: Console, found: list[Foresight], order: list[int]) -> None:
    """Counts and consequences, for people."""
    for index in order:
        console.print(f"  [bold]{index + 1}[/]  {escape(found[index].explanation.sentence)}")
        for line in told(found[index]):
            console.print(f"     {escape(line)}")


def refuse_slow(job: Job, preview: Preview) -> None:
    """Refuse what would take unreasonably long, unless the job says that it may. Raises InvalidJobError."""
    if not job.options.allow_slow and any(caution.grave for caution in preview.cautions):
        raise InvalidJobError(
            "the run would be very slow, see the caution above; create the index, or run with --allow-slow",
            "options.allow_slow",
        )


def told(one: Foresight) -> Iterator[str]:
    """One query, a line each."""
    outlook = one.outlook
    yield f"{'' if outlook.exact else 'about '}{outlook.count:,} records" + (
        "" if outlook.exact else ", by the database's own estimate: they are too many to follow in time"
    )
    for effect in outlook.effects:
        yield f"  {effect_in_words(effect, outlook.exact)}"
    if outlook.blocked:
        yield f"  {outlook.blocked:,} of them will be kept back"
    if outlook.sample:
        yield "such as " + ", ".join(map(key_in_words, outlook.sample))
    yield from (f"also matches empty values: {each}" for each in one.explanation.matches_empty)
    yield from (f"read so: {each}" for each in one.explanation.readings)


def effect_in_words(effect: Effect, exact: bool) -> str:
    """What one relationship does."""
    what = RULES.get(effect.rule, "keep some of them back")
    count = f"{'' if exact else 'about '}{effect.count:,} {effect.entity}"
    return f"level {effect.level}: {count} {what} ({effect.relationship})"
