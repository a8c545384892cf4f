"""What cannot be done about a conflict, what has been done already, and what looking at many costs."""

from __future__ import annotations

import pytest

from hub import clock as hub_clock
from hub.domain.lifecycle import Status
from hub.domain.periods import Nights
from hub.errors import Conflict, Refused
from hub.services.bookings import Booked
from sync import ways_out
from sync.planning.stakes import Action
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.sync.mirroring import statements
from tests.sync.standoffs import (
    again,
    close,
    only,
    resolve,
    standing,
    status_of,
    unit_of,
)

pytestmark = pytest.mark.usefixtures("morning")


def test_a_unit_that_was_taken_meanwhile_is_named_with_who_took_it(
    importer: Importer, booked: Booked
) -> None:
    conflict = only(importer)
    other = importer.book(Nights(day(22), day(23)), importer.units[1])

    with pytest.raises(Conflict) as refused:
        resolve(importer, conflict, Action.MOVE_BOOKING, unit_id=importer.units[1])

    told = f"Room 2 was taken meanwhile by booking {other.booking.reference}, {day(22)} to {day(23)}"
    assert (refused.value.reasons[0].code, refused.value.reasons[0].message) == ("taken", told)
    assert again(importer, conflict).state == "open"
    assert unit_of(importer, booked) == importer.units[0]


def test_a_blackout_does_not_move_under_what_another_channel_says(importer: Importer) -> None:
    importer.says(nights("a", day(21), day(23)))
    close(importer, Nights(day(20), day(22)), importer.units[0], "closed")
    importer.pull(importer.link())
    conflict = only(importer)
    importer.says(nights("b", day(20), day(22)), feed="/b.ics")
    importer.pull(importer.link(feed="/b.ics", name="Agency", unit_id=importer.units[1]))

    with pytest.raises(Conflict, match="Room 2 was taken meanwhile by Agency"):
        resolve(importer, conflict, Action.MOVE_BLACKOUT, unit_id=importer.units[1])

    assert importer.run_sql("SELECT unit_id FROM blackouts").scalar() == importer.units[0]


def test_who_looked_at_something_else_is_told_so(importer: Importer, booked: Booked) -> None:
    conflict = only(importer)

    with pytest.raises(Conflict) as refused:
        resolve(importer, conflict, Action.CANCEL_BOOKING, seen="another")
    assert refused.value.reasons[0].code == "changed"
    assert status_of(importer, booked) == Status.CONFIRMED

    assert resolve(importer, conflict, Action.CANCEL_BOOKING, seen=conflict.fingerprint).state == "closed"


def test_a_booking_that_gave_way_a_moment_ago_is_not_cancelled(importer: Importer, booked: Booked) -> None:
    """The conflict is still open: nobody has looked at it since."""
    conflict = only(importer)
    importer.run_sql("UPDATE external_blocks SET unit_id = :unit", unit=importer.units[1])

    with pytest.raises(Conflict, match="not in each other's way any more"):
        resolve(importer, conflict, Action.CANCEL_BOOKING)

    assert status_of(importer, booked) == Status.CONFIRMED


def test_the_same_word_again_changes_nothing_and_another_one_is_refused(
    importer: Importer, booked: Booked
) -> None:
    conflict = only(importer)
    first = resolve(importer, conflict, Action.MOVE_BOOKING, unit_id=importer.units[1])
    changed = importer.run_sql("SELECT count(*) FROM changes").scalar()

    second = resolve(importer, conflict, Action.MOVE_BOOKING, unit_id=importer.units[1])

    assert (second.state, second.closed_at) == (first.state, first.closed_at)
    assert importer.run_sql("SELECT count(*) FROM changes").scalar() == changed
    with pytest.raises(Conflict, match=r"this is settled already: .* was moved to Room 2"):
        resolve(importer, conflict, Action.CANCEL_BOOKING)
    assert status_of(importer, booked) == Status.CONFIRMED


def test_a_way_out_that_a_type_does_not_have_is_refused_with_those_it_has(
    importer: Importer, booked: Booked
) -> None:
    with pytest.raises(Refused) as refused:
        resolve(importer, only(importer), Action.RELEASE)

    (reason,) = refused.value.reasons
    assert (reason.code, reason.field) == ("no_way_out", "action")
    assert "cancel_booking" in reason.facts["has"]


@pytest.mark.parametrize("action", [Action.MOVE_BOOKING])
def test_a_move_without_a_unit_or_to_one_of_nowhere_is_refused(
    importer: Importer, booked: Booked, action: Action
) -> None:
    for said in ({}, {"unit_id": importer.property_id}):
        with pytest.raises(Refused) as refused:
            resolve(importer, only(importer), action, **said)
        assert refused.value.reasons[0].field == "unit_id"


def test_a_page_of_conflicts_costs_as_many_statements_as_one(importer: Importer) -> None:
    stays = [Nights(day(20 + 3 * n), day(22 + 3 * n)) for n in range(20)]
    for stay in stays:
        importer.book(stay, importer.units[0])
    importer.says(*(nights(f"e{n}", stay.arrival, stay.departure) for n, stay in enumerate(stays)))
    importer.pull(importer.link())
    rows = standing(importer)
    assert len(rows) == 20

    def needed(number: int) -> int:
        return statements(
            importer,  # type: ignore[arg-type]
            lambda session: ways_out.of(session, rows[:number], hub_clock.now()),
        )

    assert needed(20) == needed(1)
    assert needed(20) <= 8
