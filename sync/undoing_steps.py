"""Taking one step of undoing a sync, by the services that do the same elsewhere: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub import clock
from hub.errors import HubError, Reason
from hub.models.links import Link
from hub.models.records import SyncRun
from hub.queries import blackouts as blackouts_query
from hub.queries import external, locks
from hub.queries import links as links_query
from hub.services import asking, blackouts, rebooking
from hub.services.blackouts import BlackoutRequest
from hub.services.rebooking import MoveRequest
from sync import guarding, holding, ignoring
from sync.planning import undoing_words as words
from sync.planning.measure import Measure
from sync.planning.undone import (
    HELD_AGAIN,
    Act,
    ChangeBack,
    Closure,
    Hold,
    Ignore,
    Keep,
    MoveBack,
    Step,
)


def refusal(session: Session, run: SyncRun, link: Link, step: Step) -> Reason | None:
    """
    Take it within a savepoint: None, or why not, and then nothing was done. StaleRead goes through.

    The locks of all units of the property are held from before the savepoint, so that what a service locks
    within is held already.
    """
    doing = _Doing(session, run, link)
    try:
        with session.begin_nested():
            for act in step.acts:
                session.info.pop(locks.LOCKED, None)
                doing.do(act)
    except HubError as error:
        return error.reasons[0]
    finally:
        session.info.pop(locks.LOCKED, None)
    return None


@dataclass(frozen=True, slots=True)
class _Doing:
    session: Session
    run: SyncRun
    link: Link

    def do(self, act: Act) -> None:
        if isinstance(act, Ignore):
            self._ignore(act.event_id)
        elif isinstance(act, Keep):
            guarding.decide(self.session, self.link.id, guarding.Action.KEEP, [act.event_id])
        elif isinstance(act, Hold):
            self._close(Closure(act.unit_id, act.span, HELD_AGAIN), self._note(), undid=self.run.id)
        elif isinstance(act, MoveBack):
            rebooking.move(self.session, act.booking_id, list(_requests(act)))
        elif isinstance(act, ChangeBack):
            row = blackouts_query.one(self.session, act.blackout_id)
            note = blackouts.note(self.session, row)
            blackouts.change(self.session, act.blackout_id, _asked(act.closure, note))
        else:
            self._close(act.closure, None)

    def _ignore(self, event_id: UUID) -> None:
        """In a calendar that is synced event by event what it takes is free now, not with the next pass."""
        ignoring.ignore(self.session, self.link.id, event_id, True)
        event = external.event(self.session, self.link.id, event_id)
        if event is None or event.item_id is None:
            return
        measure = Measure.of(links_query.scope(self.session, self.link), self._zone)
        held = holding.of_items(self.session, self.link, [event.item_id], (), measure)
        locks.units(self.session, held.every_leaf)
        guarding.free(self.session, self.link, held, frozenset(held.rows), measure, clock.now())

    def _close(self, closure: Closure, note: str | None, undid: UUID | None = None) -> None:
        blackouts.add(self.session, _asked(closure, note), self.link.uid_domain, undid=undid)

    def _note(self) -> str:
        channel = links_query.connection(self.session, self.link.connection_id).name
        return words.note(self.run.started_at or self.run.created_at, self._zone, channel)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(asking.property_of(self.session, self.link.property_id).time_zone)


def _requests(act: MoveBack) -> Iterator[MoveRequest]:
    for one in act.places:
        pinned = False if one.item_id in act.loose else None
        yield MoveRequest(one.item_id, unit_id=one.unit_id, span=one.span, pinned=pinned)


def _asked(closure: Closure, note: str | None) -> BlackoutRequest:
    return BlackoutRequest(closure.unit_id, closure.span, closure.kind, note)
