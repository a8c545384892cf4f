"""A calendar that loses much at once: what waits, what frees it, and who may decide."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.errors import Conflict, Refused
from hub.ids import new_id
from sync import guarding
from sync.guarding import Action
from sync.planning import differences, guard
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import at, calendar, day, nights
from tests.sync.importing import FEED, Importer

QUARTER = timedelta(minutes=15)
STAYS = tuple(nights(f"s{n}", day(20 + 5 * n), day(23 + 5 * n)) for n in range(4))


@pytest.fixture(autouse=True)
def _noon(clock: FrozenClock) -> None:
    """Hours pass in these tests, and never into another day."""
    clock.at(at(0, 12))


@pytest.fixture
def link(importer: Importer, clock: FrozenClock) -> UUID:
    """Four stays are held; the next reading is an hour later."""
    importer.answers(Answer(body=calendar(*STAYS), etag='"1"'))
    link = importer.link()
    importer.pull(link)
    clock.advance(timedelta(hours=1))
    return link


def _check_all_taken(importer: Importer) -> None:
    for n in range(4):
        with pytest.raises(Conflict, match="Seaside"):
            importer.book(Nights(day(20 + 5 * n), day(23 + 5 * n)), importer.units[0])


def test_an_empty_calendar_guards_the_link_and_says_what_would_be_freed(
    importer: Importer, link: UUID
) -> None:
    importer.says()

    outcome = importer.pull(link)

    _check_all_taken(importer)
    state = importer.state(link)
    assert state.state == "guarded"
    assert state.state_reason is not None
    assert state.state_reason.startswith("the calendar is empty although 4 stays were held: 12 nights")
    assert outcome.summary == (state.state_reason,)
    assert state.guard is not None
    assert (state.guard["tripped"], state.guard["readings"]) == (True, 2)
    assert state.guard["freed"][0] == [day(20).isoformat(), day(23).isoformat()]
    assert len(importer.blocks(link)) == 4


def test_two_further_readings_a_quarter_of_an_hour_apart_free_it(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.says()
    importer.pull(link)
    for minutes, blocks in ((5, 4), (10, 4), (5, 4), (10, 0)):
        clock.advance(timedelta(minutes=minutes))
        importer.pull(link)
        assert len(importer.blocks(link)) == blocks

    state = importer.state(link)
    assert (state.state, state.state_reason, state.guard) == ("active", None, None)
    importer.book(Nights(day(20), day(23)), importer.units[0])


def test_a_calendar_that_comes_back_is_as_if_it_had_never_gone(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    held = importer.periods(link)
    importer.says()
    importer.pull(link)
    clock.advance(QUARTER)
    importer.pull(link)
    clock.advance(QUARTER)

    importer.says(*STAYS)
    outcome = importer.pull(link)

    assert importer.periods(link) == held
    assert (importer.state(link).state, importer.state(link).guard) == ("active", None)
    assert outcome.summary == ("4 that were missing are there again",)
    importer.says()
    clock.advance(QUARTER)
    importer.pull(link)
    assert importer.state(link).guard is not None
    assert importer.periods(link) == held, "what agreed before it came back counts no more"


def test_while_something_waits_the_calendar_is_asked_without_conditions(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    """A faulty body that a cache confirms by 304 would agree with itself for ever."""
    importer.answers(Answer(body=calendar(), etag='"faulty"'))
    importer.pull(link)
    assert importer.channel.requests(FEED)[-1].headers["if-none-match"] == '"1"'
    clock.advance(QUARTER)

    importer.pull(link)

    assert "if-none-match" not in importer.channel.requests(FEED)[-1].headers
    state = importer.state(link)
    assert state.guard is not None
    assert state.guard["readings"] == 1


def test_a_failure_in_between_neither_agrees_nor_begins_anew(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.says()
    importer.pull(link)
    clock.advance(QUARTER)
    importer.answers(Answer(status=503))
    importer.pull(link)
    clock.advance(QUARTER)
    importer.says()
    importer.pull(link)
    assert len(importer.blocks(link)) == 4
    assert importer.state(link).state == "guarded"
    clock.advance(QUARTER)

    importer.pull(link)

    assert importer.blocks(link) == []


def test_what_is_new_is_taken_at_once_although_the_link_is_guarded(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.says(nights("new", day(60), day(63)))

    importer.pull(link)

    assert importer.state(link).state == "guarded"
    with pytest.raises(Conflict, match="Seaside"):
        importer.book(Nights(day(60), day(61)), importer.units[0])
    _check_all_taken(importer)


def test_the_next_pull_comes_when_a_reading_counts_again(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.run_sql("UPDATE links SET interval_seconds = 86400")
    importer.says()

    importer.pull(link)

    assert QUARTER <= importer.state(link).next_pull_at - clock.instant <= 2 * QUARTER


def test_a_shorter_stay_keeps_what_it_gave_up_until_readings_agree_and_opens_no_conflict(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.says(nights("s0", day(20), day(22)), *STAYS[1:])

    importer.pull(link)

    assert importer.conflicts() == []
    with pytest.raises(Conflict, match="Seaside"):
        importer.book(Nights(day(22), day(23)), importer.units[0])
    clock.advance(timedelta(minutes=15))
    importer.pull(link)
    importer.book(Nights(day(22), day(23)), importer.units[0])


def test_a_stay_whose_nights_another_takes_goes_at_once(importer: Importer, link: UUID) -> None:
    importer.says(nights("merged", day(20), day(28)), *STAYS[2:])

    importer.pull(link)

    assert importer.state(link).guard is None
    assert len(importer.events(link)) == 3


def test_a_person_frees_at_once_what_waits(importer: Importer, link: UUID) -> None:
    importer.says()
    importer.pull(link)

    importer.do(lambda session: guarding.decide(session, link, Action.RELEASE))

    assert importer.events(link) == ()
    assert (importer.state(link).state, importer.state(link).guard) == ("active", None)
    importer.book(Nights(day(20), day(23)), importer.units[0])


def test_what_a_person_keeps_stays_until_the_channel_tells_it_again_or_it_is_released(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.says()
    importer.pull(link)
    importer.do(lambda session: guarding.decide(session, link, Action.KEEP))
    for _ in range(6):
        clock.advance(QUARTER)
        importer.pull(link)
    _check_all_taken(importer)
    assert (importer.state(link).state, importer.state(link).guard) == ("active", None)

    importer.says(STAYS[0])
    importer.pull(link)
    told, *kept = importer.events(link)
    assert (told.kept_at, len([event for event in kept if event.kept_at])) == (None, 3)
    ids = [event.id for event in kept]
    importer.do(lambda session: guarding.decide(session, link, Action.RELEASE, ids))

    assert [event.id for event in importer.events(link)] == [told.id]


def test_what_a_person_keeps_stays_where_the_channel_names_part_of_it_otherwise(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    importer.says(*STAYS[1:])
    importer.pull(link)
    importer.do(lambda session: guarding.decide(session, link, Action.KEEP))

    importer.says(nights("new", day(20), day(21)), *STAYS[1:])
    for _ in range(4):
        clock.advance(QUARTER)
        importer.pull(link)

    assert importer.state(link).guard is None
    with pytest.raises(Conflict, match="Seaside"):
        importer.book(Nights(day(21), day(23)), importer.units[0])


def test_what_is_over_of_a_stay_that_is_released_stays(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(1), day(9)), nights("b", day(30), day(31)))
    link = importer.link()
    importer.pull(link)
    first = day(1)
    clock.advance(timedelta(days=4))
    importer.says(nights("b", day(26), day(27)))
    importer.pull(link)

    importer.do(lambda session: guarding.decide(session, link, Action.RELEASE))

    past, _ = importer.events(link)
    assert (past.first, past.after) == (first, day(0))
    assert importer.book(Nights(day(0), day(5)), importer.units[0]).items[0].unit_id == importer.units[0]


def test_only_what_waits_or_was_kept_can_be_decided_on(importer: Importer, link: UUID) -> None:
    with pytest.raises(Conflict, match="nothing on this link waits"):
        importer.do(lambda session: guarding.decide(session, link, Action.RELEASE))
    told = importer.events(link)[0].id
    for event_id in (told, new_id()):

        def release(session: Session, chosen: UUID = event_id) -> None:
            guarding.decide(session, link, Action.RELEASE, [chosen])

        with pytest.raises(Refused, match="neither waits nor was kept"):
            importer.do(release)
    _check_all_taken(importer)


def test_in_a_calendar_of_many_units_one_of_two_stays_at_one_time_waits_as_well(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(20), day(23)), nights("c", day(40), day(45)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    assert importer.names(link) == ["Room 1", "Room 2", "Room 1"]
    clock.advance(timedelta(hours=1))

    importer.says(nights("a", day(20), day(23)), nights("c", day(40), day(45)))
    importer.pull(link)
    with pytest.raises(Conflict, match="sold out"):
        importer.book(Nights(day(20), day(23)))
    clock.advance(timedelta(minutes=15))
    importer.pull(link)

    booked = importer.book(Nights(day(20), day(23)))
    assert booked.items[0].unit_id is not None


def test_without_the_guard_a_moment_of_emptiness_frees_all_of_it(
    importer: Importer, link: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of all above."""

    def believing(found: differences.Difference, *_: object, **__: object) -> guard.Verdict:
        return guard.Verdict(gone=tuple(guard.Gone(known, None, True) for known in found.missing))

    monkeypatch.setattr(guard, "judge", believing)
    importer.says()

    importer.pull(link)

    assert importer.book(Nights(day(20), day(23)), importer.units[0]).items[0].unit_id == importer.units[0]
