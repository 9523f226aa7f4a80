"""Running a case on a database, and holding what happened against the prediction."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from bulkdelete.domain.declarations import Declarations
from tests.properties.case import Case, Record, Row, Table, Value
from tests.properties.kinds import shown
from tests.properties.prediction import Failed, Prediction
from tests.properties.rendering import RENDERINGS
from tests.properties.rules import BEHAVIOURS
from tests.records.databases import Database, Key
from tests.records.sessions import Ended, account, session_on

WARNING = "ignore:WARNING. SQL-parsed foreign key constraint:sqlalchemy.exc.SAWarning"
"""What SQLAlchemy says where the columns of a reference have a double quote in their names (SQLite)."""
DECLARED_RULES = {
    "CASCADE": "cascade", "SET NULL": "remove_link", "RESTRICT": "restrict", "NO ACTION": "restrict",
}  # fmt: skip


@contextmanager
def made(database: Database, case: Case) -> Iterator[None]:
    """The case's tables and rows, for a while."""
    rendering = RENDERINGS[database.name]
    try:
        database.script(rendering.script(case))
        yield
    finally:
        database.script(rendering.drops(case))


def differences(database: Database, case: Case) -> list[str]:
    """Run the case; what is not as predicted, a line each. Raises UndecidedError."""
    prediction = Prediction(case, BEHAVIOURS[database.name]).run()
    with made(database, case):
        before = database.state()
        try:
            with session_on(database) as session:
                session.catalogue = catalogue(case)
                ended = session.run(*case.queries)
        except Exception as error:
            return [f"raised {type(error).__name__}: {error}"]
        found = list(compared(database, case, prediction, ended))
        if not found:
            account(database, before, ended)
    return found


def catalogue(case: Case) -> Declarations:
    """What the case declares beside what its tables say."""
    links = [
        {"child": one.child, "columns": one.columns, "parent": one.parent, "references": one.parent_columns,
         "rule": DECLARED_RULES[one.rule]}
        for one in case.links if one.is_declared
    ]  # fmt: skip
    return Declarations.read({"relationships": links})


def still_differs(database: Database, case: Case, like: str) -> bool:
    """Whether a case fails in a way that begins like another's.

    One that cannot even be made, or is left to the database, does not.
    """
    try:
        found = differences(database, case)
    except Exception:
        return False
    return bool(found) and found[0].split()[0] == like.split(maxsplit=1)[0]


def compared(database: Database, case: Case, prediction: Prediction, ended: Ended) -> Iterator[str]:
    """Everything in which a run and its prediction differ."""
    if ended.summary["status"] != "succeeded":
        yield f"status: {ended.summary['status']}: {ended.summary['reason']}"
    for table in case.tables:
        foreseen = {lined(row, table) for record, row in prediction.world.rows.items() if record[0] == table.name}
        yield from differing(f"left in {table.name}", foreseen, set(rows(database, table)))
    for what, records, ids in (
        ("deleted", prediction.deleted, ended.deleted), ("cascaded", prediction.cascaded, ended.cascaded)
    ):  # fmt: skip
        for table in case.tables:
            told = ids.get(table.name, [])
            yield from differing(f"{what} from {table.name}", identities(case, table, records), set(told))
            if len(told) != len(set(told)):
                yield f"{what} from {table.name}: told twice: {told}"
    yield from differing_failures(database, case, prediction, ended)
    if not (prediction.is_bisected or prediction.is_torn) and ended.summary["unlinked"] != dict(prediction.unlinked):
        yield f"unlinked: foreseen {dict(prediction.unlinked)}, told {ended.summary['unlinked']}"


def differing(what: str, foreseen: set[Any], found: set[Any]) -> Iterator[str]:
    """Two sets that should be one."""
    if foreseen - found:
        yield f"{what}: foreseen, not found: {sorted(foreseen - found, key=str)}"
    if found - foreseen:
        yield f"{what}: found, not foreseen: {sorted(found - foreseen, key=str)}"


def differing_failures(database: Database, case: Case, prediction: Prediction, ended: Ended) -> Iterator[str]:
    """Failures of other records, or that name another entity as the blocking one."""
    foreseen = {
        (index, record[0], identity(case.table(record[0]), record)): (index, record)
        for index, record in prediction.failed
    }
    told = {(one["query_index"], one["entity"], one["record"]): one for one in ended.failures}
    yield from differing("failed", set(foreseen), set(told))
    for failure in set(foreseen) & set(told):
        entity = told[failure]["blocking_entity"]
        possible = blocking(database, prediction, foreseen[failure])
        if entity not in possible:
            yield f"failed {failure}: blocked by {entity}, foreseen {sorted(map(str, possible))}: {told[failure]}"


def blocking(database: Database, prediction: Prediction, failure: Failed) -> set[str | None]:
    """The entities that may be named as blocking: several hold a record back, and one of them is told.

    None, where an error does not name it. SQLite: what bisecting finds. PostgreSQL: a link that cannot be cleared of
    a record of the same entity.
    """
    _, (entity, _) = failure
    blockers = prediction.failed[failure]
    nameless = {
        "sqlite": prediction.is_bisected,
        "postgresql": any(one.why == "cannot be cleared" and one.link.child == entity for one in blockers),
    }
    found: set[str | None] = {one.link.child for one in blockers}
    return found | {None} if nameless.get(database.name) else found


def identities(case: Case, table: Table, records: Iterable[Record]) -> set[Key]:
    """The ids of those records that are of one table, as the audit gives them."""
    return {identity(table, one) for one in records if one[0] == table.name}


def identity(table: Table, record: Record) -> Key:
    """The id of a record as the audit gives it."""
    parts = tuple(shown(table.column(name), value) for name, value in zip(table.key, record[1], strict=True))
    return parts[0] if len(parts) == 1 else parts


def rows(database: Database, table: Table) -> Iterator[str]:
    """Every row of a table as the database has it."""
    rendering = RENDERINGS[database.name]
    names = [one.name for one in table.columns]
    select = f"SELECT {rendering.names(tuple(names))} FROM {rendering.name(table.name)}"
    for values in database.execute(select):
        yield lined(dict(zip(names, map(plain, values), strict=True)), table)


def lined(row: Row, table: Table) -> str:
    """A row as one line, in the order of the table."""
    return json.dumps([row[one.name] for one in table.columns], ensure_ascii=False)


def plain(value: Any) -> Value:
    """A driver's value as a case writes it."""
    match value:
        case UUID():
            return str(value)
        case bytes():
            return value.hex()
        case datetime.datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
            return aware.astimezone(datetime.UTC).isoformat()
    found: Value = value
    return found


def described(database: Database, case: Case, found: Iterable[str]) -> str:
    """All that is needed to see and repeat a failure."""
    script = RENDERINGS[database.name].script(case)
    job = json.dumps(case.queries, ensure_ascii=False)
    declared = catalogue(case).model_dump_json(exclude_defaults=True)
    return "\n".join([f"{database.name}, {case.label}:", script, f"catalogue: {declared}", f"job: {job}", *found])
