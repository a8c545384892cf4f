"""
Removing a link whose calendar shows our events: they stay there, or go first. A person says which, and may
take that back for as long as the link is there.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict
from hub.models.links import PULLED_STATES, Link
from hub.queries import calendars
from hub.queries import links as query
from hub.services import changes
from sync import linking

EMPTYING = "its events are being removed from the calendar; remove the link once more when they are gone"


class Events(StrEnum):
    KEEP = "keep"
    """They stay in the calendar, and nobody looks after them any more"""
    REMOVE = "remove"
    """They go first; the link is removed by asking again when none is left"""


def remove(session: Session, link_id: UUID, events: Events | None = None) -> Link | None:
    """
    None once the link is removed; else the link, whose events are being taken out of its calendar first.

    Conflict where it shows events of ours and nobody said what is to become of them, where they are still
    being taken out, and where nobody can take them out now.
    """
    row = query.locked(session, link_id)
    if events is Events.KEEP or not calendars.shows_ours(session, link_id):
        linking.unlink(session, link_id)
        return None
    if events is None:
        if row.emptying:
            raise Conflict.because("emptying", EMPTYING)
        why = "its calendar shows events of ours: say ?events=keep to leave them there, or ?events=remove"
        raise Conflict.because("still_shown", why)
    if row.state not in PULLED_STATES:
        why = f"this link is {row.state}, so nothing can be removed there: resume it, or say ?events=keep"
        raise Conflict.because("not_active", why, state=row.state)
    _empty(session, row)
    return row


def resume(session: Session, link_id: UUID) -> Link:
    """
    Have a link synced again, whyever it is not. Of one that is being emptied that is taken back: what has
    gone already is put there anew by the next pass, unless it is over or was hidden by hand.
    """
    row = linking.resume(session, link_id)
    if row.emptying:
        row.emptying = False
        row.dirty_seq += 1
        row.scan_at = None
        calendars.doubt_deletions(session, row.id)
        session.flush()
        changes.record(session, "link", row.id, "refilled", property_id=row.property_id)
    return row


def _empty(session: Session, row: Link) -> None:
    """Nothing of ours is wanted there any more: the next pass takes it out."""
    began = not row.emptying
    row.emptying, row.state_reason = True, EMPTYING
    row.dirty_seq += 1
    row.next_pull_at, row.scan_at = clock.now(), None
    calendars.touch_ours(session, row.id)
    session.flush()
    if began:
        changes.record(session, "link", row.id, "emptied", property_id=row.property_id)
