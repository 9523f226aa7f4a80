"""Guards: bounds that a job must keep, its own and the service's; where both say something, the stricter one holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.readings import NOT_TRUE_OF_NULL
from bulkdelete.domain.query.tree import Comparison, Junction, Link, Node, QueryTree
from bulkdelete.domain.query.values import refused

LARGEST = 2**53
LIMITS_NOTHING = {Operator.NULL, Operator.NOT_NULL, Operator.NOT_EQUAL, *NOT_TRUE_OF_NULL}
"""Operators that leave an attribute without a bound."""


def as_failures(value: Any) -> Any:
    """A count, or a share such as `5%`."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}(\.\d{1,4})?%", value, re.ASCII) and Decimal(value[:-1]) <= 100:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value, re.ASCII):
        return int(value)
    raise refused(f'{value!r:.100}: a whole number of at least 0 is accepted, or a share such as "5%"')


def as_records(value: Any) -> Any:
    """A count."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST):
        return value
    if isinstance(value, str) and re.fullmatch(r"0*[1-9]\d{0,15}", value, re.ASCII):
        return int(value)
    raise refused(f"{value!r:.100}: a whole number above 0 is accepted")


Name = Annotated[str, Field(min_length=1, max_length=256)]


class Guards(BaseModel):
    """What must hold before a job runs, and while it does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_records: Annotated[int | None, BeforeValidator(as_records)] = None
    """Records that its queries may delete, all together; what cascades take along is not counted."""
    max_failures: Annotated[int | str | None, BeforeValidator(as_failures)] = None
    """Records that may fail: so many, or that share of those that were estimated; one more, and it stops."""
    protected: Annotated[tuple[Name, ...], Field(strict=False, max_length=1_000)] = ()
    """Entities of which nothing is deleted, neither by a query nor by a cascade."""
    required: dict[Name, Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]] = {}
    """Entity → the attributes that each query about it must bound."""

    @property
    def says_nothing(self) -> bool:
        """Whether there is no guard."""
        return self == NO_GUARDS

    def to_json(self) -> dict[str, Any]:
        """What is said, as plain data."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def and_those(self, other: Guards) -> Guards:
        """Both: of numbers the smaller, of names all."""
        records = [one for one in (self.max_records, other.max_records) if one is not None]
        required = dict(self.required)
        for entity, attributes in other.required.items():
            required[entity] = tuple(dict.fromkeys((*required.get(entity, ()), *attributes)))
        return Guards(
            max_records=min(records) if records else None,
            max_failures=self.max_failures if other.max_failures is None else stricter(self.max_failures, other),
            protected=tuple(dict.fromkeys((*self.protected, *other.protected))),
            required=required,
        )

    def most_failures(self, records: int) -> int | None:
        """How many of so many records may fail; None: any number."""
        if isinstance(self.max_failures, str):
            return int(Decimal(self.max_failures[:-1]) * records / 100)
        return self.max_failures


def stricter(mine: int | str | None, other: Guards) -> int | str | None:
    """The smaller of two counts or shares; of a count and a share, which cannot be compared, the service's."""
    theirs = other.max_failures
    if mine is None or type(mine) is not type(theirs):
        return theirs
    return min((mine, theirs), key=lambda one: Decimal(str(one).rstrip("%")))


NO_GUARDS = Guards()
"""No guard at all."""


def bounds(tree: QueryTree, attribute: str) -> bool:
    """Whether a query is true only of records with a bounded value in an attribute of its entity."""
    return tree.where is not None and bounded(tree.where, attribute, tree.entity)


def bounded(node: Node, attribute: str, entity: str) -> bool:
    """Whether a condition is: every way to make it true must bound the attribute."""
    match node:
        case Comparison():
            own = node.entity in {None, entity} and node.attribute.lower() == attribute.lower()
            return own and node.column is None and node.operator not in LIMITS_NOTHING
        case Junction(any=True, terms=terms):
            return all(bounded(one, attribute, entity) for one in terms)
        case Junction(terms=terms):
            return any(bounded(one, attribute, entity) for one in terms)
        case Link():
            return False


def broken(guards: Guards, deleted: int, failed: int, records: int) -> tuple[str, str] | None:
    """Which guard the recorded counts break, and its figures; `records`: those that are known of, or estimated."""
    if guards.max_records is not None and deleted > guards.max_records:
        return "guards.max_records", f"{deleted:,} records are deleted, more than the {guards.max_records:,} allowed"
    most = guards.most_failures(records)
    if most is not None and failed > most:
        said = f"{guards.max_failures:,}" if isinstance(guards.max_failures, int) else guards.max_failures
        share = f" of about {records:,}" if isinstance(guards.max_failures, str) else ""
        return "guards.max_failures", f"{failed:,} records failed{share}, more than the {said} allowed"
    return None


def guards_of(job: Mapping[str, Any]) -> Guards:
    """The guards that a kept job stands under: its own, and those of the service that it was submitted to."""
    own, service = job.get("guards"), job.get("service_guards")
    if own is None and service is None:
        return NO_GUARDS
    return Guards.model_validate(own or {}).and_those(Guards.model_validate(service or {}))
