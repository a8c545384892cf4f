"""The engine with one of its elements taken away: what the games are to find out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from connectors.calendars import CalendarEvent, Draft, Missed
from connectors.google_calendar.client import Client
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.transport import Network
from hub.models.links import Link
from hub.models.sync import SyncItem, SyncOp
from sync import disputes, observing, push, signing
from sync.calendars import LinkedCalendar
from sync.planning import threeway
from sync.planning.threeway import Sides
from tests.flows.agreement.play import Move

Take = Callable[[pytest.MonkeyPatch], None]


def ids_of_our_own(patch: pytest.MonkeyPatch) -> None:
    """The channel chooses the ids of events: whoever writes again writes another."""
    create, written = LinkedCalendar.create, push._written

    def elsewhere(self: LinkedCalendar, event_id: str, draft: Draft) -> CalendarEvent | Missed:
        return create(self, f"{uuid4().int:x}", draft)

    def renamed(session: Session, link: Link, item: SyncItem, op: SyncOp, answer: CalendarEvent) -> None:
        item.remote_id = answer.id
        written(session, link, item, op, answer)

    patch.setattr(LinkedCalendar, "create", elsewhere)
    patch.setattr(push, "_written", renamed)


def the_base(patch: pytest.MonkeyPatch) -> None:
    """What is there simply wins."""
    plan, resolve = threeway.plan, threeway.resolve

    def blind(sides: Sides) -> Sides:
        if sides.local is None or sides.remote is None or sides.base_local is None:
            return sides
        return replace(sides, base_local=sides.local, base_remote=sides.local)

    patch.setattr(threeway, "plan", lambda sides: plan(blind(sides)))
    patch.setattr(threeway, "resolve", lambda sides: resolve(blind(sides)))


def the_log_of_losers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(disputes, "record", lambda *_args, **_kwargs: None)


def our_revision(patch: pytest.MonkeyPatch) -> None:
    """Nobody recognises what we wrote ourselves."""
    patch.setattr(observing, "recognised", lambda *_args: None)


def if_match(patch: pytest.MonkeyPatch) -> None:
    """Whatever is there is written over, and deleted."""
    update, delete = Client.update_event, Client.delete_event

    def overwrite(self: Client, calendar_id: str, event_id: str, body: Any, _etag: str) -> Any:
        return update(self, calendar_id, event_id, body, "*")

    def destroy(self: Client, calendar_id: str, event_id: str, _etag: str) -> Any:
        return delete(self, calendar_id, event_id, "*")

    def replace_any(
        self: GoogleCalendarConnector,
        settings: Any,
        event_id: str,
        draft: Draft,
        _etag: str,
        network: Network,
    ) -> CalendarEvent | Missed:
        there = self.look(settings, event_id, network)
        etag = there.etag if there is not None else ""
        return replaced(self, settings, event_id, draft, etag, network)

    replaced = GoogleCalendarConnector.replace
    patch.setattr(Client, "update_event", overwrite)
    patch.setattr(Client, "delete_event", destroy)
    patch.setattr(GoogleCalendarConnector, "replace", replace_any)


def the_event_in_the_marker(patch: pytest.MonkeyPatch) -> None:
    """Whatever bears our marker is ours, wherever it was copied to."""
    signature = signing._signature

    def loose(session: Session, _event_id: str, item_id: UUID) -> str:
        return signature(session, "", item_id)

    patch.setattr(signing, "_signature", loose)


@dataclass(frozen=True, slots=True)
class Element:
    """How it is taken away, what happens more often in games at random then, and a game that misses it."""

    take: Take
    favoured: tuple[str, ...]
    missed_in: tuple[Move, ...]


ELEMENTS: Mapping[str, Element] = {
    "ids of our own": Element(
        ids_of_our_own, ("book", "fault", "crashes", "sync"), (("book", 6), ("sleeps", 5), ("crashes", 35))
    ),
    "the base": Element(the_base, ("move", "rename", "returns", "sync"), (("move", 57),)),
    "the log of losers": Element(
        the_log_of_losers, ("edits", "deletes", "meanwhile", "rename", "sync"), (("meanwhile", 37),)
    ),
    "our revision": Element(our_revision, ("unheard",), (("book", 21), ("unheard", 29))),
    "If-Match": Element(if_match, ("meanwhile",), (("meanwhile", 37),)),
    "the event in the marker": Element(
        the_event_in_the_marker, ("duplicates", "book", "sync"), (("duplicates", 41),)
    ),
}
