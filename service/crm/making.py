"""The demonstration CRM: about 200,000 records, in any database that records can be deleted from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bulkdelete.records.names import read_address
from bulkdelete.service.crm.mariadb import make_mariadb
from bulkdelete.service.crm.postgresql import make_postgresql
from bulkdelete.service.crm.rows import Records
from bulkdelete.service.crm.schema import schema
from bulkdelete.service.crm.sqlite import make_sqlite


@dataclass(frozen=True)
class Made:
    """What was made: entities, records, and relationships by what a deletion does."""

    entities: int
    records: int
    relationships: dict[str, int]

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.relationships.items())
        many = sum(self.relationships.values())
        return f"{self.records:,} records: {self.entities} entities, {many} relationships ({kinds})"


KINDS = {"CASCADE": "cascade", "RESTRICT": "restrict", "SET NULL": "remove link"}


def make_crm(address: str) -> Made:
    """Make the CRM, always the same. Raises InvalidJobError where the place holds something that is not ours."""
    crm, records = schema(), Records()
    rows = {one.name: getattr(records, one.name)() for one in crm.tables.values()}
    if address.startswith("sqlite:///"):
        count = make_sqlite(Path(address.removeprefix("sqlite:///")), crm, rows)
    else:
        url = read_address(address)
        make = make_postgresql if url.get_backend_name() == "postgresql" else make_mariadb
        count = make(url, crm, rows)
    rules = [str(key.ondelete) for one in crm.tables.values() for key in one.foreign_keys]
    return Made(len(rows), count, {kind: rules.count(rule) for rule, kind in KINDS.items()})
