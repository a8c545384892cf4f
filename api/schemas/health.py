"""How links and properties do, as clients see it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from api.schemas.common import Out, UtcInstant
from api.schemas.links import Direction
from api.schemas.links import State as LinkState
from sync.health import Coverage, LinkHealth
from sync.planning import exposure as exposing
from sync.planning.exposure import Exposure
from sync.planning.healthy import Standing

UNITS_NAMED = 50
"""Of those that no link speaks of; how many there are is told in any case"""

EXPOSURE: dict[str, Any] = {
    "unknown_seconds": 720.0,
    "bookings_per_day": 0.8,
    "stays_per_day": 0.5,
    "days_between_double_sales": 300.0,
    "words": "on average 12 min unknown; 0.8 a day here and 0.5 there: about 1 double sale in 300 days "
    "would slip in between if nothing were checked",
}
LINK_HEALTH: dict[str, Any] = {
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "property": "Casa Azul",
    "connector": "ical",
    "channel": "Seaside Rentals",
    "scope": "Room 1",
    "direction": "two_way",
    "state": "active",
    "standing": "failing",
    "words": "its calendar cannot be read; the last 4 tries failed, for 3 h; calendar.example.com did not "
    "answer within 20 s; last read 3 h ago; 2 h behind its interval of 15 min; next read in 12 min; look "
    "whether the calendar's address still answers; what is held stays held",
    "verified_at": "2026-11-21T09:00:00Z",
    "age_seconds": 10_800.0,
    "interval_seconds": 900,
    "measured_seconds": 720.0,
    "lag_seconds": 9675.0,
    "failures": 4,
    "failing_since": "2026-11-21T09:15:00Z",
    "unsent": 0,
    "unlisted": 0,
    "running": False,
    "began_at": "2026-11-21T11:50:00Z",
    "next_pull_at": "2026-11-21T12:12:00Z",
    "rests_until": None,
    "fetched_at": "2026-11-21T11:20:00Z",
    "exposure": EXPOSURE,
}
_COUNTS = {standing.value: 0 for standing in Standing}
HEALTH: dict[str, Any] = {
    "totals": _COUNTS | {"failing": 1, "fresh": 11},
    "items": [LINK_HEALTH],
    "next_cursor": None,
}
COVERAGE: dict[str, Any] = {
    "property_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101",
    "name": "Casa Azul",
    "links": _COUNTS | {"failing": 1, "fresh": 2},
    "units_without_link": 1,
    "unlinked": [{"id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103", "name": "Room 4"}],
    "oldest_link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "oldest_verified_at": "2026-11-21T09:00:00Z",
    "oldest_age_seconds": 10_800.0,
    "next_pull_at": "2026-11-21T12:04:00Z",
    "words": "3 links: 1 failing, 2 fresh; 1 unit without any link",
}


class ExposureOut(Out):
    """How often two guests would be sold the same nights if nobody looked before selling: at the worst."""

    unknown_seconds: float = Field(
        description="How long the calendar is unknown between two good answers: the mean, or the gap that is "
        "open now if longer; before the second answer the link's interval"
    )
    bookings_per_day: float = Field(description="Made here on the link's units, of the last 90 days")
    stays_per_day: float = Field(
        description="Come by its calendar, of the last 90 days or since it is linked"
    )
    days_between_double_sales: float | None = Field(description="Null where none is to be expected")
    words: str

    @classmethod
    def of(cls, one: Exposure) -> ExposureOut:
        return cls(
            unknown_seconds=round(one.unknown_seconds, 1),
            bookings_per_day=round(one.here_per_day, 4),
            stays_per_day=round(one.there_per_day, 4),
            days_between_double_sales=round(one.days_between, 1) if one.days_between is not None else None,
            words=exposing.told(one),
        )


class LinkHealthOut(Out):
    """How one link does."""

    link_id: UUID
    property_id: UUID
    property: str
    connector: str
    channel: str
    scope: str = Field(description="What its calendar speaks of: a unit, a type, a category or the property")
    direction: Direction
    state: LinkState
    standing: Standing = Field(
        description="The worst first: lost, needs_auth, failing (three tries in a row), stale (for three "
        "intervals without a good answer), guarded, new (never read yet), paused, fresh; exporting: nothing "
        "is read"
    )
    words: str = Field(description="In plain words, with what to do")
    verified_at: UtcInstant | None
    age_seconds: float | None = Field(description="How old what we hold of its calendar is")
    interval_seconds: int
    measured_seconds: float | None = Field(
        description="Between two good answers, as a moving mean; null before the second"
    )
    lag_seconds: float = Field(description="How far it is behind its own interval")
    failures: int = Field(description="In a row")
    failing_since: UtcInstant | None = Field(description="When the first of them failed")
    unsent: int = Field(description="Changes here that are not known to be written there")
    unlisted: int = Field(description="Notices of changes there that no listing has followed yet")
    running: bool
    began_at: UtcInstant | None = Field(description="When its channel was last begun to be asked")
    next_pull_at: UtcInstant | None = Field(description="Null where nobody reads it by itself")
    rests_until: UtcInstant | None
    fetched_at: UtcInstant | None = Field(description="When a channel last fetched our feed")
    exposure: ExposureOut | None = Field(description="Null where nothing is read")

    @classmethod
    def of(cls, one: LinkHealth) -> LinkHealthOut:
        judged, known = one.judged, one.judged.known
        return cls(
            link_id=judged.link_id,
            property_id=judged.property_id,
            property=judged.place,
            connector=judged.connector,
            channel=judged.channel,
            scope=judged.scope,
            direction=Direction(judged.direction),
            state=LinkState(known.state),
            standing=judged.standing,
            words=one.words,
            verified_at=known.verified_at,
            age_seconds=judged.age_seconds,
            interval_seconds=known.interval_seconds,
            measured_seconds=judged.measured_seconds,
            lag_seconds=judged.lag_seconds,
            failures=known.failures,
            failing_since=known.failing_since,
            unsent=known.unsent,
            unlisted=known.unlisted,
            running=known.running,
            began_at=judged.began_at,
            next_pull_at=judged.runs_next,
            rests_until=known.rests_until,
            fetched_at=one.fetched_at,
            exposure=ExposureOut.of(one.exposure) if one.exposure is not None else None,
        )


class HealthOut(Out):
    totals: dict[Standing, int] = Field(description="Of all links, whatever the page")
    items: list[LinkHealthOut] = Field(description="The worst first")
    next_cursor: str | None = Field(description="Ask for the next page with it; null on the last one")


class UnlinkedOut(Out):
    id: UUID
    name: str


class CoverageOut(Out):
    """How the calendars of a property's units do."""

    property_id: UUID
    name: str
    links: dict[Standing, int]
    units_without_link: int = Field(description="Of them, of a part or of a whole of them no link speaks")
    unlinked: list[UnlinkedOut] = Field(description=f"The first {UNITS_NAMED} of them, by name")
    oldest_link_id: UUID | None = Field(description="The link that was read longest ago")
    oldest_verified_at: UtcInstant | None
    oldest_age_seconds: float | None = Field(description="Null where it was never read")
    next_pull_at: UtcInstant | None = Field(description="When the next of its calendars is read")
    words: str

    @classmethod
    def of(cls, one: Coverage) -> CoverageOut:
        return cls(
            property_id=one.property_id,
            name=one.name,
            links={Standing(name): number for name, number in one.links.items()},
            units_without_link=len(one.unlinked),
            unlinked=[UnlinkedOut(id=unit, name=name) for unit, name in one.unlinked[:UNITS_NAMED]],
            oldest_link_id=one.oldest.link_id if one.oldest else None,
            oldest_verified_at=one.oldest.known.verified_at if one.oldest else None,
            oldest_age_seconds=one.oldest.age_seconds if one.oldest else None,
            next_pull_at=one.runs_next,
            words=one.words,
        )
