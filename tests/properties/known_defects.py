"""What bulkdelete is known to do wrong: the one place by which generated cases are left out. Empty LEFT_OUT.

A trait is what the model meets in a case; a case with a trait that is left out on a database is not run there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from tests.properties.case import Case, Link, Record
from tests.properties.rules import Blocker, Rules

RINGS = "asked for, and taken along through another entity"
SECOND = "settled by a second retry"
UNTRIED = "what no relationship restricts is settled by a retry"
BISECTED = "needs bisecting"
TORN = "needs bisecting, which tears apart what goes together by a restricting link"
UNLINKED = "needs bisecting, which clears a link of a record that is still to go"
TORN_UNCLEARABLE = "needs bisecting, which tears apart what goes together by a link that cannot be cleared"
AT_ONCE = "held at once within a table"
DISORDERED = "held within entities that have no order"

CLEARED = "clears a link that the query may ask about, of a record that the same statement deletes"
BEYOND = "clears links onto a unique column"
LEVELS = "goes level by level, though references of another rule tie the levels"
DEFERRED = "needs bisecting, beside a deferred reference"

LEFT_OUT: dict[str, Set[str]] = {}
STALE: set[str] = set()
"""Where a failure goes on naming what held the record back at first, also when that is gone and something else does."""
REFUSED: set[int] = set()
"""Values of conditions that are refused although the column may hold them."""

WARNING = "ignore:WARNING. SQL-parsed foreign key constraint:sqlalchemy.exc.SAWarning"
"""What SQLAlchemy says where the columns of a reference have a double quote in their names (SQLite)."""


def is_known(database: str, traits: Set[str]) -> bool:
    """Whether a case of these traits meets a known defect on this database."""
    return any(database in LEFT_OUT.get(trait, ()) for trait in traits)


def may_be_nameless(database: str, entity: str, blockers: Set[Blocker], traits: Set[str]) -> bool:
    """Whether the failure of an entity's record may lack its blocking entity.

    SQLite: what bisecting finds. PostgreSQL: a link that cannot be cleared of a record of the same entity.
    """
    if database == "sqlite":
        return BISECTED in traits
    return database == "postgresql" and any(
        one.why == "cannot be cleared" and one.link.child == entity for one in blockers
    )


def traits_of_settling(blockers: Set[Blocker], attempt: int) -> set[str]:
    """What is to be said of a failure that a retry settles."""
    found = {SECOND} if attempt > 1 else set()
    return found | {UNTRIED} if any(one.why != "restricts" for one in blockers) else found


def traits_of_deletion(
    rules: Rules, roots: Iterable[Record], matching: Set[Record], going: Set[Record],
    held: Mapping[Record, Set[Blocker]],
) -> set[str]:  # fmt: skip
    """What is to be said of one deletion, before it is done."""
    case = rules.world.case
    is_bisected = any(one.why != "restricts" for blockers in held.values() for one in blockers)
    found = traits_of_bisecting(rules, going, held) if is_bisected else set()
    if any(rules.group(one) & matching - {one} and not takes_its_own(case, one[0]) for one in going & set(roots)):
        found.add(RINGS)
    for record in going:
        for link in case.referrers(record[0]):
            if link.rule == "SET NULL" and not set(link.parent_columns) <= set(case.table(link.parent).key):
                found.add(BEYOND)
            if tied := (set(rules.world.referring(link, record)) & going) - {record}:
                found |= traits_of_tie(rules, link, record, bool(tied & matching), is_bisected)
                if rules.restricts(link) or rules.is_unclearable(link, record):
                    found |= set() if has_order(case, going) else {DISORDERED}
    return found


def traits_of_bisecting(rules: Rules, going: Set[Record], held: Iterable[Record]) -> set[str]:
    """What is to be said where an error has to be traced to its record."""
    near_by = set(going).union(*(rules.group(root) for root in held))
    deferred = [one for one in rules.world.case.links if one.is_deferred]
    near = any(rules.world.referring(one, record) for one in deferred for record in near_by if record[0] == one.parent)
    return {BISECTED, DEFERRED} if near else {BISECTED}


def traits_of_tie(rules: Rules, link: Link, record: Record, is_asked: bool, is_bisected: bool) -> set[str]:
    """What is to be said of a record that goes and one that refers to it and goes as well."""
    found = set()
    behaviour, is_own = rules.behaviour, link.child == link.parent
    holds = rules.restricts(link) or rules.is_unclearable(link, record)
    if is_bisected and is_asked and link.rule in {"SET NULL", "SET DEFAULT"}:
        found.add(UNLINKED)
    if is_bisected and holds:
        found.add(TORN if rules.restricts(link) else TORN_UNCLEARABLE)
    if is_asked and is_own and link.rule == "SET NULL":
        found.add(CLEARED)
    if behaviour.nulls_at_once and rules.nulls_what_is_not_null(link):
        found.add(AT_ONCE)
    own = [one for one in rules.world.case.referrers(link.parent) if one.child == link.parent]
    ties = holds or link.rule == "CASCADE"
    if is_own and ties and link.rule not in behaviour.at_once and any(one.rule in behaviour.at_once for one in own):
        found.add(LEVELS)
    return found


def takes_its_own(case: Case, entity: str) -> bool:
    """Whether a cascade within the entity takes its records along."""
    return any(one.rule == "CASCADE" and one.child == entity for one in case.referrers(entity))


def reached(case: Case, entities: Set[str]) -> set[str]:
    """The entities, and all whose records cascades may take along."""
    found = set(entities)
    while new := {one.child for one in case.links if one.rule == "CASCADE" and one.parent in found} - found:
        found |= new
    return found


def has_order(case: Case, going: Set[Record]) -> bool:
    """Whether the entities that these take along can go one after the other, each after those that refer to it."""
    rest = reached(case, {entity for entity, _ in going})
    while rest:
        free = {one for one in rest if not any(link.child in rest - {one} for link in case.referrers(one))}
        if not free:
            return False
        rest -= free
    return True
