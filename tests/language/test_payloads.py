"""`QueryExpression` JSON as Dataverse's own clients send it, and what is refused of it, with its place."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Column, Comparison, Join, Junction, Link, Order, QueryTree

CRM = "Microsoft.Dynamics.CRM."
FULL: dict[str, Any] = {
    "@odata.type": f"#{CRM}QueryExpression",
    "EntityName": "account",
    "ColumnSet": {"@odata.type": f"{CRM}ColumnSet", "AllColumns": False, "Columns": [], "AttributeExpressions": []},
    "Criteria": {
        "@odata.type": f"{CRM}FilterExpression",
        "FilterOperator": "And",
        "FilterHint": None,
        "IsQuickFindFilter": False,
        "Conditions@odata.type": f"#Collection({CRM}ConditionExpression)",
        "Conditions": [
            {"@odata.type": f"{CRM}ConditionExpression", "EntityName": None, "AttributeName": "name",
             "Operator": "Equal", "Values": [{"Value": "Bob", "Type": "System.String"}], "CompareColumns": False},
            {"AttributeName": "size", "Operator": "In", "Values": [{"Value": "7", "Type": "System.Int32"}, 8]},
            {"AttributeName": "open", "Operator": "Equal", "Values": [{"Value": "False", "Type": "System.Boolean"}]},
            {"AttributeName": "owner", "Operator": "Equal",
             "Values": [{"Value": "00000000-0000-0000-0000-000000000001", "Type": "System.Guid"}]},
            {"EntityName": "c", "AttributeName": "id", "Operator": "Null", "Values": None},
            {"AttributeName": "a", "Operator": "LessThan", "CompareColumns": True, "Values": ["b"]},
        ],
        "Filters": [{"AnyAllFilterLinkEntity": {
            "LinkFromEntityName": "account", "LinkFromAttributeName": "id", "LinkToEntityName": "task",
            "LinkToAttributeName": "account", "JoinOperator": "NotAny",
            "LinkCriteria": {"Conditions": [{"AttributeName": "state", "Operator": "Equal", "Values": [0]}]},
        }}],
    },
    "LinkEntities": [{
        "@odata.type": f"{CRM}LinkEntity", "LinkFromEntityName": "account", "LinkFromAttributeName": "id",
        "LinkToEntityName": "contact", "LinkToAttributeName": "parent", "JoinOperator": "LeftOuter", "EntityAlias": "c",
        "Columns": {"AllColumns": False}, "LinkCriteria": {"FilterOperator": "And", "Conditions": []},
        "LinkEntities": [], "Orders": [], "ForceSeek": None,
    }],
    "Orders": [{"AttributeName": "createdon", "OrderType": "Descending", "Alias": None}],
    "TopCount": 50, "Distinct": True, "NoLock": False, "DataSource": None, "ForceSeek": None, "QueryHints": None,
    "PageInfo": {"Count": 0, "PageNumber": 0, "PagingCookie": None, "ReturnTotalRecordCount": False},
    "ExtensionData": None, "SubQueryExpression": None,
}  # fmt: skip


def read(query: dict[str, Any]) -> QueryTree:
    return Job.read({"name": "x", "queries": [query]}).trees()[0]


def test_every_word_of_a_payload_has_its_place_in_the_tree() -> None:
    tree = read(FULL)

    task = Link("task", "account", "id", Join.NOT_ANY, "", where=Comparison("state", Operator.EQUAL, (0,), ""))
    conditions = (
        Comparison("name", Operator.EQUAL, ("Bob",), ""),
        Comparison("size", Operator.IN, (7, 8), ""),
        Comparison("open", Operator.EQUAL, (False,), ""),
        Comparison("owner", Operator.EQUAL, ("00000000-0000-0000-0000-000000000001",), ""),
        Comparison("id", Operator.NULL, (), "", entity="c"),
        Comparison("a", Operator.LESS_THAN, (), "", column=Column("b")),
    )
    assert tree == QueryTree(
        "account",
        Junction(False, (*conditions, task), ""),
        "",
        (Link("contact", "parent", "id", Join.LEFT_OUTER, "", "c"),),
        (Order("createdon", True, ""),),
        50,
        True,
    )
    assert [one.path for one in tree.every_link()] == [
        "queries[0].Criteria.Filters[0].AnyAllFilterLinkEntity",
        "queries[0].LinkEntities[0]",
    ]


LINK: dict[str, Any] = {"LinkFromAttributeName": "id", "LinkToEntityName": "task", "LinkToAttributeName": "account"}
CONDITION: dict[str, Any] = {"AttributeName": "a", "Operator": "Null"}


def query(**words: Any) -> dict[str, Any]:
    return {"EntityName": "account", **words}


def where(**words: Any) -> dict[str, Any]:
    return query(Criteria={"Conditions": [{**CONDITION, **words}]})


def links(*several: dict[str, Any]) -> dict[str, Any]:
    return query(LinkEntities=[{**LINK, **one} for one in several])


AT = "queries[0].Criteria.Conditions[0]"
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (where(EntityName="tsk"), f"{AT}.EntityName", 'no link is called "tsk"'),
    ({**links({"EntityAlias": "t"}), **where(EntityName="T")}, f"{AT}.EntityName", 'Did you mean "t"'),
    ({**links({}, {}), **where(EntityName="task")}, f"{AT}.EntityName", "may mean 2 links"),
    ({**links({"JoinOperator": "Exists"}), **where(EntityName="task")}, f"{AT}.EntityName", "no link is called"),
    (links({"EntityAlias": "t"}, {"EntityAlias": "t"}), "queries[0].LinkEntities[1].EntityAlias", "stands 2 times"),
    (links({"JoinOperator": "Inne"}), "queries[0].LinkEntities[0].JoinOperator", 'Did you mean "Inner"'),
    (links({"JoinOperator": 0}), "queries[0].LinkEntities[0].JoinOperator", "by name"),
    (links({"LinkFromEntityName": "contact"}), "queries[0].LinkEntities[0].LinkFromEntityName", "which is"),
    (links({"JoinOperator": "LeftOuter"}), "queries[0]", "would delete every record"),
    ({**links({}), "all_records": True}, "queries[0]", "contradicts"),
    (links(*[{}] * 16), "queries[0]", "at most 15"),
    (query(Criteria={"AnyAllFilterLinkEntity": LINK}), "queries[0].Criteria.AnyAllFilterLinkEntity.JoinOperator",
     "Inner joins rows"),
    (query(Criteria={"AnyAllFilterLinkEntity": {**LINK, "LinkCriteria": {"Filters": [{}]}, "JoinOperator": "Any"}}),
     "queries[0].Criteria.AnyAllFilterLinkEntity.LinkCriteria.Filters[0]", "no conditions"),
    (where(Operator="Like", CompareColumns=True, Values=["b"]), AT, "compares no two columns"),
    (where(CompareEntityName="b"), AT, "needs CompareColumns"),
    (where(Operator="Equal", Values=[{"Value": "x", "Type": "System.Int32"}]), f"{AT}.Values[0]", "no System.Int32"),
    (where(Operator="Equal", Values=[{"Value": 1, "Type": "System.Guid"}]), f"{AT}.Values[0]", "no System.Guid"),
    (where(Operator="Equal", Values=[{"Value": 1, "Type": "System.Int"}]), f"{AT}.Values[0]", "no type of a value"),
    (where(Operator="Under", Values=[]), AT, "exactly 1"),
    (where(Operator="Today", Values=[1]), AT, "no values"),
    ({**where(), "Orders": [{"AttributeName": "a", "Alias": "b"}]}, "queries[0].Orders[0]", "aggregated"),
    ({**where(), "TopCount": 5001, "Orders": [{"AttributeName": "a"}]}, "queries[0].TopCount", "5000"),
    ({**where(), "text": "loud"}, "queries[0].text", "'database', 'exact' or 'ignore_case'"),
    ({**where(), "ColumnSet": {"AttributeExpressions": [{}]}}, "queries[0]", "groups records"),
    (query(Criteria={"Conditions": [CONDITION], "IsQuickFindFilter": True}), "queries[0].Criteria", "IsQuickFind"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "field", "reason"), REFUSED, ids=[one[2] for one in REFUSED])
def test_what_is_wrong_is_refused_with_its_place(written: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        read(written)

    assert refused.value.field == field
    assert reason in refused.value.reason


def test_a_link_may_name_itself_and_those_around_it() -> None:
    inside = {"Conditions": [{"EntityName": "t", "AttributeName": "a", "Operator": "LessThan", "CompareColumns": True,
                              "CompareEntityName": "account", "Values": ["b"]}]}  # fmt: skip
    tree = read(links({"EntityAlias": "t", "JoinOperator": "Any", "LinkCriteria": inside}))

    assert tree.links[0].where == Comparison("a", Operator.LESS_THAN, (), "", "t", Column("b", "account"))
