"""The entities of the demonstration CRM, under Dataverse's names."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

COMMENT = "made by bulkdelete demo"
"""A comment on each table: it is ours to make anew."""

Key = (
    sa.Text()
    .with_variant(sa.Uuid(as_uuid=False), "postgresql")
    .with_variant(mysql.CHAR(36, charset="ascii", collation="ascii_bin"), "mysql")
)
Moment = sa.DateTime(timezone=True)


def table(metadata: sa.MetaData, name: str, *columns: sa.Column[Any]) -> sa.Table:
    """An entity; every one tells when its records were created and changed."""
    return sa.Table(
        name,
        metadata,
        *columns,
        sa.Column("createdon", Moment, nullable=False),
        sa.Column("modifiedon", Moment, nullable=False),
        comment=COMMENT,
    )


def link(name: str, to: str, rule: str, relationship: str, **words: Any) -> sa.Column[Any]:
    """A reference to another entity, indexed."""
    reference = sa.ForeignKey(to, ondelete=rule, name=relationship, **words)
    return sa.Column(name, reference, nullable=rule == "SET NULL", index=True)


def state() -> list[sa.Column[Any]]:
    """Dataverse's state and status codes."""
    return [sa.Column(name, sa.Integer, nullable=False) for name in ("statecode", "statuscode")]


def text(name: str) -> sa.Column[Any]:
    """A text that is always there."""
    return sa.Column(name, sa.Text, nullable=False)


def schema() -> sa.MetaData:
    """The six entities; account, contact and incident have uuid keys, the others integer keys."""
    crm = sa.MetaData()
    table(
        crm, "account", sa.Column("accountid", Key, primary_key=True), text("name"), text("accountnumber"),
        link("primarycontactid", "contact.contactid", "SET NULL", "account_primary_contact", use_alter=True), *state(),
    )  # fmt: skip
    table(
        crm, "contact", sa.Column("contactid", Key, primary_key=True), text("fullname"), text("emailaddress1"),
        link("parentcustomerid", "account.accountid", "SET NULL", "contact_customer_accounts"), *state(),
    )  # fmt: skip
    table(
        crm, "incident", sa.Column("incidentid", Key, primary_key=True), text("title"), text("ticketnumber"),
        link("customerid", "account.accountid", "SET NULL", "incident_customer_accounts"),
        link("primarycontactid", "contact.contactid", "RESTRICT", "incident_customer_contacts"),
        sa.Column("prioritycode", sa.Integer, nullable=False), *state(),
    )  # fmt: skip
    table(
        crm, "task", sa.Column("activityid", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        text("subject"), link("regardingobjectid", "incident.incidentid", "CASCADE", "incident_tasks"), *state(),
    )  # fmt: skip
    table(
        crm, "email", sa.Column("activityid", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        text("subject"), text("sender"),
        link("regardingobjectid", "incident.incidentid", "SET NULL", "incident_emails"),
        sa.Column("directioncode", sa.Integer, nullable=False), *state(),
    )  # fmt: skip
    table(
        crm, "annotation", sa.Column("annotationid", sa.Integer, primary_key=True), text("subject"), text("notetext"),
        link("objectid", "task.activityid", "CASCADE", "task_annotations"),
    )  # fmt: skip
    return crm
