"""The same tree back: through JSON, through a job, and through what an event keeps."""

from __future__ import annotations

import json

import pytest

from bulkdelete.domain.job import Job
from bulkdelete.domain.query.expression import QueryExpression
from bulkdelete.domain.query.operators import BY_FETCHXML, FORMS, Operator
from bulkdelete.domain.query.writing import expression_of
from tests.language.trees import generated


@pytest.mark.parametrize("seed", range(4))
def test_a_tree_written_as_json_is_read_as_the_same_tree(seed: int) -> None:
    for tree in generated(seed, 100, top=seed == 0):
        written = json.loads(json.dumps(expression_of(tree)))

        assert QueryExpression.model_validate(written).tree("") == tree, written


def test_a_job_keeps_every_tree() -> None:
    trees = generated(7, 100)
    job = Job.read({"name": "x", "queries": [expression_of(tree) for tree in trees]})

    assert job.trees() == trees
    assert Job.read(job.to_json()).trees() == trees
    assert Job.read(json.loads(job.canonical())).digest() == job.digest()


def test_every_operator_has_a_form_and_one_name_in_fetchxml() -> None:
    assert set(FORMS) == set(Operator)
    assert {form.fetchxml for form in FORMS.values()} <= set(BY_FETCHXML)
    assert len({form.fetchxml for form in FORMS.values()}) == len(Operator)
