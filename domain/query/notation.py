"""The notations that a query may be written in, beside `QueryExpression`: `{fetchxml: …}` and `{sql: …}`.

A text is read once, at the border: what is kept, and held against the database for years, is the QueryExpression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.expression import QueryExpression, check_size
from bulkdelete.domain.query.naming import check_names
from bulkdelete.domain.query.tree import QueryTree, TextMode
from bulkdelete.domain.query.values import refused
from bulkdelete.domain.query.writing import expression_of
from bulkdelete.domain.refusals import refusal
from bulkdelete.domain.spelling import suggestion


class Notation(StrEnum):
    """What a query may be written in."""

    FETCHXML = "fetchxml"
    JSON = "json"
    SQL = "sql"


WORDS = {
    "fetchxml": {"fetchxml", "all_records", "text"},
    "sql": {"sql", "dialect", "EntityName", "all_records", "text"},
}
"""Notation → the words that may stand beside it: `EntityName` where the text is only the condition."""


def is_written(value: Any) -> bool:
    """Whether an item of `queries` is a text of another notation."""
    return isinstance(value, Mapping) and any(word in value for word in WORDS)


def query_of(item: Mapping[str, Any], dialect: str | None = None) -> QueryExpression:
    """The query that an item says; `dialect` is the target's, where that is known. Raises InvalidJobError.

    The place that an error names is within the item: `sql (line 1, column 27)`.
    """
    notation = "fetchxml" if "fetchxml" in item else "sql"
    known = WORDS[notation]
    for word in item:
        if word not in known:
            near = suggestion(str(word), known) or f"; beside {notation} may stand {', '.join(sorted(known))}"
            raise InvalidJobError(f"unknown word; it would be ignored, so it is refused{near}", str(word))
    text = item[notation]
    if not isinstance(text, str):
        raise InvalidJobError(f"a text is expected; got {text!r:.100}", notation)
    tree = tree_of(Notation(notation), text, item.get("EntityName"), item.get("dialect") or dialect)
    if item.get("text") is not None:
        tree = with_text(tree, item["text"])
    return expression(tree, item.get("all_records", False))


def tree_of(notation: Notation, text: str, entity: Any = None, dialect: Any = None) -> QueryTree:
    """The tree that FetchXML or SQL says. The readers are loaded only where a query is written in their notation."""
    if notation is Notation.FETCHXML:
        from bulkdelete.domain.query.fetchxml.reading import tree_of_fetchxml  # noqa: PLC0415

        return tree_of_fetchxml(text)
    from bulkdelete.domain.query.sql.parsing import SqlDialect  # noqa: PLC0415
    from bulkdelete.domain.query.sql.reading import tree_of_sql  # noqa: PLC0415

    if dialect is not None and dialect not in set(SqlDialect):
        raise InvalidJobError(f"{dialect!r:.100} is no dialect; accepted: {', '.join(SqlDialect)}", "dialect")
    if entity is not None and (not isinstance(entity, str) or not entity or len(entity) > 255):
        raise InvalidJobError("the name of an entity is expected, of 1 to 255 characters", "EntityName")
    return tree_of_sql(text, SqlDialect(dialect or SqlDialect.PLAIN), entity)


def with_text(tree: QueryTree, said: Any) -> QueryTree:
    """The same query, saying how texts compare."""
    if said not in set(TextMode):
        raise InvalidJobError(f"{said!r:.100}: accepted: {', '.join(TextMode)}", "text")
    if tree.text not in {None, TextMode(said)}:
        raise InvalidJobError(f"the query itself says {tree.text}", "text")
    return replace(tree, text=TextMode(said))


def expression(tree: QueryTree, all_records: Any = False) -> QueryExpression:
    """A tree of another notation as QueryExpression, which remembers where its parts were written."""
    if not isinstance(all_records, bool):
        raise InvalidJobError(f"{all_records!r:.100} is no boolean", "all_records")
    check_names(tree)
    try:
        check_size(tree)
        words = {**expression_of(tree), "all_records": all_records}
        found = QueryExpression.model_validate(words)
    except ValidationError as error:
        raise without_field(refusal(error), tree.path) from None
    found.remember(tree)
    return found


def without_field(error: InvalidJobError, place: str) -> InvalidJobError:
    """A refusal in words of QueryExpression, for a text that has others."""
    return InvalidJobError(error.reason, place if error.field is None else f"{place} ({error.field})")


def written_as(notation: Notation, tree: QueryTree) -> Any:
    """The tree in a notation: text, or plain data of JSON. Raises InvalidJobError for what it cannot say."""
    match notation:
        case Notation.JSON:
            return expression_of(tree)
        case Notation.FETCHXML:
            from bulkdelete.domain.query.fetchxml.writing import fetchxml_of  # noqa: PLC0415

            return fetchxml_of(tree)
        case Notation.SQL:
            from bulkdelete.domain.query.sql.writing import sql_of  # noqa: PLC0415

            return sql_of(tree)


def item_of(value: Any, dialect: str | None) -> Any:
    """An item of `queries`, read where it is a text of another notation. Raises pydantic's refusal."""
    if not is_written(value):
        return value
    try:
        return query_of(value, dialect)
    except InvalidJobError as error:
        raise refused(error.reason, f".{error.field}" if error.field else "") from None
