"""Whatever the schema, the rows and the job: what the preview counts is what the run then does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from bulkdelete.records.effects import Outlook, outlooks
from tests.properties.case import Case
from tests.properties.generation import generated
from tests.properties.running import WARNING, catalogue, made
from tests.records.databases import Database
from tests.records.sessions import Ended, Session, session_on

pytestmark = pytest.mark.filterwarnings(WARNING)


def foreseen(session: Session, case: Case) -> dict[int, Outlook]:
    """What each query of a case will do."""
    job, target = session.job(*case.queries), session.target
    preview = target.preview(job)
    with target.dialect.reading(target.engine, 30, snapshot=True) as connection:
        wheres = [preview.scope.where(at, preview.scope.entity(at), preview.at) for at in range(len(case.queries))]
        return outlooks(connection, target.dialect, preview.scope, wheres, preview.walks, ids=True)


def compared(expected: dict[int, Outlook], ended: Ended) -> Iterator[str]:
    """Everything in which the run is not as foreseen."""
    for index, query in enumerate(ended.summary["queries"]):
        outlook = expected[index]
        if not outlook.exact:
            yield f"query {index} is not exact"
        if query["failed"] != outlook.blocked:
            yield f"query {index}: {outlook.blocked} were to stay, {query['failed']} did"
        if query["deleted"] != len(outlook.record_ids or ()):
            yield f"query {index}: {len(outlook.record_ids or ())} were to go, {query['deleted']} did"
    for rule, found in (("cascade", ended.summary["cascaded"]), ("remove_link", ended.summary["unlinked"])):
        counts: Counter[str] = Counter()
        for outlook in expected.values():
            for effect in outlook.effects:
                if effect.rule == rule or (rule == "remove_link" and effect.rule == "set_default"):
                    counts[effect.entity] += effect.count
        if counts != Counter(found):
            yield f"{rule}: foreseen {dict(counts)}, told {found}"


def differences(database: Database, case: Case) -> list[str]:
    """Preview a case, run it; what is not as foreseen, a line each."""
    with made(database, case), session_on(database) as session:
        session.catalogue = catalogue(case)
        before = database.state()
        expected = foreseen(session, case)
        assert database.state() == before, "a preview changes nothing"
        ended = session.run(*case.queries)
        # What only the database's own constraints and triggers know, nobody foresees.
        if any(one["blocking_entity"] is None for one in ended.failures):
            return []
        # Which of several queries removes a link that more than one of them could is not told apart.
        several = len(case.queries) > 1
        return [one for one in compared(expected, ended) if not (several and one.startswith("remove_link"))]


@pytest.mark.parametrize("seed", range(12))
def test_a_preview_counts_what_the_run_does(database: Database, seed: int) -> None:
    case, _ = generated(database.name, seed, 8)
    assert not differences(database, case)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_many_previews_count_what_the_run_does(database: Database, seed: int) -> None:
    case, _ = generated(database.name, seed, 14)
    assert not differences(database, case)
