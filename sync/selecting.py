"""Syncs of many links at once: everything of a category, of a few bookings, or of a range of nights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.registry import connectors
from hub import clock
from hub.errors import Reason, Refused
from hub.models.base import Owned
from hub.models.bookings import Booking
from hub.models.links import Link
from hub.models.properties import Property, UnitType
from hub.queries import bookings
from hub.queries import mirrors as mirrors_query
from hub.queries import selected as query
from hub.queries.selected import Criteria
from sync import requests, touching
from sync.requests import Asked

MOST_LINKS = 1000
MOST_BOOKINGS = 20_000
"""In the range that is asked for"""


class Mode(StrEnum):
    PULL = "pull"
    PUSH = "push"
    BOTH = "both"

    @property
    def pulls(self) -> bool:
        return self is not Mode.PUSH

    @property
    def pushes(self) -> bool:
        return self is not Mode.PULL


@dataclass(frozen=True, slots=True)
class Chosen:
    """The links that match; `asked` are those of them that are pulled, or were named though they are not."""

    link_ids: frozenset[UUID]
    asked: tuple[UUID, ...]
    property_ids: frozenset[UUID]


def of_booking(session: Session, booking_id: UUID) -> Asked:
    """Compare a booking anew wherever it is shown, and read every calendar that speaks of its units."""
    bookings.one(session, booking_id)
    wanted = Criteria(booking_ids=[booking_id])
    rows = query.links(session, wanted, pulls=True, pushes=True, most=MOST_LINKS)
    asked = requests.request_all(session, [row.id for row in rows if row.polled])
    touching.touch(session, [booking_id], (), only={row.id for row in rows})
    return asked


def choose(session: Session, wanted: Criteria, mode: Mode) -> Chosen:
    """
    Every link that matches; Refused for too many. Links that only export a feed are no part of it unless they
    were named.
    """
    rows = query.links(session, wanted, pulls=mode.pulls, pushes=mode.pushes, most=MOST_LINKS + 1)
    if len(rows) > MOST_LINKS:
        words = f"more than {MOST_LINKS} calendars match; ask for fewer at once"
        raise Refused.because("too_many", words, most=MOST_LINKS)
    named = frozenset(wanted.link_ids or ())
    return Chosen(
        frozenset(row.id for row in rows),
        tuple(row.id for row in rows if row.polled or row.id in named),
        frozenset(row.property_id for row in rows),
    )


def compare(session: Session, wanted: Criteria, chosen: Chosen) -> None:
    """
    What we write in these calendars is compared anew: the bookings that are named, all of the nights that are
    named, or everything. Refused for too many.
    """
    link_ids, property_ids = chosen.link_ids, chosen.property_ids
    if not link_ids:
        return
    if not wanted.dated and not wanted.booking_ids:
        mirrors_query.mark_links_unscanned(session, link_ids, clock.now())
        return
    found = query.bookings(session, wanted, property_ids, MOST_BOOKINGS + 1)
    closed = () if wanted.booking_ids else query.blackouts(session, wanted, property_ids, MOST_BOOKINGS + 1)
    if max(len(found), len(closed)) > MOST_BOOKINGS:
        words = f"more than {MOST_BOOKINGS} bookings or blackouts lie in these nights; ask for fewer at once"
        raise Refused.because("too_many", words, "from", most=MOST_BOOKINGS)
    touching.touch(session, found, closed, only=link_ids)


def check(session: Session, wanted: Criteria) -> None:
    """Refused for what there is not, and where nothing is asked for."""
    if wanted.nothing:
        raise Refused.because("required", "say at least one thing that is to be synced", "link_ids")
    if wanted.first is not None and wanted.after is not None and wanted.first >= wanted.after:
        raise Refused.because("empty_span", "the first night comes before `to`, which is not synced", "to")
    reasons = [
        *_unknown(session, Property, wanted.property_ids, "property_ids", "property"),
        *_unknown(session, UnitType, wanted.unit_type_ids, "unit_type_ids", "unit type"),
        *_unknown(session, Link, wanted.link_ids, "link_ids", "link"),
        *_unknown(session, Booking, wanted.booking_ids, "booking_ids", "booking"),
        *(
            Reason("unknown", "there is no such connector", f"connectors[{n}]")
            for n, slug in enumerate(wanted.connectors or ())
            if slug not in connectors()
        ),
    ]
    if reasons:
        raise Refused(*reasons)


def _unknown(
    session: Session, kind: type[Owned], ids: Sequence[UUID] | None, field: str, title: str
) -> list[Reason]:
    found: frozenset[Any] = query.known(session, kind, ids) if ids else frozenset()
    return [
        Reason("unknown", f"there is no such {title}", f"{field}[{n}]")
        for n, one in enumerate(ids or ())
        if one not in found
    ]
