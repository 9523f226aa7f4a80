"""Declarations: what an operator says of a database's entities beyond what the database says itself.

They are written as a TOML catalogue; an operation keeps the copy that it began with.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.values import refused
from bulkdelete.domain.refusals import refusal, spelled
from bulkdelete.domain.zones import as_zone

LARGEST_CATALOGUE = 128 * 1024
"""Bytes of a catalogue as JSON: with the largest job it fits a message."""
WORDS = (
    "entities",
    "relationships",
    "table",
    "created_on",
    "exclude",
    "time_zone",
    "hierarchy",
    "child",
    "columns",
    "parent",
    "references",
    "rule",
)
"""The words of a catalogue, to suggest the right one."""


def as_created_on(value: Any) -> Any:
    """A column's name; false: no column tells it."""
    if value is None or value is False or (isinstance(value, str) and value):
        return value
    raise refused(f"the name of a column, or false, is accepted; got {spelled(value):.100}")


def as_columns(value: Any) -> Any:
    """Names of columns, one or more, none of them twice."""
    if value is None:
        return value
    if not isinstance(value, list | tuple) or not value or not all(isinstance(one, str) and one for one in value):
        raise refused(f"a list of names of columns is accepted; got {spelled(value):.100}")
    if len(set(value)) < len(value):
        raise refused(f"a column stands twice: {spelled(value):.100}")
    return tuple(value)


Columns = Annotated[tuple[str, ...], BeforeValidator(as_columns)]
Name = Annotated[str, Field(min_length=1, max_length=256)]


class Declared(BaseModel):
    """A part of a catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DeclaredEntity(Declared):
    """What is said of one entity."""

    table: Name | None = None
    """The table that it is, where the entity is called otherwise; `schema.table` where the name may mean several."""
    created_on: Annotated[str | Literal[False] | None, PlainValidator(as_created_on)] = None
    """The attribute that tells when a record was created; false: none does."""
    exclude: bool = False
    """Its records are never deleted."""
    time_zone: Annotated[str | None, BeforeValidator(as_zone)] = None
    """The zone of times that it stores without one, where that is not the whole database's."""
    hierarchy: Name | None = None
    """The attribute that refers to the record above, where several refer to the entity itself."""


class DeclaredRelationship(Declared):
    """A relationship that the database does not know, or states otherwise."""

    child: Name
    columns: Columns
    parent: Name
    references: Columns | None = None
    """Default: those of the foreign key that it overrides, else the parent's primary key."""
    rule: Literal["cascade", "remove_link", "restrict"]


class Declarations(Declared):
    """A whole catalogue."""

    entities: dict[Name, DeclaredEntity] = {}
    time_zone: Annotated[str | None, BeforeValidator(as_zone)] = None
    """The zone of times that the database stores without one; default: the job's."""
    relationships: Annotated[tuple[DeclaredRelationship, ...], Field(strict=False)] = ()

    @classmethod
    def read(cls, value: object, prefix: str = "") -> Declarations:
        """The declarations that plain data describe. Raises InvalidJobError, its field beginning with `prefix`."""
        try:
            found = cls.model_validate(value)
        except ValidationError as error:
            raise refusal(error, prefix, WORDS) from None
        if (size := len(found.model_dump_json().encode())) > LARGEST_CATALOGUE:
            raise InvalidJobError(f"{size:,} bytes as JSON; at most {LARGEST_CATALOGUE:,} are taken", prefix or None)
        return found

    def to_json(self) -> dict[str, Any]:
        """What is declared, as plain data; `read` takes it back."""
        return self.model_dump(mode="json", exclude_defaults=True)


NOTHING = Declarations()
"""No catalogue."""
