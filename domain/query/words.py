"""The words of Dataverse's `QueryExpression`: those that mean nothing here, and how each of a part's words is taken."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from bulkdelete.domain.query.values import refused

DEEPEST = 40
"""Filters and links within each other, at most."""

MOST_CONDITIONS, MOST_LINKS, MOST_ORDERS = 500, 15, 64
BOUNDED = {"Conditions": MOST_CONDITIONS, "Filters": MOST_CONDITIONS, "LinkEntities": MOST_LINKS, "Orders": MOST_ORDERS}
"""Of each word, how many in a whole query: Dataverse's own limits (spec §6.1), and of filters and orders ours."""

INSIDE = ("Criteria", "LinkCriteria", "Filters", "LinkEntities", "AnyAllFilterLinkEntity")
"""The words under which a part of a query stands."""

WITHOUT_EFFECT = {"ColumnSet", "Columns", "NoLock", "ForceSeek", "QueryHints", "FilterHint", "ExtensionData"}
"""What returns columns or hurries an engine: which records match is the same with and without."""

ONLY_EMPTY: dict[str, tuple[Any, ...]] = {
    "IsQuickFindFilter": (False,),
    "DataSource": ("",),
    "SubQueryExpression": (),
    "ForceSeek": (),
}
"""Words taken where they say nothing, and refused by name where they would: a lost word widens a deletion."""


UNSAID: dict[str, tuple[Any, ...]] = {
    "AnyAllFilterLinkEntity": (None,), "LinkEntities": ([],), "Orders": ([],), "TopCount": (None,),
    "Distinct": (False,), "text": (None,), "EntityName": (None,),
    "CompareColumns": (False,), "CompareEntityName": (None,), "Alias": (None,),
    "LinkFromEntityName": (None,), "EntityAlias": (None,), "LinkCriteria": (None,),
}  # fmt: skip
"""Words that are not written where they say nothing: a job written before there were any keeps its digest."""


def said(written: Any) -> Any:
    """A written query without the words that say nothing."""
    if isinstance(written, list):
        return [said(one) for one in written]
    if not isinstance(written, dict):
        return written
    return {word: said(value) for word, value in written.items() if value not in UNSAID.get(word, ())}


def says_nothing(word: str, value: Any) -> bool:
    """Whether a word can be left out: it has no effect, or none with this value."""
    match word:
        case "ColumnSet" | "Columns":
            if isinstance(value, dict) and value.get("AttributeExpressions"):
                raise refused(f"{word}.AttributeExpressions groups records: what would be deleted is not said by it")
            return True
        case "PageInfo":
            if isinstance(value, dict) and (value.get("Count") or (value.get("PageNumber") or 0) not in (0, 1)):
                raise refused("PageInfo asks for a page: Dataverse ignores it here, and deletes more; use TopCount")
            return True
        case "Distinct" | "TopCount" | "all_records":
            return value is None
        case _ if word in ONLY_EMPTY:
            if value is not None and value not in ONLY_EMPTY[word]:
                raise refused(f"{word} is not supported, and ignoring it could delete too much: leave it out")
            return True
        case _:
            return word in WITHOUT_EFFECT


class Expression(BaseModel):
    """A part of a query that knows each of its words, and refuses every other."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def know_every_word(cls, value: Any) -> Any:
        """Leave out what has no effect, annotations of OData, and optional words that are null."""
        if not isinstance(value, dict):
            return value
        kept: dict[Any, Any] = {}
        for word, said in value.items():
            if isinstance(word, str):
                if word.endswith("@odata.type"):
                    check_annotation(cls.__name__, word, said)
                    continue
                if word not in cls.known() and says_nothing(word, said):
                    continue
                if said is None and word not in cls.required():
                    continue
            kept[word] = said
        return kept

    @classmethod
    def known(cls) -> set[str]:
        """The words that this part has."""
        return {field.alias or name for name, field in cls.model_fields.items()}

    @classmethod
    def required(cls) -> set[str]:
        """The words that may not be null."""
        return {field.alias or name for name, field in cls.model_fields.items() if field.is_required()}


def check_annotation(part: str, word: str, said: Any) -> None:
    """Refuse an annotation that says the part is something else."""
    if word == "@odata.type" and said is not None:
        name = str(said).removeprefix("#").removeprefix("Microsoft.Dynamics.CRM.")
        if name != part:
            raise refused(f"{said!r:.100} stands where a Microsoft.Dynamics.CRM.{part} is expected: see @odata.type")


def check_extent(value: Any) -> Any:
    """Refuse what is nested so deep that reading it would exhaust the stack, or so large that it would take long."""
    depth, level = 0, [value]
    counts = dict.fromkeys(BOUNDED, 0)
    while level:
        depth += 1
        if depth > DEEPEST:
            raise refused(f"filters and links are nested more than {DEEPEST} deep")
        parts = [one for one in level if isinstance(one, dict)]
        for word, most in BOUNDED.items():
            counts[word] += sum(len(one[word]) for one in parts if isinstance(one.get(word), list | tuple))
            if counts[word] > most:
                raise refused(f"{word}: {counts[word]} conditions, filters, links or orders; at most {most} are taken")
        level = [
            inner
            for one in parts
            for word in INSIDE
            for inner in (one[word] if isinstance(one.get(word), list | tuple) else [one.get(word)])
            if isinstance(inner, dict)
        ]
    return value
