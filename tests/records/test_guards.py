"""Guards on real databases: refused at plan time with their figures, and never passed while running."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.consumers.deletion import Deletion
from bulkdelete.consumers.operations import take_outcome
from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.declarations import NOTHING
from bulkdelete.domain.errors import GuardError
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.job import GovernedJob, Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.work import DeleteBatch
from tests.records.databases import Database
from tests.records.sessions import Session

SCHEMA = """
    CREATE TABLE account (id integer PRIMARY KEY);
    CREATE TABLE contact (id integer PRIMARY KEY, account_id integer, n integer,
        CONSTRAINT contact_of FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE);
    CREATE TABLE invoice (id integer PRIMARY KEY, contact_id integer,
        CONSTRAINT invoice_of FOREIGN KEY (contact_id) REFERENCES contact (id) ON DELETE RESTRICT);
"""


def guarded(*queries: Query, service: Guards = NO_GUARDS, **guards: Any) -> GovernedJob:
    return Job.read({"name": "x", "queries": list(queries), "guards": guards}).under(NOTHING, None, service)


def begin(session: Session, job: GovernedJob) -> Operation:
    """Submit it as it is, and do what comes first: the fence and the plan."""
    session.job = lambda *_queries, **_options: job  # type: ignore[method-assign]
    operation_id = session.submit()
    for _ in range(2):
        operation = session.step(operation_id)
    return operation


def test_more_records_than_allowed_are_refused_before_anything_runs(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    database.script(f"INSERT INTO contact SELECT i, NULL, i % 2 FROM {database.series(100)}")
    job = guarded(Query("contact").where(n=1), max_records=49)

    with pytest.raises(GuardError) as refused:
        session.target.check(job)

    assert refused.value.field == "guards.max_records"
    assert refused.value.reason == "50 records match, more than the 49 allowed"
    session.target.check(guarded(Query("contact").where(n=1), max_records=50))
    with pytest.raises(GuardError):
        session.target.check(guarded(Query("contact").where(n=1), service=Guards(max_records=49), max_records=50))
    operation = begin(session, job)
    assert (operation.status, operation.field) == ("failed", "guards.max_records")
    assert database.count("contact") == 100


@pytest.mark.parametrize("allowed", [60, 61, 70, 149])
def test_records_that_come_to_match_never_pass_the_bound(database: Database, session: Session, allowed: int) -> None:
    database.script(SCHEMA)
    database.script(f"INSERT INTO contact SELECT i, NULL, i % 2 FROM {database.series(120)}")
    database.script("INSERT INTO contact SELECT id + 1000, NULL, 2 FROM contact")
    operation = begin(session, guarded(Query("contact").where("n", "LessThan", 1), max_records=allowed))
    assert operation.plan is not None
    database.execute("UPDATE contact SET n = 0 WHERE id > 100")

    ended = session.drive(operation.id)

    assert ended.summary["deleted"] == min(allowed, 50 + 20 + 120)
    assert database.count("contact") == 240 - ended.summary["deleted"]
    assert (ended.summary["status"], ended.summary["field"]) == ("failed", "guards.max_records")
    assert f"{allowed} records are deleted, as many as allowed, and more match" in ended.summary["reason"]


def test_exactly_as_many_as_allowed_are_deleted_and_it_succeeds(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    database.script(f"INSERT INTO contact SELECT i, NULL, i % 2 FROM {database.series(120)}")

    ended = session.drive(begin(session, guarded(Query("contact").where(n=1), max_records=60)).id)

    assert (ended.summary["status"], ended.summary["deleted"]) == ("succeeded", 60)


def test_work_that_is_done_twice_stays_within_the_bound(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    database.script(f"INSERT INTO contact SELECT i, NULL, 0 FROM {database.series(30)}")
    operation = begin(session, guarded(Query("contact").where(n=0), max_records=30))
    database.script(f"INSERT INTO contact SELECT i + 100, NULL, 0 FROM {database.series(100)}")
    deletion = Deletion(session.application, lambda _name: session.target)
    (work,) = [one for one in outstanding(operation) if isinstance(one, DeleteBatch)][:1]
    assert work.allowance is not None
    told = [list(deletion.do(work)), list(deletion.do(work))]

    assert database.count("contact") >= 100
    for outcomes in told:
        for outcome in outcomes:
            take_outcome(outcome, session.application)
    assert session.drive(operation.id).summary["deleted"] == 30
    assert database.count("contact") == 100


def test_too_many_failures_stop_it(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    database.script(f"INSERT INTO contact SELECT i, NULL, 0 FROM {database.series(100)}")
    database.script(f"INSERT INTO invoice SELECT i, i FROM {database.series(20)}")

    ended = session.drive(begin(session, guarded(Query("contact").where(n=0), max_failures="19%")).id)

    assert (ended.summary["status"], ended.summary["field"]) == ("failed", "guards.max_failures")
    assert ended.summary["reason"] == "20 records failed of about 100, more than the 19% allowed"
    assert ended.summary["deleted"] == 100 - database.count("contact")


def test_as_many_failures_as_allowed_do_not(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    database.script(f"INSERT INTO contact SELECT i, NULL, 0 FROM {database.series(100)}")
    database.script(f"INSERT INTO invoice SELECT i, i FROM {database.series(20)}")

    ended = session.drive(begin(session, guarded(Query("contact").where(n=0), max_failures=20)).id)

    assert (ended.summary["status"], ended.summary["failed"]) == ("succeeded", 20)


def test_protected_entities_are_reached_by_no_cascade(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    service = Guards(protected=("contact",))

    for query, how in ((Query("contact"), "the query is about it"), (Query("account"), "deleting account takes it")):
        with pytest.raises(GuardError, match=how) as refused:
            session.target.check(guarded(query.all_records(), service=service))
        assert refused.value.field == "queries[0]: guards.protected"
    session.target.check(guarded(Query("invoice").all_records(), service=service))


def test_a_required_condition_must_bound_in_every_case(database: Database, session: Session) -> None:
    database.script(SCHEMA)
    service = Guards(required={"contact": ("n",)})

    for query in (
        Query("contact").all_records(),
        Query("contact").where(id=1),
        Query("contact").where("n", "NotNull"),
        Query("contact").where("n", "NotEqual", 3),
    ):
        with pytest.raises(GuardError, match="must bound n"):
            session.target.check(guarded(query, service=service))
    session.target.check(guarded(Query("contact").where("n", "LessThan", 3), service=service))
    session.target.check(guarded(Query("account").all_records(), service=service))
