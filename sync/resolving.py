"""What a person says of a conflict: one of its ways out is taken, in one transaction, or it says why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict, Reason, Refused
from hub.models.external import ConflictRecord
from hub.queries import changes as changes_query
from hub.queries import conflicts as query
from hub.queries import links as links_query
from hub.services import changes
from sync import settling_ours, settling_theirs, ways_out
from sync.case import Case, Said, moved_on
from sync.planning.stakes import ACTIONS, Action

RESOLVED = "resolved"
"""In the change log: by whom, which way out, and with which values"""


def resolve(session: Session, conflict_id: UUID, said: Said) -> ConflictRecord:
    """
    Take a way out. Calendars follow with what it changes, the conflict is closed, put aside or accepted, and
    the change log says who did it. Saying the same again changes nothing.

    Refused for what this kind of conflict does not have. Conflict where it is settled, is not as it was
    `seen` any more, or where the way out is gone: it names what is in the way. Locks: link, units, bookings,
    allocations, and the conflict last.
    """
    row = query.one(session, conflict_id)
    if said.action not in ACTIONS[ways_out.kind(row)]:
        raise _not_had(row, said.action)
    if _said_before(session, row, said):
        return row
    if (row.state == "closed") != (said.action is Action.SEPARATE):
        raise _settled(row)
    if said.seen is not None and said.seen != row.fingerprint:
        raise Conflict.because("changed", "one of the sides changed since you looked; look again", "seen")

    now = clock.now()
    facts = ways_out.facts(session, [row], now)[row.id]
    property_id = links_query.one(session, row.link_id).property_id
    case = Case(session, row, said, facts, now, property_id)
    if said.action is not Action.SEPARATE and not case.still_meets():
        raise moved_on("the two are not in each other's way any more; this closes by itself")
    before = {"state": row.state, "type": row.type}
    words = _DOING[said.action](case)
    _settle(case, words)
    after = {"action": said.action.value, "parameters": said.parameters(), "state": case.row.state}
    changes.record(
        session,
        "conflict",
        row.id,
        RESOLVED,
        before=before,
        after=after | ({"resolution": words} if words else {}),
        property_id=property_id,
    )
    session.flush()
    return query.one(session, conflict_id)


def _settle(case: Case, words: str | None) -> None:
    if words is None:
        return
    case.row.resolution = words
    if case.row.state != "closed" and case.said.action not in _STANDING:
        case.row.state, case.row.closed_at = "closed", case.now


def _not_had(row: ConflictRecord, action: Action) -> Refused | Conflict:
    has = ACTIONS[ways_out.kind(row)]
    if not has:
        return _settled(row)
    had = ", ".join(one.value for one in has)
    why = f"{action.value} is no way out of this; there are {had}"
    return Refused(Reason("no_way_out", why, "action", {"has": [one.value for one in has]}))


def _settled(row: ConflictRecord) -> Conflict:
    if row.state != "closed":
        why = "this is not settled: there is nothing to be taken back"
        return Conflict(Reason("not_settled", why))
    return Conflict(Reason("closed", f"this is settled already: {row.resolution}"))


def _said_before(session: Session, row: ConflictRecord, said: Said) -> bool:
    """Whether this very word is why it stands as it does."""
    if row.state == "open" and said.action is not Action.SEPARATE:
        return False
    last = changes_query.last(session, "conflict", row.id, RESOLVED)
    if last is None or last.after is None:
        return False
    told = (last.after["action"], last.after["parameters"], last.after["state"])
    return bool(told == (said.action.value, said.parameters(), row.state))


_STANDING = frozenset({Action.ACCEPT, Action.IGNORE})
"""After these it stands still, and is kept up to date"""

_DOING: Mapping[Action, Callable[[Case], str | None]] = {
    Action.MOVE_BOOKING: settling_ours.move_booking,
    Action.CANCEL_BOOKING: settling_ours.cancel_booking,
    Action.MOVE_BLACKOUT: settling_ours.move_blackout,
    Action.REMOVE_BLACKOUT: settling_ours.remove_blackout,
    Action.MOVE_EVENT: settling_theirs.move_event,
    Action.IGNORE_EVENT: settling_theirs.ignore_event,
    Action.SAME_STAY: settling_theirs.same_stay,
    Action.SEPARATE: settling_theirs.separate,
    Action.KEEP: settling_theirs.keep,
    Action.RELEASE: settling_theirs.release,
    Action.SHOW: settling_theirs.show,
    Action.HIDE: settling_theirs.hide,
    Action.ACCEPT: settling_theirs.accept,
    Action.IGNORE: settling_theirs.ignore,
}
