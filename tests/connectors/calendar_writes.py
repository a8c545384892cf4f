"""The part of the contract of calendars that is about writing: by id, by version, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from connectors.calendars import CalendarEvent, Missed
from connectors.contract import AllDay, When
from tests.connectors.calendar_harness import (
    HOURS,
    LATER_NIGHTS,
    NIGHTS,
    OTHER_ITEM,
    CalendarHarness,
    draft,
    mark,
)


class Writes:
    @pytest.mark.parametrize("busy", [True, False], ids=["busy", "free"])
    @pytest.mark.parametrize("when", [NIGHTS, HOURS], ids=["all_day", "timed"])
    def test_what_is_created_is_there_as_it_was_written(
        self, harness: CalendarHarness, when: When, busy: bool
    ) -> None:
        wanted = draft(when, "Zoë & <Łukasz> 🏠", 'Says "hello"\nand more', busy=busy)

        made = harness.create(wanted=wanted)

        assert made.id == harness.id()
        assert (made.when, made.busy) == (when, busy)
        assert (made.summary, made.description) == (wanted.summary, wanted.description)
        assert made.marker == wanted.marker
        assert made.etag
        assert made.updated is not None
        assert made.updated.tzinfo is UTC
        assert not made.deleted
        assert made.problem is None
        assert harness.look(made.id) == made

    def test_an_event_that_is_free_says_why(self, harness: CalendarHarness) -> None:
        made = harness.create(wanted=draft(busy=False))

        assert made.why_free
        assert not harness.create(1).why_free

    def test_a_repeated_create_does_nothing_twice(self, harness: CalendarHarness) -> None:
        made = harness.create()

        again = harness.connector.create(
            harness.settings, made.id, draft(LATER_NIGHTS, "Another"), harness.network
        )

        assert again is Missed.EXISTS
        assert harness.look(made.id) == made
        assert list(harness.listing()[0]) == [made.id]

    def test_the_id_of_a_deleted_event_stays_taken(self, harness: CalendarHarness) -> None:
        made = harness.create()
        removed = harness.connector.remove(harness.settings, made.id, made.etag, harness.network)

        again = harness.connector.create(harness.settings, made.id, draft(), harness.network)
        next_one = harness.create(incarnation=1)

        assert removed is None
        assert again is Missed.EXISTS
        assert list(harness.listing()[0]) == [next_one.id]

    def test_an_id_that_a_person_deleted_stays_taken(self, harness: CalendarHarness) -> None:
        made = harness.create()
        harness.person.delete(made.id)

        assert harness.connector.create(harness.settings, made.id, draft(), harness.network) is Missed.EXISTS

    @pytest.mark.parametrize(
        ("before", "after"),
        [(NIGHTS, LATER_NIGHTS), (NIGHTS, HOURS), (HOURS, NIGHTS)],
        ids=["moved", "all_day_to_timed", "timed_to_all_day"],
    )
    def test_the_version_that_is_there_is_replaced(
        self, harness: CalendarHarness, before: When, after: When
    ) -> None:
        made = harness.create(wanted=draft(before))
        wanted = draft(after, "Moved", "", busy=False, marker=mark(2))

        put = harness.connector.replace(harness.settings, made.id, wanted, made.etag, harness.network)

        assert isinstance(put, CalendarEvent)
        assert (put.when, put.summary, put.description, put.busy) == (after, "Moved", "", False)
        assert put.marker == mark(2)
        assert put.etag != made.etag
        assert harness.look(made.id) == put

    def test_what_an_old_version_is_replaced_with_overwrites_nothing(self, harness: CalendarHarness) -> None:
        made = harness.create()
        harness.person.edit(made.id, "What a person wrote")

        put = harness.connector.replace(
            harness.settings, made.id, draft(LATER_NIGHTS), made.etag, harness.network
        )

        assert put is Missed.CHANGED
        found = harness.seen(made.id)
        assert (found.summary, found.when) == ("What a person wrote", NIGHTS)

    def test_a_repeated_replace_does_nothing_twice(self, harness: CalendarHarness) -> None:
        made = harness.create()
        wanted = draft(LATER_NIGHTS, marker=mark(2))
        put = harness.connector.replace(harness.settings, made.id, wanted, made.etag, harness.network)

        again = harness.connector.replace(harness.settings, made.id, wanted, made.etag, harness.network)

        assert again is Missed.CHANGED
        assert harness.look(made.id) == put

    def test_an_old_version_is_not_removed(self, harness: CalendarHarness) -> None:
        made = harness.create()
        harness.person.edit(made.id, "What a person wrote")

        assert (
            harness.connector.remove(harness.settings, made.id, made.etag, harness.network) is Missed.CHANGED
        )
        assert harness.seen(made.id).summary == "What a person wrote"

    def test_what_is_removed_is_gone(self, harness: CalendarHarness) -> None:
        made = harness.create()

        removed = harness.connector.remove(harness.settings, made.id, made.etag, harness.network)

        found = harness.look(made.id)
        assert removed is None
        assert found is None or found.deleted
        assert not harness.listing()[0]

    @pytest.mark.parametrize("by", ["us", "a person"])
    def test_what_is_gone_is_neither_removed_nor_replaced(self, harness: CalendarHarness, by: str) -> None:
        made = harness.create()
        if by == "us":
            harness.connector.remove(harness.settings, made.id, made.etag, harness.network)
        else:
            harness.person.delete(made.id)

        removed = harness.connector.remove(harness.settings, made.id, made.etag, harness.network)
        put = harness.connector.replace(harness.settings, made.id, draft(), made.etag, harness.network)

        assert removed is Missed.GONE
        assert put is Missed.GONE
        assert not harness.listing()[0]

    def test_what_never_was_is_neither_removed_nor_replaced(self, harness: CalendarHarness) -> None:
        etag = harness.create().etag
        unknown = harness.id(item=OTHER_ITEM)

        removed = harness.connector.remove(harness.settings, unknown, etag, harness.network)
        put = harness.connector.replace(harness.settings, unknown, draft(), etag, harness.network)

        assert (removed, put) == (Missed.GONE, Missed.GONE)
        assert harness.look(unknown) is None

    def test_what_people_added_that_a_draft_does_not_name_survives(self, harness: CalendarHarness) -> None:
        made = harness.create()
        harness.person.annotate(made.id, "Behind the church")
        noted = harness.seen(made.id)

        put = harness.connector.replace(
            harness.settings, made.id, draft(LATER_NIGHTS, "New", marker=mark(2)), noted.etag, harness.network
        )

        assert noted.etag != made.etag
        assert isinstance(put, CalendarEvent)
        assert (put.summary, put.when) == ("New", LATER_NIGHTS)
        assert harness.person.place(made.id) == "Behind the church"

    def test_a_marker_stays_when_people_edit(self, harness: CalendarHarness) -> None:
        made = harness.create()

        harness.person.edit(made.id, "Edited")
        harness.person.shift(made.id, LATER_NIGHTS)

        found = harness.seen(made.id)
        assert (found.summary, found.when) == ("Edited", LATER_NIGHTS)
        assert found.marker == made.marker

    def test_a_duplicate_has_a_copy_of_the_marker_and_an_id_of_its_own(
        self, harness: CalendarHarness
    ) -> None:
        made = harness.create()

        copy = harness.seen(harness.person.duplicate(made.id))

        assert copy.id != made.id
        assert copy.marker == made.marker
        assert harness.look(made.id) == made
        same = {"when", "summary", "description", "busy"}
        assert all(getattr(copy, name) == getattr(made, name) for name in same)

    def test_a_persons_event_has_no_marker(self, harness: CalendarHarness) -> None:
        found = harness.seen(harness.person.add(HOURS, "Dentist"))

        assert found.marker is None
        assert (found.when, found.summary, found.busy) == (HOURS, "Dentist", True)

    def test_of_two_versions_the_later_is_no_older_and_has_another_etag(
        self, harness: CalendarHarness
    ) -> None:
        versions = [harness.create()]
        harness.person.edit(versions[0].id, "Edited")
        versions.append(harness.seen(versions[0].id))
        put = harness.connector.replace(
            harness.settings, versions[0].id, draft(LATER_NIGHTS), versions[1].etag, harness.network
        )
        assert isinstance(put, CalendarEvent)
        versions.append(put)

        told = [version.updated for version in versions]
        assert None not in told
        assert told == sorted(told, key=str)
        assert len({version.etag for version in versions}) == 3

    def test_calendars_are_apart(self, harness: CalendarHarness) -> None:
        made = harness.create()
        elsewhere = replace(harness_draft := draft(), summary="In the other one")

        there = harness.connector.create(harness.other, made.id, elsewhere, harness.network)

        assert isinstance(there, CalendarEvent)
        assert harness.seen(made.id).summary == harness_draft.summary
        assert isinstance(NIGHTS, AllDay)
        assert (
            harness.connector.remove(harness.settings, made.id, harness.seen(made.id).etag, harness.network)
            is None
        )
        living = harness.connector.look(harness.other, made.id, harness.network)
        assert living is not None
        assert (living.summary, living.deleted) == ("In the other one", False)
