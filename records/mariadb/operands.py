"""MariaDB and MySQL: attributes and the values they are compared with."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from bulkdelete.domain.query.tree import Value
from bulkdelete.records.catalogue import Attribute, Entity
from bulkdelete.records.predicates import Truth
from bulkdelete.records.values import Bound


class MariaDBOperands:
    """How a condition is written."""

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """Booleans are small numbers: compared with true or false they are taken for booleans."""
        if attribute.kind == "integer" and values and all(isinstance(one, bool) for one in values):
            return replace(attribute, kind="boolean")
        return attribute

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The column."""
        return entity.table.c[attribute.name]

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """The value in the column's kind: a text stays text, since `0` equals every text that is no number."""
        match value:
            case bool():
                return sa.bindparam(None, int(value), type_=sa.Integer)
            case int():
                return sa.bindparam(None, value, type_=sa.BigInteger)
            case Decimal():
                return sa.bindparam(None, value, type_=sa.Numeric(65, 30))
            case float():
                return sa.bindparam(None, value, type_=sa.Float)
            case bytes():
                return sa.bindparam(None, value, type_=sa.LargeBinary)
            case datetime.datetime():
                return sa.bindparam(None, value.replace(tzinfo=None).isoformat(" "), type_=sa.String)
            case datetime.date():
                return sa.bindparam(None, value.isoformat(), type_=sa.String)
            case UUID() | str():
                return sa.bindparam(None, str(value), type_=sa.String)

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """Nothing: columns are typed."""
        return None

    def is_null(self, entity: Entity, attribute: Attribute) -> Truth:
        """Of a date that cannot be null the server says that it is null where it is `0000-00-00`."""
        if attribute.kind in {"date", "datetime", "instant"} and not attribute.nullable:
            return sa.false()
        return entity.table.c[attribute.name].is_(None)

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime) -> Truth:
        """By UTC; a column that keeps fewer decimals was cut when the record was written, so the cut-off is, too."""
        known = entity.attributes[attribute]
        step = 10 ** (6 - known.fraction)
        whole = cut_off.replace(microsecond=cut_off.microsecond // step * step)
        return entity.table.c[attribute] < self.bound(known, whole)
