"""Undoing a sync of a feed: what came is ignored, what went is held again, and nothing is sold twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.domain.periods import Nights
from hub.errors import Conflict, NotFound, Refused
from hub.ids import new_id
from hub.models.bookings import Blackout
from hub.models.records import Change
from hub.services import blackouts
from sync import requests, undoing
from sync.undoing import Undo
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.sync.undone import closed, free, undo


def told(found: Undo) -> list[tuple[str, str | None]]:
    return [(one.step.does, one.left.code if one.left else None) for one in found.steps]


def test_what_came_is_ignored_and_its_nights_are_free(importer: Importer) -> None:
    importer.says()
    link = importer.link()
    importer.pull(link)
    before = free(importer)
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(31)))
    run = importer.pull(link).run_id

    done = undo(importer, run)

    assert done.headline == "2 events ignored"
    assert free(importer) == before
    assert [one.step.what[:6] for one in done.steps] == ["came: ", "came: "]
    importer.pull(link)
    assert free(importer) == before, "it is still told, and still ignored"
    assert told(undo(importer, run)) == [("", "ignored"), ("", "ignored")]


def test_what_went_is_held_again_by_a_blackout(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(31)))
    link = importer.link(name="Seaside Rentals")
    importer.pull(link)
    before = free(importer)
    importer.says(nights("b", day(30), day(31)))
    run = importer.pull_until_agreed(link, clock).run_id
    assert free(importer) != before

    done = undo(importer, run)

    assert done.headline == "3 nights held again"
    assert (closed(importer), free(importer)) == ([(day(20), day(23))], before)
    (row,) = importer.do(lambda session: list(session.scalars(select(Blackout))))
    note = importer.do(lambda session: blackouts.note(session, row))
    assert note is not None
    assert note.startswith("held again: undid the sync of ")
    assert note.endswith(" at Seaside Rentals")


def test_what_changed_is_ignored_as_it_is_and_held_as_it_was(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    before = free(importer)
    importer.says(nights("a", day(21), day(26)))
    run = importer.pull(link).run_id
    importer.pull_until_agreed(link, clock)

    undo(importer, run)

    assert free(importer) == before
    assert closed(importer) == [(day(20), day(23))]


def test_what_moved_a_moment_ago_is_held_by_what_waits_to_be_freed(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    before = free(importer)
    importer.says(nights("a", day(40), day(43)))
    run = importer.pull(link).run_id

    done = undo(importer, run)

    assert done.headline == "1 event ignored, 1 kept"
    assert (free(importer), closed(importer)) == (before, [])
    importer.pull_until_agreed(link, clock)
    for _ in range(6):
        clock.advance(timedelta(minutes=20))
        importer.pull(link)
    assert free(importer) == before, "it is not freed by later readings"
    assert not any(one.done for one in undo(importer, run).steps)


def test_a_dry_run_says_the_same_and_changes_nothing(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    link = importer.link()
    importer.pull(link)
    importer.says(nights("b", day(31), day(34)), nights("c", day(40), day(42)))
    run = importer.pull(link).run_id
    assert run is not None
    before = importer.held(link), len(rows(importer)), closed(importer)

    def plans(session: Session) -> Undo:
        first, second = undoing.plan(session, run), undoing.plan(session, run)
        assert first == second
        assert not locks_of_units(session), "nobody waits for who has only looked"
        return first

    planned = importer.do(plans)

    assert (importer.held(link), len(rows(importer)), closed(importer)) == before
    assert not any(one.done for one in planned.steps)
    done = undo(importer, run)
    assert replace(done, steps=tuple(replace(one, done=False) for one in done.steps)) == planned
    assert any(one.done for one in done.steps)


def locks_of_units(session: Session) -> int:
    mine = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    return int(session.execute(text(mine)).scalar_one())


def test_undoing_twice_is_undoing_once(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    link = importer.link()
    importer.pull(link)
    importer.says(nights("b", day(30), day(32)))
    importer.pull(link)
    clock.advance(timedelta(hours=1))
    importer.says(nights("b", day(31), day(34)), nights("c", day(40), day(42)))
    run = importer.pull_until_agreed(link, clock).run_id
    first = undo(importer, run)
    was = free(importer), closed(importer)

    second = undo(importer, run)

    assert any(one.done for one in first.steps)
    assert not any(one.done for one in second.steps)
    assert (free(importer), closed(importer)) == was
    assert logged(importer, "sync_run") == ["undone"]


def test_what_was_sold_meanwhile_is_left_and_the_rest_is_held(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(25)), nights("b", day(30), day(32)))
    link = importer.link()
    importer.pull(link)
    importer.says()
    run = importer.pull_until_agreed(link, clock).run_id
    booked = importer.book(Nights(day(21), day(22)), importer.units[0])
    importer.book(Nights(day(30), day(32)), importer.units[0])

    done = undo(importer, run)

    assert done.headline == "4 nights held again, 1 left"
    assert closed(importer) == [(day(20), day(21)), (day(22), day(25))]
    (left,) = [one.left for one in done.steps if one.left]
    assert left.message.startswith("taken already, by booking ")
    assert booked.booking.reference not in left.message, "the other one has all of it"


def test_what_another_sync_changed_since_is_left(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    run = importer.pull(link).run_id
    importer.says(nights("a", day(20), day(24)))
    importer.pull(link)
    before = free(importer)

    done = undo(importer, run)

    assert (done.headline, told(done)) == ("1 left", [("", "changed_since")])
    assert free(importer) == before


@pytest.mark.parametrize("told", [("b", "Bob"), ("a", "Bob"), ("b", "Ana")])
def test_another_stay_at_the_same_time_is_left(
    importer: Importer, clock: FrozenClock, told: tuple[str, str]
) -> None:
    """One guest cancelled, and the next took the very nights before the calendar was read again."""
    uid, guest = told
    importer.says(nights("a", day(20), day(23), "Ana"))
    link = importer.link()
    run = importer.pull(link).run_id
    clock.advance(timedelta(hours=1))
    importer.says(nights(uid, day(20), day(23), guest))
    importer.pull(link)
    before = free(importer)

    done = undo(importer, run)

    assert [left.code for left in [one.left for one in done.steps] if left] == ["changed_since"]
    assert free(importer) == before


def test_what_is_gone_since_is_left(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    run = importer.pull(link).run_id
    importer.says()
    importer.pull_until_agreed(link, clock)

    assert told(undo(importer, run)) == [("", "gone")]


def test_nights_that_two_events_changed_places_on_are_all_taken_again(importer: Importer) -> None:
    """The nights of one are the other's until that is ignored as well."""
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(33)))
    link = importer.link()
    importer.pull(link)
    before = free(importer)
    importer.says(nights("a", day(30), day(33)), nights("b", day(40), day(43)))
    run = importer.pull(link).run_id

    undo(importer, run)

    after = free(importer)
    assert all(after[unit_id] <= before[unit_id] for unit_id in before), "what was taken before is taken"


def test_one_of_its_changes_alone_is_undone(importer: Importer) -> None:
    importer.says()
    link = importer.link()
    importer.pull(link)
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(32)))
    run = importer.pull(link).run_id
    assert run is not None
    planned = importer.do(lambda session: undoing.plan(session, run))
    first = next(event for event in importer.events(link) if event.first == day(20))
    (one,) = [row.id for row in rows(importer) if (row.entity_id, row.action) == (first.id, "added")]
    assert one in {step.step.change_id for step in planned.steps}

    done = undo(importer, run, only=[one])

    assert done.headline == "1 event ignored"
    assert [block.starts_at.date() for block in importer.blocks(link)] == [day(30)]
    with pytest.raises(Refused, match="is no change of this sync"):
        undo(importer, run, only=[new_id()])


def test_what_the_undoing_writes_is_a_persons_and_no_run_s(importer: Importer) -> None:
    importer.says()
    link = importer.link()
    importer.pull(link)
    importer.says(nights("a", day(20), day(23)))
    run = importer.pull(link).run_id
    before = {row.id for row in rows(importer)}

    undo(importer, run)

    written = [row for row in rows(importer) if row.id not in before]
    assert {(row.entity, row.action) for row in written} == {
        ("external_event", "ignored"),
        ("sync_run", "undone"),
    }
    assert {row.run_id for row in written} == {None}
    (audit,) = [row for row in written if row.entity == "sync_run"]
    assert (audit.entity_id, audit.after) == (run, {"done": 1, "left": 0})


def test_what_cannot_be_undone_is_said(importer: Importer) -> None:
    importer.says()
    link = importer.link()
    importer.pull(link)
    asked = importer.do(lambda session: asked_for(session, link))

    with pytest.raises(Conflict, match="has not ended"):
        undo(importer, asked)
    with pytest.raises(NotFound):
        undo(importer, new_id())


def asked_for(session: Any, link: UUID) -> UUID:
    return requests.request(session, link).id


def rows(importer: Importer) -> list[Change]:
    return importer.do(lambda session: list(session.scalars(select(Change).order_by(Change.id))))


def logged(importer: Importer, entity: str) -> list[str]:
    return [row.action for row in rows(importer) if row.entity == entity]
