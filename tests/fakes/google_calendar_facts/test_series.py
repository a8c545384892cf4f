"""Series and what stands apart from them, what people do, and free/busy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.fakes.google_calendar import GoogleCalendar, Person, Resource
from tests.fakes.google_calendar_facts.client import ADA, BOB, Api, api_of, day, refusal, timed

NOON = datetime(2026, 10, 20, 10, tzinfo=UTC)
"""At noon in Berlin, five days before its clocks go back"""


def _busy(api: Api, first: str, after: str, *calendars: str) -> dict[str, Any]:
    items = [{"id": calendar} for calendar in calendars or (ADA,)]
    body = {"timeMin": f"{first}T00:00:00Z", "timeMax": f"{after}T00:00:00Z", "items": items}
    answer: dict[str, Any] = api.service.freebusy().query(body=body).execute()["calendars"]
    return answer


def test_a_series_is_told_as_one_and_a_cancelled_occurrence_by_three_fields(ada: Person, api: Api) -> None:
    series = ada.creates_series("FREQ=DAILY;COUNT=10", "standing", start=NOON)
    _, token = api.all()
    ada.cancels_one(series, 7)
    changes, _ = api.all(syncToken=token)
    original = {"dateTime": "2026-10-27T12:00:00+01:00", "timeZone": "Europe/Berlin"}
    [told] = [{name: each[name] for name in each if name not in ("etag", "kind")} for each in changes]
    assert told == {
        "id": f"{series}_20261027T110000Z",
        "status": "cancelled",
        "recurringEventId": series,
        "originalStartTime": original,
    }
    everything, _ = api.all()
    assert [(each["id"], each["status"]) for each in everything] == [
        (series, "confirmed"),
        (told["id"], "cancelled"),
    ]
    assert everything[0]["recurrence"] == ["RRULE:FREQ=DAILY;COUNT=10"]


def test_an_occurrence_that_was_moved_is_an_event_of_its_own(ada: Person, api: Api) -> None:
    series = ada.creates_series("FREQ=WEEKLY", "cleaning", start=date(2026, 12, 1))
    moved = ada.moves_one(series, 1, date(2026, 12, 9))
    edited = ada.edits_one(series, 2, summary="cleaning, twice")
    assert (moved["id"], edited["id"]) == (f"{series}_20261208", f"{series}_20261215")
    assert moved["originalStartTime"] == {"date": "2026-12-08"}
    assert (moved["start"], moved["end"]) == ({"date": "2026-12-09"}, {"date": "2026-12-10"})
    assert (moved["recurringEventId"], "recurrence" in moved) == (series, False)
    assert [event["id"] for event in api.all()[0]] == [series, moved["id"], edited["id"]]
    assert api.get(f"{series}_20261222")["start"] == {"date": "2026-12-22"}
    with pytest.raises(HttpError) as caught:
        api.get(f"{series}_20261223")
    assert refusal(caught) == (404, "notFound")


def test_a_deleted_series_takes_everything_along_and_brings_it_back(ada: Person, api: Api) -> None:
    series = ada.creates_series("FREQ=WEEKLY", start=date(2026, 12, 1))
    moved = ada.moves_one(series, 1, date(2026, 12, 9))["id"]
    ada.cancels_one(series, 2)
    before, token = api.all()
    ada.deletes(series)
    changes, token = api.all(syncToken=token)
    assert {each["id"]: each["status"] for each in changes} == dict.fromkeys((series, moved), "cancelled")
    assert api.all()[0] == []
    ada.undeletes(series)
    assert [(each["id"], each["status"]) for each in api.all()[0]] == [
        (each["id"], each["status"]) for each in before
    ]


def test_a_series_that_moves_has_other_occurrences(ada: Person) -> None:
    series = ada.creates_series("FREQ=WEEKLY", start=date(2026, 12, 1))
    ada.edits_one(series, 1, summary="apart")
    ada.moves(series, date(2026, 12, 2))
    assert list(ada.snapshot()) == [series]
    ada.edits_one(series, 1, summary="apart again")
    assert list(ada.snapshot()) == [series, f"{series}_20261209"]


def test_a_series_may_be_ended_before_one_of_its_occurrences(ada: Person, api: Api) -> None:
    series = ada.creates_series("FREQ=DAILY;COUNT=9", start=NOON)
    ada.edits_one(series, 2, summary="kept")
    ada.edits_one(series, 6, summary="cut off")
    ada.ends_before(series, 5)
    assert ada.snapshot()[series]["recurrence"] == ["RRULE:FREQ=DAILY;UNTIL=20261025T105959Z"]
    assert list(ada.snapshot()) == [series, f"{series}_20261022T100000Z"]
    assert len(_busy(api, "2026-10-01", "2026-11-01")[ADA]["busy"]) == 5


def test_a_program_writes_to_an_occurrence_by_its_id(ada: Person, api: Api) -> None:
    series = ada.creates_series("FREQ=WEEKLY", start=date(2026, 12, 1))
    api.patch(f"{series}_20261208", {"summary": "apart"})
    api.delete(f"{series}_20261215")
    assert ada.snapshot()[f"{series}_20261208"]["summary"] == "apart"
    assert ada.sees(f"{series}_20261215")["status"] == "cancelled"


def test_a_copy_has_what_programs_wrote_and_another_id(ada: Person, api: Api) -> None:
    private = {"private": {"hubItem": "7", "hubSignature": "of ours0"}}
    api.insert(day("2026-12-01", "2026-12-02", id="ours0", summary="a", extendedProperties=private))
    copied = ada.duplicates("ours0")
    copy = ada.snapshot()[copied]
    assert copied != "ours0"
    assert (copy["extendedProperties"], copy["summary"]) == (private, "a")
    assert copy["iCalUID"] != ada.snapshot()["ours0"]["iCalUID"]


def test_an_event_that_moves_to_another_calendar_keeps_its_id(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    other = ada.makes_calendar("Flat 2", "Asia/Tokyo")
    private = {"private": {"hubItem": "7"}}
    body = timed("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z", id="ours0", extendedProperties=private)
    api.insert(body)
    ada.moves_to_calendar("ours0", other)
    assert ada.snapshot() == {}
    assert api.get("ours0")["status"] == "cancelled"
    there = api.get("ours0", other)
    assert (there["extendedProperties"], there["start"]["dateTime"]) == (private, "2026-12-01T19:00:00+09:00")
    assert (
        api.events.move(calendarId=other, eventId="ours0", destination="primary").execute()["id"] == "ours0"
    )
    assert list(ada.snapshot()) == ["ours0"]


def test_people_delete_everything_at_once(ada: Person, api: Api) -> None:
    ada.creates("a")
    ada.creates_series("FREQ=DAILY;COUNT=2")
    assert ada.deletes_everything() == 2
    assert ada.snapshot() == {}


BUSY: list[tuple[Resource, bool]] = [
    ({}, True),
    ({"status": "tentative"}, True),
    ({"transparency": "transparent"}, False),
    ({"eventType": "outOfOffice"}, True),
    ({"eventType": "focusTime"}, True),
    ({"eventType": "fromGmail"}, True),
    ({"eventType": "neverHeardOf"}, True),
    ({"eventType": "workingLocation"}, False),
    ({"eventType": "birthday"}, False),
    ({"attendees": [{"email": ADA, "responseStatus": "declined"}]}, False),
    ({"attendees": [{"email": BOB, "responseStatus": "declined"}]}, True),
    ({"attendees": [{"email": ADA, "responseStatus": "tentative"}]}, True),
]


@pytest.mark.parametrize(("told", "busy"), BUSY)
def test_what_counts_as_busy(ada: Person, api: Api, told: Resource, busy: bool) -> None:
    ada.creates("it", date(2026, 12, 1), **told)
    spans = [{"start": "2026-11-30T23:00:00Z", "end": "2026-12-01T23:00:00Z"}]
    assert _busy(api, "2026-11-01", "2026-12-31") == {ADA: {"busy": spans if busy else []}}


def test_people_may_decline_or_be_free_all_the_same(ada: Person, api: Api) -> None:
    invited = ada.creates("a", date(2026, 12, 1), attendees=[{"email": ADA}])
    other = ada.creates("b", date(2026, 12, 5))
    assert len(_busy(api, "2026-11-30", "2026-12-31")[ADA]["busy"]) == 2
    ada.declines(invited)
    ada.makes_transparent(other)
    assert _busy(api, "2026-11-30", "2026-12-31")[ADA]["busy"] == []
    ada.answers(invited, "accepted")
    ada.makes_opaque(other)
    assert len(_busy(api, "2026-11-30", "2026-12-31")[ADA]["busy"]) == 2


def test_series_are_busy_where_they_occur_and_spans_are_merged_and_clipped(ada: Person, api: Api) -> None:
    series = ada.creates_series("FREQ=DAILY;COUNT=6", start=NOON)
    ada.cancels_one(series, 1)
    ada.moves_one(series, 2, NOON + timedelta(days=2, minutes=30))
    ada.creates("overlaps", NOON + timedelta(minutes=30), NOON + timedelta(hours=2))
    body = {
        "timeMin": "2026-10-20T10:15:00Z",
        "timeMax": "2026-10-25T23:00:00Z",
        "items": [{"id": "primary"}],
    }
    told = api.service.freebusy().query(body=body).execute()["calendars"]["primary"]["busy"]
    assert [(each["start"][5:16], each["end"][5:16]) for each in told] == [
        ("10-20T10:15", "10-20T12:00"),
        ("10-22T10:30", "10-22T11:30"),
        ("10-23T10:00", "10-23T11:00"),
        ("10-24T10:00", "10-24T11:00"),
        ("10-25T11:00", "10-25T12:00"),
    ]


def test_a_calendar_that_cannot_be_told_of_says_so(
    google: GoogleCalendar, ada: Person, bob: Person, api: Api
) -> None:
    google.ailing[ADA] = "internalError"
    told = _busy(api, "2026-12-01", "2026-12-02", ADA, BOB, "nobody@example.com")
    reasons = {name: each["errors"][0]["reason"] for name, each in told.items()}
    assert reasons == {ADA: "internalError", BOB: "notFound", "nobody@example.com": "notFound"}
    bob.shares(BOB, ADA, "freeBusyReader")
    bob.creates("secret", date(2026, 12, 1))
    assert len(_busy(api, "2026-11-30", "2026-12-05", BOB)[BOB]["busy"]) == 1
    with pytest.raises(HttpError) as caught:
        api.page(BOB)
    assert refusal(caught) == (403, "requiredAccessLevel")


def test_free_busy_is_for_50_calendars_and_two_months(api: Api) -> None:
    with pytest.raises(HttpError) as caught:
        _busy(api, "2026-12-01", "2026-12-02", *[ADA] * 51)
    assert refusal(caught) == (400, "tooManyCalendarsRequested")
    with pytest.raises(HttpError) as caught:
        _busy(api, "2026-10-01", "2026-12-31")
    assert refusal(caught) == (400, "timeRangeTooLong")


def test_two_people_see_one_calendar(google: GoogleCalendar, ada: Person, bob: Person, api: Api) -> None:
    shared = ada.makes_calendar("Flat 2")
    ada.shares(shared, BOB)
    made = api_of(google, BOB).insert(day("2026-12-01", "2026-12-02"), shared)
    assert made["creator"] == {"email": BOB}
    assert made["organizer"]["email"] == shared
    assert list(ada.snapshot(shared)) == [made["id"]]
