"""When a booking and a channel's event could be one stay."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import AllDay, Timed, When
from hub.domain import same_stay
from hub.domain.availability import SellableUnit
from hub.domain.offers import Offer
from hub.domain.periods import Hours, LetBy, Nights, Period
from sync.planning import placing

ZONE = ZoneInfo("Europe/Madrid")
ROOM = UUID(int=1)


def let_by(terms: LetBy) -> Offer:
    unit = SellableUnit(ROOM, "Room 1", UUID(int=2), frozenset({ROOM}), terms)
    return Offer(unit, UUID(int=3), "Room", "room", 1, 2, ZONE, time(15), time(11))


def july(number: int, hour: int = 0) -> datetime:
    return datetime(2027, 7, number, hour, tzinfo=UTC)


def told(when: When, offer: Offer) -> Period | None:
    if isinstance(when, AllDay):
        return same_stay.told(when.first, when.after, None, offer)
    return same_stay.told(None, None, Period(when.starts_at, when.ends_at), offer)


@pytest.mark.parametrize("terms", list(LetBy))
@pytest.mark.parametrize(
    "when",
    [
        AllDay(date(2027, 7, 1), date(2027, 7, 4)),
        AllDay(date(2027, 3, 27), date(2027, 3, 29)),
        Timed(july(1, 14), july(4, 9)),
        Timed(july(1, 10), july(1, 12)),
        Timed(july(1, 22), july(2, 3)),
    ],
)
def test_an_event_is_where_it_is_placed(when: When, terms: LetBy) -> None:
    """Or it would part from what it was said to be as soon as it is read again."""
    offer = let_by(terms)
    placed = placing.block(when, offer)
    assert told(when, offer) == (placed.period if placed is not None else None)


@pytest.mark.parametrize(
    ("first", "after", "nearly"),
    [(1, 5, True), (1, 9, True), (1, 2, True), (3, 5, True), (2, 4, False), (3, 9, False), (5, 7, False)],
)
def test_they_begin_or_end_together_and_meet(first: int, after: int, nearly: bool) -> None:
    event = AllDay(date(2027, 7, first), date(2027, 7, after))
    stay = Nights(date(2027, 7, 1), date(2027, 7, 5))
    assert same_stay.nearly(stay, ZONE, told(event, let_by(LetBy.NIGHT))) is nearly


def test_hours_are_told_apart_by_the_minute() -> None:
    visit, minute = Hours(july(1, 10), july(1, 12)), timedelta(minutes=1)
    for event, nearly in (
        (Timed(july(1, 10), july(1, 15)), True),
        (Timed(july(1, 10) + minute, july(1, 12) + minute), False),
    ):
        assert same_stay.nearly(visit, ZONE, told(event, let_by(LetBy.HOUR))) is nearly


def test_what_lies_beyond_the_calendar_is_nobodys_stay() -> None:
    beyond = AllDay(date(1, 1, 1), date(2, 1, 1))
    assert told(beyond, let_by(LetBy.NIGHT)) is None
    assert not same_stay.nearly(Nights(date(2027, 7, 1), date(2027, 7, 2)), ZONE, None)
