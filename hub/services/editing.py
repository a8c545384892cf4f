"""What editing properties, unit types and units has in common: names, records, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.database import constraint
from hub.errors import Conflict, Refused
from hub.models.checks import CHECK_POLICIES
from hub.models.properties import Edited
from hub.queries import commitments
from hub.queries.commitments import Commitment, Scope
from hub.services import changes

LONGEST_NAME = 200

Check = Callable[[Edited], None]
"""May raise against a row, as it is once it is locked: an edit of a version that is no longer."""


def anything(row: Edited) -> None:
    """The Check of who does not mind what the row was."""


def named(name: str, field: str = "name") -> str:
    stripped = name.strip()
    if not 1 <= len(stripped) <= LONGEST_NAME:
        raise Refused.because("invalid_name", f"a name has 1 to {LONGEST_NAME} characters", field)
    return stripped


def cleaned(given: Mapping[str, Any], rules: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """What was given, by column, as each column's rule wants it; None means that nothing was given."""
    values = {column: value for column, value in given.items() if value is not None}
    return {column: rules[column](value) if column in rules else value for column, value in values.items()}


def between(field: str, least: int, most: int) -> Callable[[int], int]:
    """A rule for a column."""

    def within(value: int) -> int:
        if not least <= value <= most:
            raise Refused.because("out_of_range", f"{field} is between {least} and {most}", field)
        return value

    return within


def one_of(field: str, values: Iterable[str]) -> Callable[[str], str]:
    """A rule for a column."""
    listed = tuple(map(str, values))

    def known(value: str) -> str:
        if value not in listed:
            raise Refused.because(f"unknown_{field}", f"{value} is none of {', '.join(listed)}", field)
        return value

    return known


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "check_policy": one_of("check_policy", CHECK_POLICIES),
    "check_age_seconds": between("check_age_seconds", 0, 86400),
    "check_deadline_ms": between("check_deadline_ms", 100, 20000),
}
"""Rules of how channels are asked before a booking"""


def living(row: Any, what: str) -> None:
    """Conflict where the row is archived."""
    if row.archived_at is not None:
        raise Conflict.because("archived", f"this {what} is archived and cannot be changed")


def flush(session: Session, unique: Mapping[str, tuple[str, str]]) -> None:
    """Flush; Refused where one of these constraints says that (message, field) is taken."""
    try:
        session.flush()
    except IntegrityError as error:
        if taken := unique.get(constraint(error) or ""):
            raise Refused.because("taken", *taken) from None
        raise


def snapshot(row: Edited, columns: Iterable[str]) -> dict[str, Any]:
    """The columns as JSON values."""
    return {column: _json(getattr(row, column)) for column in columns}


def record(
    session: Session,
    entity: str,
    row: Any,
    property_id: UUID,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Log what differs; an edit that changed nothing leaves no trace."""
    keys = [key for key in after if before.get(key) != after[key]]
    if keys:
        changes.record(
            session,
            entity,
            row.id,
            "updated",
            before={key: before.get(key) for key in keys},
            after={key: after[key] for key in keys},
            property_id=property_id,
        )


def unbound(
    session: Session, scope: Scope, now: datetime, cannot: str, *, blackouts: bool, field: str | None = None
) -> None:
    """Conflict, naming the first stay and its night, where something still binds these units."""
    found = commitments.first(session, scope, now, blackouts=blackouts)
    if found is not None:
        raise Conflict.because(
            "in_use",
            f"{cannot}: {_words(found)}",
            field,
            unit=found.unit,
            cause=found.cause,
            reference=found.label,
            first=found.first.isoformat(),
        )


def _words(found: Commitment) -> str:
    what = {
        "booking": f"booking {found.label} has it",
        "blackout": f"a blackout ({found.label.replace('_', ' ')}) has it",
        "external": f"a reservation at {found.label} has it",
    }[found.cause]
    return f"{found.unit} is not free, {what} from {found.first}"


def _json(value: Any) -> Any:
    return (
        value.isoformat()
        if isinstance(value, time | datetime)
        else str(value)
        if isinstance(value, UUID)
        else value
    )
