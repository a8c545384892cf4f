"""Google's events in our words, and ours in Google's."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.calendars import Draft, Marker
from connectors.contract import AllDay, Timed, When
from connectors.google_calendar import translate
from connectors.google_calendar.translate import Malformed, event, page

MARKER = Marker("item", "revision", "signature")
NIGHTS = {"start": {"date": "2026-07-01"}, "end": {"date": "2026-07-04"}}
HOURS = {
    "start": {"dateTime": "2026-07-01T10:00:00+02:00", "timeZone": "Europe/Madrid"},
    "end": {"dateTime": "2026-07-01T12:30:00+02:00", "timeZone": "Europe/Madrid"},
}


def said(**more: Any) -> dict[str, Any]:
    return {"id": "e1", "etag": '"1"', "status": "confirmed", **NIGHTS, **more}


dates = st.dates(date(1980, 1, 1), date(2100, 1, 1))
instants = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(days=1), timedelta(days=400))
whens: st.SearchStrategy[When] = st.one_of(
    st.builds(lambda first, length: AllDay(first, first + timedelta(days=length.days)), dates, lengths),
    st.builds(lambda starts, length: Timed(starts, starts + length), instants, lengths),
)
drafts = st.builds(
    Draft,
    when=whens,
    summary=st.text(),
    description=st.text(),
    busy=st.booleans(),
    marker=st.just(MARKER),
    colour=st.sampled_from(["", "Lavender", "tomato"]),
)


@given(drafts)
def test_what_we_write_is_read_as_we_meant_it(draft: Draft) -> None:
    read = event(json.loads(json.dumps(translate.created("e1", draft))))

    assert (read.id, read.when, read.summary, read.description) == (
        *("e1", draft.when),
        *(draft.summary, draft.description),
    )
    assert (read.busy, read.marker, read.problem, read.deleted) == (draft.busy, MARKER, None, False)


@given(drafts)
def test_what_people_added_survives_what_we_write(draft: Draft) -> None:
    there = said(
        attendees=[{"email": "ada@example.com"}],
        reminders={"useDefault": False},
        location="Quay 3",
        colorId="5",
        recurrence=["RRULE:FREQ=DAILY"],
        extendedProperties={"private": {"theirs": "1", "hubItem": "old"}, "shared": {"also": "2"}},
    )

    body = translate.replaced(there, draft)

    assert {name: body[name] for name in ("attendees", "reminders", "location")} == {
        name: there[name] for name in ("attendees", "reminders", "location")
    }
    assert body["extendedProperties"]["shared"] == {"also": "2"}
    assert body["extendedProperties"]["private"]["theirs"] == "1"
    assert body["extendedProperties"]["private"]["hubItem"] == "item"
    assert "recurrence" not in body
    assert body["colorId"] == {"": "5", "Lavender": "1", "tomato": "11"}[draft.colour]
    assert event(body).when == draft.when


@given(st.uuids(), st.integers(0, 1000))
def test_an_id_is_one_that_google_takes(item: UUID, incarnation: int) -> None:
    made = translate.event_id(item, incarnation)

    assert re.fullmatch(r"[a-v0-9]{52}", made)
    assert made == translate.event_id(item, incarnation)
    assert made != translate.event_id(item, incarnation + 1)


def test_an_id_stays_the_same_for_ever() -> None:
    item = UUID("01980000-0000-7000-8000-000000000000")

    assert translate.event_id(item, 0) == "s23mumar80kff7k4cejqoq0ncmj7agufgoelb5vu0320d31is9r0"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"transparency": "transparent"}, "shown as free"),
        ({"eventType": "workingLocation"}, "place of work"),
        ({"eventType": "birthday"}, "birthday"),
        ({"attendees": [{"email": "x"}, {"self": True, "responseStatus": "declined"}]}, "declined"),
        ({"start": HOURS["start"], "end": HOURS["start"]}, "no length"),
    ],
)
def test_what_is_free_says_why(more: dict[str, Any], why: str) -> None:
    read = event(said(**more))

    assert not read.busy
    assert why in read.why_free


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"status": "tentative"},
        {"eventType": "outOfOffice"},
        {"eventType": "focusTime"},
        {"eventType": "fromGmail"},
        {"eventType": "invented in 2031"},
        {"transparency": "opaque"},
        {"attendees": [{"email": "x", "responseStatus": "declined"}]},
        {"attendees": [{"self": True, "responseStatus": "needsAction"}]},
        {"visibility": "private"},
    ],
)
def test_everything_else_is_busy(more: dict[str, Any]) -> None:
    read = event(said(**more))

    assert read.busy
    assert read.why_free == ""


def test_a_deleted_event_may_tell_nothing_but_its_id() -> None:
    read = event({"id": "e1", "status": "cancelled"})

    assert (read.id, read.deleted, read.when, read.etag) == ("e1", True, None, "")


def test_a_deleted_exception_tells_which_occurrence_it_was() -> None:
    read = event(
        {
            "id": "e1_20260708",
            "status": "cancelled",
            "recurringEventId": "e1",
            "originalStartTime": {"date": "2026-07-08"},
        }
    )

    assert (read.deleted, read.series) == (True, "e1")
    assert read.original == AllDay(date(2026, 7, 8), date(2026, 7, 9))


def test_a_moved_occurrence_tells_when_it_would_have_been() -> None:
    read = event(said(**HOURS, recurringEventId="m", originalStartTime=HOURS["start"]))

    assert read.original == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert read.problem is None


def test_an_exception_of_an_unknown_occurrence_is_a_problem() -> None:
    read = event(said(recurringEventId="m"))

    assert read.busy
    assert "which occurrence" in str(read.problem)


def test_a_series_keeps_its_rules_and_its_zone() -> None:
    rules = ["RRULE:FREQ=WEEKLY;BYDAY=FR", "EXDATE;TZID=Europe/Madrid:20260703T100000"]
    read = event(said(**HOURS, recurrence=rules))

    assert read.recurrence == tuple(rules)
    assert read.zone == "Europe/Madrid"


def test_a_marker_counts_only_as_a_whole() -> None:
    whole = {"hubItem": "item", "hubRevision": "revision", "hubSignature": "signature"}

    assert event(said(extendedProperties={"private": whole})).marker == MARKER
    assert event(said(extendedProperties={"private": {"hubItem": "item"}})).marker is None
    assert event(said(extendedProperties={"shared": whole})).marker is None
    assert event(said()).marker is None


def test_a_page_names_the_next_and_only_the_last_has_a_cursor() -> None:
    first = page({"items": [said()], "nextPageToken": "p2", "timeZone": "Europe/Madrid"}, full=True)
    last = page({"items": [], "nextSyncToken": "s1"}, full=True)

    assert ([one.id for one in first.events], first.next_page, first.cursor) == (["e1"], "p2", None)
    assert (last.events, last.next_page, last.cursor, last.full) == ((), None, {"syncToken": "s1"}, True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [], "nextPageToken": "p", "nextSyncToken": "s"},
        {"items": {}, "nextSyncToken": "s"},
        {"items": [{}], "nextSyncToken": "s"},
        {"items": ["event"], "nextSyncToken": "s"},
        {"items": [{"id": 7}], "nextSyncToken": "s"},
        {"items": [{"id": "e1", "recurrence": "RRULE"}], "nextSyncToken": "s"},
    ],
)
def test_half_a_page_is_none(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        page(body, full=False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["2026-07-01", "e1"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["date", "dateTime", "timeZone", "self"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    *("id", "status", "start", "end", "summary", "attendees", "recurrence", "updated", "etag"),
    *("extendedProperties", "recurringEventId", "originalStartTime", "eventType"),
]


@given(st.dictionaries(st.sampled_from(NAMES), json_values))
def test_whatever_google_says_is_an_event_or_malformed(body: dict[str, Any]) -> None:
    try:
        read = event(body, "Europe/Madrid")
    except Malformed:
        return
    assert read.id
    assert read.deleted or read.when is not None or read.problem


def test_calendars_say_who_may_write() -> None:
    listed = {"id": "c", "summary": "Boats", "timeZone": "UTC", "accessRole": "reader"}

    assert not translate.calendar(listed).writable
    assert translate.calendar(listed | {"accessRole": "writer"}).writable
    named = translate.calendar(listed | {"summaryOverride": "My boats", "primary": True})
    assert (named.name, named.primary) == ("My boats", True)


def test_ids_differ_by_item() -> None:
    assert len({translate.event_id(uuid4(), 0) for _ in range(100)}) == 100
