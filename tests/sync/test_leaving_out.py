"""Events of a feed that a person left out: what they took is free, and how long that holds."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.database import StaleRead
from hub.domain.periods import Nights
from hub.errors import Conflict
from hub.models.external import ExternalEvent
from hub.models.records import Change
from sync import ignoring, linking, refit, restanding
from sync.planning.stakes import Action
from tests.conftest import FrozenClock
from tests.sync.calendars import at, day, nights
from tests.sync.importing import Importer
from tests.sync.standoffs import only, resolve, standing

CLOSED = "Not available"


@pytest.fixture(autouse=True)
def _noon(clock: FrozenClock) -> None:
    """Hours pass in these tests, and never into another day."""
    clock.at(at(0, 12))


@pytest.fixture
def link(importer: Importer) -> UUID:
    """A closure that is to be left out, and a stay that is not."""
    importer.says(nights("a", day(20), day(23), CLOSED), nights("b", day(30), day(33)))
    made = importer.link()
    importer.pull(made)
    return made


def event(importer: Importer, link: UUID) -> ExternalEvent:
    """The first of them."""
    return min(importer.events(link), key=lambda one: one.starts_at)


def ignore(importer: Importer, link: UUID, ignored: bool = True) -> ignoring.Ignored:
    told = event(importer, link).id
    return importer.do(lambda session: ignoring.ignore(session, link, told, ignored))


def free(importer: Importer, first: int = 20, after: int = 23) -> bool:
    """Whether the room could be booked; it is not."""
    span = Nights(day(first), day(after))
    try:
        booked = importer.book(span, importer.units[0])
    except Conflict:
        return False
    importer.cancel(booked)
    return True


def test_what_was_left_out_is_free_at_once_and_for_as_long_as_it_is_told(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    assert not free(importer)

    left = ignore(importer, link)

    assert (left.ignored, left.summary, left.first) == (True, CLOSED, day(20).isoformat())
    assert free(importer)
    assert not free(importer, 30, 33)
    before = importer.held(link)
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        assert importer.pull(link).state == "unchanged"
    assert importer.held(link) == before
    assert free(importer)


def test_it_counts_again_when_somebody_says_so(importer: Importer, link: UUID) -> None:
    ignore(importer, link)
    before = importer.held(link)
    assert ignore(importer, link).ignored
    assert importer.held(link) == before, "saying it again writes nothing"

    assert not ignore(importer, link, ignored=False).ignored

    assert not free(importer)
    importer.pull(link)
    assert not free(importer)
    entries = importer.do(
        lambda session: (
            session.query(Change)
            .filter(Change.entity_id == event(importer, link).id)
            .order_by(Change.id)
            .all()
        )
    )
    assert [entry.action for entry in entries] == ["added", "ignored", "counted"]


@pytest.mark.parametrize(
    "told",
    [("a", 20, 24, CLOSED), ("a", 21, 23, CLOSED), ("c", 20, 23, CLOSED), ("a", 20, 23, "Ana")],
    ids=["longer", "shorter", "of another name", "in other words"],
)
def test_another_event_counts_at_once(
    importer: Importer, link: UUID, told: tuple[str, int, int, str]
) -> None:
    ignore(importer, link)
    uid, first, after, summary = told

    importer.says(nights(uid, day(first), day(after), summary), nights("b", day(30), day(33)))
    outcome = importer.pull(link)

    assert not free(importer, first, after)
    assert outcome.counts["counted"] == 1
    assert outcome.state == "changed"
    assert "counts again" in outcome.headline
    assert any(f"{day(first)}" in line for line in outcome.summary), outcome.summary
    assert event(importer, link).standing == "external"


def test_what_is_not_told_once_is_not_remembered(importer: Importer, link: UUID) -> None:
    """Else a guest who books the same nights under the same name would be let in beside another."""
    ignore(importer, link)
    importer.says(nights("b", day(30), day(33)))
    importer.pull(link)

    importer.says(nights("a", day(20), day(23), CLOSED), nights("b", day(30), day(33)))
    importer.pull(link)

    assert not free(importer)


def test_a_window_that_moves_on_every_day_stays_left_out(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("w", day(0), day(2), CLOSED), nights("b", day(30), day(33)))
    link = importer.link()
    importer.pull(link)
    assert event(importer, link).slide == "lead"
    ignore(importer, link)

    clock.advance(timedelta(days=1))
    importer.says(nights("w2", day(0), day(2), CLOSED), nights("b", day(29), day(32)))
    importer.pull(link)

    assert event(importer, link).standing == "ignored"
    assert free(importer, 0, 2)


def test_a_window_that_grew_is_left_out_no_longer(importer: Importer, clock: FrozenClock) -> None:
    """A stay beside it is told as one with it."""
    importer.says(nights("w", day(0), day(2), CLOSED), nights("b", day(30), day(33)))
    link = importer.link()
    importer.pull(link)
    ignore(importer, link)

    clock.advance(timedelta(hours=1))
    importer.says(nights("w", day(0), day(12), CLOSED), nights("b", day(30), day(33)))
    outcome = importer.pull(link)

    assert outcome.counts["counted"] == 1
    assert not free(importer, 3, 12)


def test_a_closure_that_begins_today_is_left_out_still(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    ignore(importer, link)
    told = nights("a", day(20), day(23), CLOSED), nights("b", day(30), day(33))

    for _ in range(2):
        clock.advance(timedelta(days=10))
        importer.says(*told)
        importer.pull(link)

    assert (event(importer, link).slide, event(importer, link).standing) == ("lead", "ignored")


def test_an_empty_answer_ends_a_persons_word_though_the_guard_holds_the_rest(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    ignore(importer, link)
    clock.advance(timedelta(hours=1))
    importer.says()
    importer.pull(link)
    assert importer.state(link).guard is not None

    importer.says(nights("a", day(20), day(23), CLOSED), nights("b", day(30), day(33)))
    importer.pull(link)

    assert not free(importer)
    assert not free(importer, 30, 33)


def test_another_address_tells_other_events_though_they_look_the_same(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    ignore(importer, link)
    importer.says(nights("a", day(20), day(23), CLOSED), nights("b", day(30), day(33)), feed="/other.ics")
    there = {"url": importer.channel.url("/other.ics")}
    clock.advance(timedelta(hours=1))

    importer.do(lambda session: linking.change(session, link, settings=there))
    assert free(importer), "what is held stays until it answers"
    importer.pull(link)

    assert not free(importer)


def test_units_that_are_fitted_anew_and_feeds_that_went_on_leave_it_out(
    importer: Importer, link: UUID
) -> None:
    ignore(importer, link)
    row = importer.state(link)

    importer.do(lambda session: refit.refit(session, row, at(0, 13)))
    importer.do(lambda session: restanding.restand(session, row, at(0, 13)))

    assert free(importer)


def test_a_conflict_with_it_is_settled_by_leaving_it_out(importer: Importer) -> None:
    booked = importer.book(Nights(day(20), day(23)), importer.units[0])
    importer.says(nights("a", day(20), day(23), CLOSED))
    link = importer.link()
    importer.pull(link)

    settled = resolve(importer, only(importer), Action.IGNORE_EVENT)

    assert (settled.state, settled.resolution) == ("closed", "the event at Seaside was left out")
    assert standing(importer) == []
    assert importer.blocks(link) == []
    importer.pull(link)
    assert standing(importer) == []
    importer.cancel(booked)
    assert free(importer)


def test_the_conflict_is_there_again_with_the_event(importer: Importer) -> None:
    importer.book(Nights(day(20), day(23)), importer.units[0])
    importer.says(nights("a", day(20), day(23), CLOSED))
    link = importer.link()
    importer.pull(link)
    resolve(importer, only(importer), Action.IGNORE_EVENT)

    ignore(importer, link, ignored=False)

    assert only(importer).type == "EXTERNAL_OVERLAP"


def test_what_waits_or_was_kept_is_released_instead(
    importer: Importer, link: UUID, clock: FrozenClock
) -> None:
    clock.advance(timedelta(hours=1))
    importer.says(nights("b", day(30), day(33)))
    importer.pull(link)

    with pytest.raises(Conflict, match="release it instead"):
        ignore(importer, link)
    assert not free(importer)


def test_it_cannot_be_left_out_between_two_who_decide(importer: Importer, link: UUID) -> None:
    """Whoever looked before it counted elsewhere is told to begin anew, and nothing is written."""
    told = event(importer, link).id
    before = importer.held(link)

    def moved_on() -> None:
        raise StaleRead

    with pytest.raises(Conflict, match="others are changing"):
        importer.runtime.database.transact(
            importer.organization_id,
            lambda session: restanding.restand(
                session, importer.state(link), at(0, 12), {told}, confirm=moved_on
            ),
        )
    assert importer.held(link) == before
