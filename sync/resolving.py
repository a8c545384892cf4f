"""What a person says of our event that was deleted there: it is shown again, or it stays away."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import Conflict
from hub.models.external import ConflictRecord
from hub.queries import calendars
from hub.queries import conflicts as query
from hub.queries import links as links_query
from hub.queries import mirrors as mirrors_query
from sync import by_hand, disputes


class Action(StrEnum):
    SHOW = "show"
    HIDE = "hide"


SAID = {Action.SHOW: by_hand.SHOWN, Action.HIDE: by_hand.HIDDEN}


def resolve(session: Session, conflict_id: UUID, action: Action) -> ConflictRecord:
    """
    Settle it; the calendar follows with the next pass, which begins at once. Saying the same again changes
    nothing. Conflict for what closes by itself, or has been settled otherwise.
    """
    found = query.one(session, conflict_id)
    item_id = found.sync_item_id
    if item_id is None:
        why = "this closes by itself once the two no longer overlap: move or cancel one of them"
        raise Conflict.because("closes_by_itself", why)
    link = links_query.locked(session, found.link_id)
    found = query.one(session, conflict_id)
    if found.state == "closed":
        if found.resolution == SAID[action]:
            return found
        raise Conflict.because("closed", f"this is settled already: {found.resolution}")
    item = calendars.item(session, link.id, item_id)
    if item is None:
        raise Conflict.because("gone", "what this was about is not there any more")
    by_hand.check_written(session, link)
    if action is Action.SHOW:
        by_hand.show(session, link, item, clock.now())
    else:
        by_hand.hide(session, link, item)
    disputes.settle(session, item, SAID[action])
    mirrors_query.mark_dirty(session, [link.id], clock.now())
    session.flush()
    return query.one(session, conflict_id)
