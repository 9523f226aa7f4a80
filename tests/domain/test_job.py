"""Reading a job: whatever is wrong is refused with its path and what is accepted."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bulkdelete.domain.commands import LARGEST_MESSAGE, SubmitBulkDelete, read_command
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Comparison, Join, Junction, Link
from bulkdelete.domain.query_builder import Query

CONDITION = {"AttributeName": "statecode", "Operator": "Equal", "Values": [1]}
MINIMAL: dict[str, Any] = {
    "name": "Closed cases",
    "queries": [{"EntityName": "incident", "Criteria": {"FilterOperator": "And", "Conditions": [CONDITION]}}],
}
AT = "queries[0].Criteria"


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    """The minimal job with one thing changed."""
    job = copy.deepcopy(MINIMAL)
    place: Any = job
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return job


QUERY = ["queries", 0]
CRITERIA = [*QUERY, "Criteria"]
FIRST = [*CRITERIA, "Conditions", 0]
REFUSED: list[tuple[list[Any], Any, str, str]] = [
    (["nam"], "x", "nam", "unknown word"),
    (["name"], "", "name", "at least 1"),
    (["name"], 5, "name", "string"),
    (["queries"], [], "queries", "at least 1"),
    (["queries"], {"EntityName": "x"}, "queries", "tuple"),
    (["database"], "postgresql://u:p@h/d", "database", "never carries a connection string"),
    (["options"], {"windows": 3}, "options.windows", "unknown word"),
    (["options"], {"window": 0}, "options.window", "greater than or equal to 1"),
    (["options"], {"window": "4"}, "options.window", "integer"),
    ([*QUERY, "EntityName"], "", "queries[0].EntityName", "at least 1"),
    ([*QUERY, "Criterion"], {}, "queries[0].Criterion", "unknown word"),
    ([*QUERY, "TopCount"], 5, "queries[0]", "add Orders"),
    ([*QUERY, "TopCount"], 0, "queries[0].TopCount", "greater than or equal to 1"),
    ([*QUERY, "DataSource"], "retained", "queries[0]", "DataSource is not supported"),
    ([*QUERY, "PageInfo"], {"Count": 5}, "queries[0]", "PageInfo asks for a page"),
    ([*QUERY, "@odata.type"], "Microsoft.Dynamics.CRM.FetchExpression", "queries[0]", "QueryExpression is expected"),
    ([*QUERY, "all_records"], True, "queries[0]", "contradicts"),
    ([*QUERY, "all_records"], "yes", "queries[0].all_records", "boolean"),
    (CRITERIA, {}, "queries[0]", "all_records: true"),
    (CRITERIA, {"Conditions": []}, "queries[0]", "all_records: true"),
    (CRITERIA, None, "queries[0]", "all_records: true"),
    ([*CRITERIA, "Filters"], [{"Conditions": []}], "queries[0].Criteria.Filters[0]", "nested filter has no conditions"),
    ([*CRITERIA, "FilterOperator"], "Nand", f"{AT}.FilterOperator", "accepted: And, Or"),
    ([*CRITERIA, "FilterOperator"], "and", f"{AT}.FilterOperator", "accepted: And, Or"),
    ([*CRITERIA, "Condition"], [], f"{AT}.Condition", "unknown word"),
    ([*FIRST, "Operator"], "Equals", f"{AT}.Conditions[0].Operator", 'Did you mean "Equal"'),
    ([*FIRST, "Operator"], "LastXDay", f"{AT}.Conditions[0].Operator", 'Did you mean "LastXDays"'),
    ([*FIRST, "Operator"], "zzz", f"{AT}.Conditions[0].Operator", "known: Equal, NotEqual"),
    ([*FIRST, "Operator"], "Mask", f"{AT}.Conditions[0].Operator", "internal to Dataverse"),
    ([*FIRST, "Operator"], 0, f"{AT}.Conditions[0].Operator", "by name"),
    ([*FIRST, "Values"], [], f"{AT}.Conditions[0]", "exactly 1"),
    ([*FIRST, "Values"], [1, 2], f"{AT}.Conditions[0]", "exactly 1"),
    ([*FIRST, "Values"], [None], f"{AT}.Conditions[0].Values[0]", "use the operator Null"),
    ([*FIRST, "Values"], [float("nan")], f"{AT}.Conditions[0].Values[0]", "not a number"),
    ([*FIRST, "Values"], [[1]], f"{AT}.Conditions[0].Values[0]", "no text, number or boolean"),
    ([*FIRST, "Values"], ["a\0b"], f"{AT}.Conditions[0].Values[0]", "NUL"),
    ([*FIRST, "Values"], 1, f"{AT}.Conditions[0].Values", "tuple"),
    ([*FIRST, "Value"], 1, f"{AT}.Conditions[0].Value", "unknown word"),
    ([*FIRST, "CompareColumns"], True, f"{AT}.Conditions[0]", "no name of a column"),
    ([*FIRST, "AttributeName"], None, f"{AT}.Conditions[0].AttributeName", "string"),
    ([*FIRST, "AttributeName"], "x" * 256, f"{AT}.Conditions[0].AttributeName", "at most 255"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "field", "reason"), REFUSED, ids=lambda one: str(one)[:40])
def test_what_is_wrong_is_refused_with_its_path(path: list[Any], value: Any, field: str, reason: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        Job.read(changed(path, value))

    assert refused.value.field == field
    assert reason in refused.value.reason


@pytest.mark.parametrize("value", [None, [], "job", 5, {}], ids=str)
def test_what_is_no_job_is_refused(value: object) -> None:
    with pytest.raises(InvalidJobError):
        Job.read(value)


def test_a_filter_nested_too_deep_is_refused_and_the_stack_survives() -> None:
    criteria: dict[str, Any] = {"Conditions": [CONDITION]}
    for _ in range(5_000):
        criteria = {"Filters": [criteria]}

    with pytest.raises(InvalidJobError, match="nested more than"):
        Job.read(changed(CRITERIA, criteria))


def test_too_many_conditions_and_too_large_jobs_are_refused() -> None:
    with pytest.raises(InvalidJobError, match="at most 500"):
        Job.read(changed(CRITERIA, {"Conditions": [CONDITION] * 501}))
    with pytest.raises(InvalidJobError, match="bytes as JSON"):
        Job.read(changed([*FIRST, "Values"], ["x" * 600_000]))


def test_a_job_is_the_same_after_a_round_trip() -> None:
    job = Job.read(MINIMAL)

    assert Job.read(job.to_json()) == job
    assert Job.read(job.to_json()).digest() == job.digest()


@pytest.mark.parametrize("value", [1, 1.5, 0.1, "0.1", True, 2**63, 1e300, "2024-01-31", "ü"], ids=str)
def test_values_survive_a_round_trip(value: Any) -> None:
    job = Job.read(changed([*FIRST, "Values"], [value]))

    again = Job.read(job.to_json())

    assert again.trees() == job.trees()
    assert type(again.trees()[0].where) is Comparison


def test_dataverse_wraps_values_with_their_type() -> None:
    wrapped = Job.read(changed([*FIRST, "Values"], [{"Value": 1, "Type": "System.Int32"}]))

    assert wrapped.trees() == Job.read(MINIMAL).trees()


def test_the_tree_keeps_its_shape_and_paths() -> None:
    inner = {"FilterOperator": "Or", "Conditions": [CONDITION, {"AttributeName": "x", "Operator": "Null"}]}

    (tree,) = Job.read(changed(CRITERIA, {"Conditions": [CONDITION], "Filters": [inner]})).trees()

    assert isinstance(tree.where, Junction)
    assert [(one.attribute, one.operator, one.path) for one in tree.comparisons()] == [
        ("statecode", Operator.EQUAL, f"{AT}.Conditions[0]"),
        ("statecode", Operator.EQUAL, f"{AT}.Filters[0].Conditions[0]"),
        ("x", Operator.NULL, f"{AT}.Filters[0].Conditions[1]"),
    ]


def test_the_python_way_of_writing_a_query_is_the_same_query() -> None:
    written = Query("incident").where(statecode=1)

    assert Job(name="Closed cases", queries=[written]).digest() == Job.read(MINIMAL).digest()


def test_related_records_in_the_python_way() -> None:
    open_tasks = Query("task").where(state="open").related(Query("note"), "task", join="Any")
    (tree,) = Job(name="x", queries=[Query("account").related(open_tasks, "account_id", join="NotAny")]).trees()

    note = Link("note", "task", "id", Join.ANY, "")
    state = Comparison("state", Operator.EQUAL, ("open",), "")
    assert tree.links == (Link("task", "account_id", "id", Join.NOT_ANY, "", where=state, links=(note,)),)


def test_none_and_lists_in_the_python_way() -> None:
    (tree,) = Job(name="x", queries=[Query("a").where(b=None, c=[1, 2]).where("d", "Between", 1, 2)]).trees()

    assert [one.operator for one in tree.comparisons()] == [Operator.NULL, Operator.IN, Operator.BETWEEN]


SUBMIT = (
    '{"type": "SubmitBulkDelete", "command_id": "5e0a3d3c-0b1e-4b5a-9a7e-0d1c0f3f9b11", "requested_by": "ops", '
    '"operation_id": "6f1b4e4d-1c2f-4c6b-8b8f-1e2d1a4a0c22", "job": {"name": "x", "database": "crm", '
    '"queries": [{"EntityName": "a", "all_records": true}]}}'
)


def test_a_command_is_read() -> None:
    assert isinstance(read_command(SUBMIT.encode()), SubmitBulkDelete)


@pytest.mark.parametrize(("before", "after", "field"), [
    ('"type": "SubmitBulkDelete"', '"type": "DeleteBatch"', "type"),
    ('"type": "SubmitBulkDelete"', '"type": ["x"]', "type"),
    ('"requested_by": "ops"', '"requested_by": ""', "requested_by"),
    ('"requested_by": "ops"', '"requested_by": "a\\nb"', "requested_by"),
    ('"requested_by": "ops", ', "", "requested_by"),
    ('"requested_by": "ops"', '"requested_by": "ops", "extra": 1', "extra"),
    ('"all_records": true', '"all_record": true', "job.queries[0].all_record"),
    ('"all_records": true', '"all_records": true, "all_records": false', "all_records"),
    ('"name": "x"', '"name": "x", "nmae": "y"', "job.nmae"),
    ("5e0a3d3c", "zz", "command_id"),
])  # fmt: skip
def test_a_malformed_command_is_refused_with_its_path(before: str, after: str, field: str) -> None:
    assert before in SUBMIT

    with pytest.raises(InvalidJobError) as refused:
        read_command(SUBMIT.replace(before, after, 1))

    assert refused.value.field == field


@pytest.mark.parametrize("body", [
    b"", b"\xff\xfe", b"null", b"[]", b"{", b'"text"', b"NaN", b"[" * 100_000, b" " * (LARGEST_MESSAGE + 1),
], ids=lambda body: body[:10])  # fmt: skip
def test_what_is_no_command_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJobError):
        read_command(body)
