"""What to do about records that could not be deleted, by the kind of cause."""

from __future__ import annotations

FOREIGN_KEYS = {"23503", "23001", "1451", "1217", "787", "1811"}
NOT_NULL = {"23502", "1048", "1263", "1299"}
CHECKS = {"23514", "4025", "3819", "275"}
LOCKED = {"55P03", "40P01", "40001", "57014", "1205", "1213", "3572", "1969", "3024", "5", "6", "517"}
PRIVILEGES = {"42501", "1142", "1143", "1044", "1370"}
RAISED = {"P0001", "1644", "45000", "3091"}
"""The databases' own codes: PostgreSQL's SQLSTATE, MariaDB's and MySQL's numbers, SQLite's extended codes."""


def advice(entity: str, number: str, constraint: str | None, blocking: str | None, retryable: bool) -> str:
    """What helps, in a sentence or two; the command that tries again is told beside it."""
    if number == "restricted_by_catalogue":
        return (
            f"The catalogue says that {blocking} keeps them. Delete those records first, by a query for {blocking} in "
            f"the same job, or change the rule of that relationship in the catalogue; then retry."
        )
    if number == "skipped_by_trigger":
        return (
            f"A trigger on {entity} silently keeps them. Change the trigger, or leave these records out of the query."
        )
    if number in LOCKED:
        return "Somebody else held them or was faster, each time they were tried. Retry when it is quieter."
    if blocking and (number in FOREIGN_KEYS or constraint):
        return (
            f"Delete or reassign the records of {blocking} first; in the same job a query for {blocking} runs before "
            f"that for {entity}. Or declare another rule for the relationship in the catalogue (cascade, remove_link). "
            "Then retry."
        )
    return by_number(entity, number, retryable)


def by_number(entity: str, number: str, retryable: bool) -> str:
    """What helps where only the code tells the kind."""
    if number in NOT_NULL:
        return (
            "A link to them cannot be cleared, since its column may not be null. Let the column be null, or delete the "
            "records that hold the link first; then retry."
        )
    if number in CHECKS:
        return "A check of the database refuses what their deletion changes. Repair those records, then retry."
    if number in PRIVILEGES:
        return "The user of the database lacks a privilege, which the text names. Grant it, then retry."
    if number in RAISED:
        return f"A trigger on {entity}, or on what goes with it, refuses. Do what its text asks for, then retry."
    if number in FOREIGN_KEYS:
        return "Other records still refer to them. Delete or reassign those first, then retry."
    if retryable:
        return "It may pass another time. Retry when it is quieter."
    return "Read the database's own text, repair what it names, then retry."
