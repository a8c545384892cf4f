"""The part of the contract of calendars that is about listing: all of it, what changed, and series."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connectors.calendars import CalendarEvent
from connectors.contract import AllDay, Timed
from connectors.errors import CursorExpired
from tests.connectors.calendar_harness import (
    HOURS,
    LATER_NIGHTS,
    NIGHTS,
    OTHER_ITEM,
    WEEK,
    WEEKLY,
    CalendarHarness,
    draft,
    mark,
)

EVERY_WEEK = "RRULE:FREQ=WEEKLY;COUNT=6"
EVERY_DAY = "RRULE:FREQ=DAILY;COUNT=5"


class Listings:
    def test_an_empty_calendar_is_a_whole_listing(self, harness: CalendarHarness) -> None:
        pages = harness.pages()

        assert [page.events for page in pages] == [()]
        assert pages[0].full
        assert pages[0].cursor

    def test_a_full_listing_has_everything_that_lives_over_several_pages(
        self, harness: CalendarHarness
    ) -> None:
        harness.pages_of(2)
        living = {harness.create(number).id for number in range(5)}
        gone = harness.create(9)
        harness.connector.remove(harness.settings, gone.id, gone.etag, harness.network)

        pages = harness.pages()

        told = [event for page in pages for event in page.events]
        assert len(pages) >= 3
        assert all(len(page.events) <= 2 for page in pages)
        assert sorted(event.id for event in told) == sorted(living)
        assert not any(event.deleted for event in told)
        assert all(page.full for page in pages)

    def test_the_cursor_comes_with_the_last_page_alone(self, harness: CalendarHarness) -> None:
        harness.pages_of(2)
        _, cursor = harness.listing()
        for number in range(5):
            harness.create(number)

        full, delta = harness.pages(), harness.pages(cursor)

        for pages in (full, delta):
            assert len(pages) >= 3
            assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]
            assert [page.next_page is None for page in pages] == [True] * 0 + [False] * (len(pages) - 1) + [
                True
            ]
        assert len({event.id for page in delta for event in page.events}) == 5

    def test_a_cursor_tells_what_was_made_edited_and_deleted_since(self, harness: CalendarHarness) -> None:
        edited, deleted, ours = (harness.create(number) for number in range(3))
        untouched = harness.person.add(HOURS, "Untouched")
        _, cursor = harness.listing()
        harness.person.edit(edited.id, "Edited")
        harness.person.delete(deleted.id)
        new = harness.person.add(HOURS, "New")
        harness.connector.replace(
            harness.settings, ours.id, draft(LATER_NIGHTS, marker=mark(2)), ours.etag, harness.network
        )

        told, after = harness.listing(cursor)

        assert set(told) == {edited.id, deleted.id, ours.id, new}
        assert untouched not in told
        assert (told[edited.id].summary, told[edited.id].marker) == ("Edited", edited.marker)
        assert told[deleted.id].deleted
        assert told[new].summary == "New"
        assert (told[ours.id].when, told[ours.id].marker) == (LATER_NIGHTS, mark(2))
        assert not any(page.full for page in harness.pages(cursor))
        assert harness.listing(after)[0] == {}

    def test_a_cursor_can_be_asked_again(self, harness: CalendarHarness) -> None:
        """A crash may fall between a listing and its storing."""
        _, cursor = harness.listing()
        made = harness.create()

        first, second = harness.listing(cursor)[0], harness.listing(cursor)[0]

        assert first == second == {made.id: made}

    def test_an_event_is_listed_as_it_is_looked_at(self, harness: CalendarHarness) -> None:
        made, added = harness.create(), harness.person.add(HOURS, "Dentist")

        told, _ = harness.listing()

        assert told == {made.id: made, added: harness.seen(added)}

    def test_what_changes_during_a_listing_is_told_by_it_or_by_the_next(
        self, harness: CalendarHarness
    ) -> None:
        harness.pages_of(2)
        made = [harness.create(number) for number in range(5)]
        connector, settings, network = harness.connector, harness.settings, harness.network
        pages = [connector.changes(settings, None, None, network)]
        harness.person.edit(made[0].id, "Edited meanwhile")
        harness.person.delete(made[4].id)
        while pages[-1].next_page is not None:
            pages.append(connector.changes(settings, None, pages[-1].next_page, network))
        known = {event.id: event for page in pages for event in page.events}
        cursor = pages[-1].cursor
        assert cursor is not None

        known |= harness.listing(cursor)[0]

        assert known[made[0].id].summary == "Edited meanwhile"
        assert made[4].id not in known or known[made[4].id].deleted

    def test_an_expired_cursor_is_said_to_be_and_everything_is_listed(self, harness: CalendarHarness) -> None:
        gone, living = harness.create(0), harness.create(1)
        _, cursor = harness.listing()
        harness.connector.remove(harness.settings, gone.id, gone.etag, harness.network)
        harness.person.edit(living.id, "Edited")
        harness.expire_cursors()

        with pytest.raises(CursorExpired):
            harness.listing(cursor)
        told, after = harness.listing()

        assert [(event.id, event.summary, event.deleted) for event in told.values()] == [
            (living.id, "Edited", False)
        ]
        assert harness.listing(after)[0] == {}

    def test_a_cursor_may_expire_between_two_pages(self, harness: CalendarHarness) -> None:
        harness.pages_of(2)
        _, cursor = harness.listing()
        for number in range(5):
            harness.create(number)
        page = harness.connector.changes(harness.settings, cursor, None, harness.network)
        harness.person.delete(harness.id(4))
        harness.expire_cursors()

        with pytest.raises(CursorExpired):
            harness.connector.changes(harness.settings, cursor, page.next_page, harness.network)

    def test_a_cursor_that_nobody_gave_has_expired(self, harness: CalendarHarness) -> None:
        _, cursor = harness.listing()

        with pytest.raises(CursorExpired):
            harness.listing(dict.fromkeys(cursor, "spoilt"))

    def test_what_is_not_known_is_none_and_what_is_deleted_says_so(self, harness: CalendarHarness) -> None:
        made = harness.create()
        harness.person.delete(made.id)

        found = harness.look(made.id)

        assert found is not None
        assert (found.id, found.deleted) == (made.id, True)
        assert harness.look(harness.id(item=OTHER_ITEM)) is None

    def test_what_people_show_as_free_is_free_and_says_so(self, harness: CalendarHarness) -> None:
        added = harness.person.add(NIGHTS, "Holidays")
        _, cursor = harness.listing()

        harness.person.show_as_free(added)

        told = harness.listing(cursor)[0][added]
        assert not told.busy
        assert told.why_free

    def test_a_series_comes_with_its_rule_and_its_zone(self, harness: CalendarHarness) -> None:
        series = harness.person.add(WEEKLY, "Cleaning", [EVERY_WEEK], "Europe/Lisbon")

        told, _ = harness.listing()

        assert list(told) == [series]
        found = told[series]
        assert (found.when, found.recurrence, found.zone) == (WEEKLY, (EVERY_WEEK,), "Europe/Lisbon")
        assert not found.series
        assert found.original is None

    def test_exceptions_of_a_series_say_in_whose_place_they_are(self, harness: CalendarHarness) -> None:
        series = harness.person.add(WEEKLY, "Cleaning", [EVERY_WEEK], "Europe/Lisbon")
        _, cursor = harness.listing()
        moved, skipped = WEEKLY.starts_at + WEEK, WEEKLY.starts_at + 2 * WEEK
        later = Timed(datetime(2027, 4, 13, 15, tzinfo=UTC), datetime(2027, 4, 13, 17, tzinfo=UTC))

        harness.person.shift_occurrence(series, moved, later)
        harness.person.skip_occurrence(series, skipped)

        for told in (harness.listing()[0], harness.listing(cursor)[0]):
            exceptions = {event.original: event for event in told.values() if event.series == series}
            assert set(exceptions) == {moved, skipped}
            assert (exceptions[moved].when, exceptions[moved].deleted) == (later, False)
            assert exceptions[skipped].deleted
            assert exceptions[moved].id != series

    def test_exceptions_of_an_all_day_series_name_their_day(self, harness: CalendarHarness) -> None:
        series = harness.person.add(AllDay(date(2027, 5, 3), date(2027, 5, 4)), "Closed", [EVERY_DAY])
        tuesday = AllDay(date(2027, 5, 4), date(2027, 5, 5))

        harness.person.skip_occurrence(series, tuesday)

        exceptions = [event for event in harness.listing()[0].values() if event.series]
        assert [(event.series, event.original, event.deleted) for event in exceptions] == [
            (series, tuesday, True)
        ]

    def test_a_deleted_series_is_told_and_none_of_it_is_listed(self, harness: CalendarHarness) -> None:
        series = harness.person.add(WEEKLY, "Cleaning", [EVERY_WEEK], "Europe/Lisbon")
        harness.person.skip_occurrence(series, WEEKLY.starts_at + WEEK)
        _, cursor = harness.listing()

        harness.person.delete(series)

        told: CalendarEvent = harness.listing(cursor)[0][series]
        assert told.deleted
        assert harness.listing()[0] == {}
