"""What is offered for a conflict, and laws of it: only what is possible, and never the unit that is taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AllDay
from hub.domain.availability import Cause, SellableUnit, Taken
from hub.domain.lifecycle import Status
from hub.domain.offers import Offer
from hub.domain.periods import Hours, LetBy, Nights, Period, occupied
from hub.models.external import CONFLICT_TYPES
from sync.planning import vacancies
from sync.planning.conflict_words import sentence
from sync.planning.stakes import ACTIONS, Action, Closure, Facts, Kind, Stay, Told, kind_of
from sync.planning.vacancies import Reading
from sync.planning.ways_out import MOST_UNITS, offered, place_for_event, surely_same

MADRID = ZoneInfo("Europe/Madrid")
FIRST = date(2027, 6, 10)
NOW = datetime(2027, 6, 1, 10, tzinfo=UTC)
DOUBLE, SUITE, CAR = (UUID(int=n) for n in (101, 102, 103))
ME, EVENT, LINK = UUID(int=1), UUID(int=2), UUID(int=3)


def unit(number: int, kind: UUID = DOUBLE, capacity: int = 2, **more: object) -> Offer:
    unit_id = UUID(int=1000 * kind.int + number)
    let_by = LetBy.HOUR if kind == CAR else LetBy.NIGHT
    name = f"{'Room' if kind == DOUBLE else 'Suite' if kind == SUITE else 'Car'} {number}"
    offer = Offer(
        unit=SellableUnit(unit_id, name, kind, frozenset({unit_id}), let_by),
        property_id=UUID(int=7),
        type_name={DOUBLE: "Double", SUITE: "Suite", CAR: "Car"}[kind],
        category="room",
        turnaround=0,
        capacity=capacity,
        zone=MADRID,
        check_in=time(15),
        check_out=time(11),
    )
    return replace(offer, **more)  # type: ignore[arg-type]


ROOMS = tuple(unit(n) for n in range(1, 9))
SUITES = tuple(unit(n, SUITE, 4) for n in range(1, 3))
CARS = tuple(unit(n, CAR, 5) for n in range(1, 3))
HOUSE = (*ROOMS, *SUITES, *CARS)


def nights(first: int, after: int) -> Nights:
    return Nights(FIRST + timedelta(days=first), FIRST + timedelta(days=after))


def taken(offer: Offer, span: Nights, owner: int = 99, label: str = "booking OTHER") -> Taken:
    return Taken(offer.unit.id, occupied(span, MADRID), Cause.BOOKING, UUID(int=owner), label)


def a_stay(**more: object) -> Stay:
    usual = Stay(ME, "7KQ2M9XA", Status.CONFIRMED, nights(0, 3), ROOMS[0], 2, items=frozenset({ME}))
    return replace(usual, **more)  # type: ignore[arg-type]


def an_event(**more: object) -> Told:
    when = AllDay(FIRST + timedelta(days=1), FIRST + timedelta(days=4))
    scope = (ROOMS[0],)
    usual = Told(EVENT, LINK, "Seaside", "ical", when, ROOMS[0].unit.leaves, scope)
    return replace(usual, **more)  # type: ignore[arg-type]


def facts(*rows: Taken, kind: Kind = Kind.BOOKING, **more: object) -> Facts:
    usual = Facts(kind, "open", MADRID, NOW, event=an_event(), offers=HOUSE, reading=Reading(rows))
    if kind is Kind.BOOKING:
        usual = replace(usual, stay=a_stay())
    return replace(usual, **more)  # type: ignore[arg-type]


def actions(found: Facts) -> list[Action]:
    return [way.action for way in offered(found)]


def units(found: Facts, action: Action = Action.MOVE_BOOKING) -> list[str]:
    return [way.parameters["unit_id"] for way in offered(found) if way.action is action]


def test_units_of_the_same_type_come_first_and_never_more_than_a_few() -> None:
    busy = [taken(offer, nights(0, 3)) for offer in ROOMS[1:6]]

    assert units(facts(*busy)) == [str(one.unit.id) for one in (*ROOMS[6:], *SUITES)]
    assert units(facts()) == [str(one.unit.id) for one in ROOMS[1 : 1 + MOST_UNITS]]


def test_too_small_units_and_what_is_let_otherwise_are_not_offered() -> None:
    found = facts(*(taken(offer, nights(0, 3)) for offer in ROOMS[1:]), stay=a_stay(least_capacity=3))

    assert units(found) == [str(one.unit.id) for one in SUITES]
    assert units(replace(found, stay=a_stay(least_capacity=5))) == []


@pytest.mark.parametrize("status", list(Status))
def test_a_booking_is_moved_and_cancelled_only_where_its_life_allows_it(status: Status) -> None:
    said = actions(facts(stay=a_stay(status=status)))

    movable = {Status.HELD, Status.PENDING, Status.CONFIRMED, Status.CHECKED_IN, Status.IN_PROGRESS}
    assert (Action.MOVE_BOOKING in said) == (status in movable)
    assert (Action.CANCEL_BOOKING in said) == (status in {Status.HELD, Status.PENDING, Status.CONFIRMED})


def test_a_booking_is_not_moved_while_a_channel_has_another_of_its_units() -> None:
    other = vacancies.Wanted(ROOMS[4].unit, occupied(nights(0, 3), MADRID))
    stay = a_stay(others=(other,), items=frozenset({ME, UUID(int=98)}))

    assert units(facts(taken(ROOMS[4], nights(0, 3), owner=98), stay=stay)) != []
    assert units(facts(taken(ROOMS[4], nights(2, 5), owner=55), stay=stay)) == []


@pytest.mark.parametrize(
    ("first", "after", "offers"),
    [(0, 3, True), (0, 2, True), (2, 3, True), (1, 4, False), (0, 9, True), (3, 5, False), (-2, 3, True)],
)
def test_the_same_stay_begins_or_ends_together(first: int, after: int, offers: bool) -> None:
    when = AllDay(FIRST + timedelta(days=first), FIRST + timedelta(days=after))

    assert (Action.SAME_STAY in actions(facts(event=an_event(when=when)))) is offers


def test_what_was_entered_by_hand_for_this_very_channel_is_most_likely_the_same() -> None:
    event = an_event(when=AllDay(FIRST, FIRST + timedelta(days=3)))
    found = facts(event=event, stay=a_stay(source="ical"))

    assert surely_same(found)
    assert actions(found)[0] is Action.SAME_STAY
    assert actions(facts(event=event))[0] is Action.MOVE_BOOKING, "two guests may want the same nights"


def test_an_event_of_a_type_is_counted_elsewhere_and_one_of_a_unit_is_not() -> None:
    event = an_event(scope=ROOMS)

    assert units(facts(event=event), Action.MOVE_EVENT)[0] == str(ROOMS[1].unit.id)
    assert actions(facts(event=event))[0] is Action.MOVE_EVENT
    assert Action.MOVE_EVENT not in actions(facts())
    assert place_for_event(replace(event, whole=False), ROOMS[1]) is None
    assert place_for_event(event, SUITES[0]) is None


def test_an_event_is_left_out_but_not_one_of_a_feed_that_only_waits_to_be_freed() -> None:
    assert Action.IGNORE_EVENT in actions(facts())
    assert Action.IGNORE_EVENT not in actions(facts(event=an_event(untold=True)))
    assert Action.IGNORE_EVENT in actions(facts(event=an_event(by_event=True, untold=True)))


def test_what_is_put_aside_or_accepted_can_still_be_settled() -> None:
    for state, missing in (("ignored", Action.IGNORE), ("accepted", Action.ACCEPT)):
        said = actions(facts(state=state))
        assert missing not in said
        assert Action.MOVE_BOOKING in said


def test_of_what_is_closed_only_a_merge_can_be_taken_back() -> None:
    assert actions(facts(state="closed")) == []
    assert actions(facts(state="closed", event=an_event(same_as=ME))) == [Action.SEPARATE]


def test_a_guard_of_a_calendar_by_event_is_not_kept_here() -> None:
    assert actions(facts(kind=Kind.GUARD)) == [Action.KEEP, Action.RELEASE]
    assert actions(facts(kind=Kind.GUARD, keeps=False)) == [Action.RELEASE]


# Where a blackout can go


def closure(kind: str = "closed") -> Closure:
    return Closure(ME, kind, nights(0, 3), ROOMS[0])


@pytest.mark.parametrize(
    ("busy", "expected"),
    [((), (1, 4)), (((0, 4),), (-3, 0)), (((2, 20),), (-1, 2)), (((-1, 5),), (-4, -1)), (((-9, 90),), None)],
)
def test_the_nearest_span_is_offered_the_later_of_two(
    busy: tuple[tuple[int, int], ...], expected: tuple[int, int] | None
) -> None:
    reading = Reading([taken(ROOMS[0], nights(*one)) for one in busy])

    there = vacancies.nearest(nights(0, 3), ROOMS[0], reading, {ME}, NOW)

    assert there == (nights(*expected) if expected else None)


def test_nothing_is_offered_in_the_past() -> None:
    now = datetime(2027, 6, 10, 10, tzinfo=UTC)
    reading = Reading([taken(ROOMS[0], nights(0, 40))])

    assert vacancies.nearest(nights(0, 3), ROOMS[0], reading, {ME}, now) == nights(40, 43)


def test_hours_move_to_the_gap_that_is_nearest() -> None:
    car, start = CARS[0], datetime(2027, 6, 10, 10, tzinfo=UTC)
    hour = timedelta(hours=1)
    busy = Taken(car.unit.id, Period(start - hour, start + 3 * hour), Cause.EXTERNAL, EVENT, "Seaside")

    there = vacancies.nearest(Hours(start, start + 2 * hour), car, Reading([busy]), {ME}, NOW)

    assert there == Hours(start + 3 * hour, start + 5 * hour)


def test_a_repair_stays_in_its_room() -> None:
    def to_units(kind: str) -> list[str]:
        found = facts(kind=Kind.BLACKOUT, closure=closure(kind))
        return [
            way.parameters["unit_id"]
            for way in offered(found)
            if way.action is Action.MOVE_BLACKOUT and "unit_id" in way.parameters
        ]

    assert to_units("maintenance") == []
    assert to_units("owner_stay")[0] == str(ROOMS[1].unit.id)


# Laws

busy_rows = st.lists(
    st.builds(
        lambda room, first, length, owner: taken(HOUSE[room], nights(first, first + length), owner),
        st.integers(0, 9),
        st.integers(-5, 6),
        st.integers(1, 6),
        st.sampled_from([1, 2, 50, 51]),
    ),
    max_size=25,
)


@given(busy_rows, st.sampled_from([Kind.BOOKING, Kind.BLACKOUT, Kind.CHANNELS, Kind.UNPLACED]))
def test_whatever_is_offered_is_free_and_is_among_what_the_kind_has(rows: list[Taken], kind: Kind) -> None:
    event = an_event(scope=ROOMS, by_event=True)
    found = facts(*rows, kind=kind, event=event, closure=closure() if kind is Kind.BLACKOUT else None)
    by_id = {str(one.unit.id): one for one in HOUSE}

    ways = offered(found)

    assert {way.action for way in ways} <= set(ACTIONS[kind])
    assert len({(way.action, tuple(way.parameters.items())) for way in ways}) == len(ways)
    for way in ways:
        mine = EVENT if way.action is Action.MOVE_EVENT else ME
        if "unit_id" in way.parameters:
            offer = by_id[way.parameters["unit_id"]]
            span = nights(1, 4) if way.action is Action.MOVE_EVENT else nights(0, 3)
        elif "arrival" in way.parameters:
            offer = ROOMS[0]
            span = Nights(*(date.fromisoformat(way.parameters[name]) for name in ("arrival", "departure")))
        else:
            continue
        period = occupied(span, MADRID)
        against = [row for row in rows if row.unit_id == offer.unit.id and row.reference != mine]
        assert not any(row.period.overlaps(period) for row in against), way.words


@given(busy_rows)
def test_what_more_is_taken_takes_away_and_never_adds(rows: list[Taken]) -> None:
    fewer, more = facts(*rows[: len(rows) // 2]), facts(*rows)

    possible = {str(one.unit.id) for one in (*ROOMS[1:], *SUITES) if _free(one, fewer)}
    assert set(units(more)) <= possible
    assert bool(units(fewer)) == bool(possible)


def _free(offer: Offer, found: Facts) -> bool:
    wanted = vacancies.Wanted(offer.unit, occupied(nights(0, 3), MADRID))
    return found.reading.free(wanted, {ME})


@given(st.sampled_from(CONFLICT_TYPES), st.booleans(), st.booleans(), st.booleans())
def test_every_type_has_a_kind_and_a_sentence(type_: str, item: bool, blackout: bool, other: bool) -> None:
    kind = kind_of(type_, item=item, blackout=blackout, other=other)

    assert kind in ACTIONS
    words = sentence(type_, {}, {"channel": "Seaside"})
    assert words
    assert "{" not in words
    assert "None" not in words
