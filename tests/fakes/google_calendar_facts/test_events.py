"""One event at a time: ids, versions, deletion, and what a server makes of what it is given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.conftest import FrozenClock
from tests.fakes.google_calendar import GoogleCalendar, Person, Resource, Tombstones
from tests.fakes.google_calendar_facts.client import ADA, Api, day, refusal, timed

NIGHT = day("2026-12-01", "2026-12-03")


def test_an_event_comes_back_with_what_a_server_adds(api: Api) -> None:
    made = api.insert({"id": "ours0", "summary": "Ada Lovelace  \n", **NIGHT})
    assert made["id"] == "ours0"
    assert made["summary"] == "Ada Lovelace"
    assert made["kind"] == "calendar#event"
    assert made["iCalUID"] == "ours0@google.com"
    assert made["status"] == "confirmed"
    assert made["eventType"] == "default"
    assert made["reminders"] == {"useDefault": True}
    assert made["creator"] == made["organizer"] == {"email": ADA, "self": True}
    assert made["sequence"] == 0
    assert made["start"] == {"date": "2026-12-01"}
    assert {"htmlLink", "created", "updated", "etag"} <= made.keys()
    assert api.get("ours0") == made


def test_a_time_comes_back_in_the_calendars_zone(api: Api) -> None:
    made = api.insert(timed("2026-07-01T10:00:00Z", "2026-07-01T11:30:00.25Z"))
    assert made["start"] == {"dateTime": "2026-07-01T12:00:00+02:00", "timeZone": "Europe/Berlin"}
    assert made["end"]["dateTime"] == "2026-07-01T13:30:00+02:00"
    assert api.get(made["id"], timeZone="UTC")["id"] == made["id"]
    [listed] = api.page(timeZone="UTC")["items"]
    assert listed["start"]["dateTime"] == "2026-07-01T10:00:00Z"


def test_the_zone_of_a_whole_day_is_ignored(api: Api) -> None:
    body = {"start": {"date": "2026-12-01", "timeZone": "Asia/Tokyo"}, "end": {"date": "2026-12-02"}}
    assert api.insert(body)["start"] == {"date": "2026-12-01"}


@pytest.mark.parametrize("given", ["abcd", "UPPER0", "with-dash", "xyz00", "a" * 1025, "äöüäö"])
def test_an_id_of_ours_has_the_letters_a_to_v_and_digits(api: Api, given: str) -> None:
    with pytest.raises(HttpError) as caught:
        api.insert({"id": given, **NIGHT})
    assert refusal(caught) == (400, "invalid")


@pytest.mark.parametrize("given", ["av019", "0" * 1024])
def test_an_id_has_5_to_1024_characters(api: Api, given: str) -> None:
    assert api.insert({"id": given, **NIGHT})["id"] == given


def test_an_id_and_a_uid_are_not_sent_together(api: Api) -> None:
    with pytest.raises(HttpError) as caught:
        api.insert({"id": "ours0", "iCalUID": "a@example.com", **NIGHT})
    assert refusal(caught) == (400, "invalid")
    assert api.insert({"iCalUID": "a@example.com", **NIGHT})["iCalUID"] == "a@example.com"


def test_an_id_is_taken_for_ever(google: GoogleCalendar, api: Api) -> None:
    api.insert({"id": "ours0", **NIGHT})
    for forget in (lambda: None, lambda: api.delete("ours0"), lambda: google.world.vanish(ADA)):
        forget()
        with pytest.raises(HttpError) as caught:
            api.insert({"id": "ours0", **NIGHT})
        assert refusal(caught) == (409, "duplicate")


def test_a_deleted_event_is_told_as_cancelled_until_it_vanishes(google: GoogleCalendar, api: Api) -> None:
    api.insert({"id": "ours0", "summary": "kept", **NIGHT})
    api.delete("ours0")
    assert (api.get("ours0")["status"], api.get("ours0")["summary"]) == ("cancelled", "kept")
    google.world.tombstones = Tombstones.ID_ONLY
    assert api.get("ours0") == {"id": "ours0", "status": "cancelled"}
    with pytest.raises(HttpError) as again:
        api.delete("ours0")
    assert refusal(again) == (410, "deleted")
    assert google.world.vanish(ADA) == 1
    for ask in (api.get, api.delete):
        with pytest.raises(HttpError) as caught:
            ask("ours0")
        assert refusal(caught) == (404, "notFound")


@pytest.mark.parametrize("write", ["update", "patch", "delete"])
def test_only_the_named_version_is_written(api: Api, ada: Person, write: str) -> None:
    made = api.insert({"id": "ours0", "summary": "ours", **NIGHT})
    ada.edits("ours0", summary="theirs")
    args: tuple[Any, ...] = () if write == "delete" else ({"summary": "ours again", **NIGHT},)
    with pytest.raises(HttpError) as caught:
        getattr(api, write)("ours0", *args, etag=made["etag"])
    assert refusal(caught) == (412, "conditionNotMet")
    assert api.get("ours0")["summary"] == "theirs"
    getattr(api, write)("ours0", *args, etag=api.get("ours0")["etag"])
    assert api.get("ours0").get("summary") != "theirs" or api.get("ours0")["status"] == "cancelled"


def test_every_change_has_a_new_etag_and_a_later_time_although_the_clock_stands(
    api: Api, ada: Person, clock: FrozenClock
) -> None:
    seen = [api.insert({"id": "ours0", **NIGHT})]
    for number in range(3):
        seen.append(api.patch("ours0", {"summary": f"number {number}"}))
    clock.advance(timedelta(hours=-1))
    seen.append(ada.edits("ours0", summary="an hour ago"))
    assert len({event["etag"] for event in seen}) == 5
    stamps = [event["updated"] for event in seen]
    assert stamps == sorted(set(stamps))
    clock.advance(timedelta(hours=2))
    later = datetime.fromisoformat(api.patch("ours0", {"summary": "late"})["updated"])
    assert later == clock.instant.replace(microsecond=clock.instant.microsecond // 1000 * 1000)


def test_writing_what_stands_there_changes_nothing_unless_it_is_ordered(
    google: GoogleCalendar, api: Api
) -> None:
    made = api.insert({"id": "ours0", "summary": "the same", **NIGHT})
    assert api.update("ours0", made) == made
    assert [entry.operation for entry in google.effects()] == ["events.insert"]
    google.world.counts_idle_writes = True
    assert api.update("ours0", made)["etag"] != made["etag"]


def test_an_update_replaces_everything_and_a_patch_what_it_names(api: Api) -> None:
    private = {"private": {"hubItem": "1", "hubRevision": "2"}}
    api.insert({"id": "ours0", "summary": "a", "location": "b", "extendedProperties": private, **NIGHT})
    patched = api.patch("ours0", {"summary": None, "extendedProperties": {"private": {"hubRevision": "3"}}})
    assert "summary" not in patched
    assert patched["location"] == "b"
    assert patched["extendedProperties"] == {"private": {"hubItem": "1", "hubRevision": "3"}}
    updated = api.update("ours0", {"summary": "c", **NIGHT})
    assert "location" not in updated
    assert "extendedProperties" not in updated
    assert updated["created"] == patched["created"]


def test_the_sequence_counts_changes_of_time_and_never_goes_back(api: Api) -> None:
    api.insert({"id": "ours0", **NIGHT})
    assert api.patch("ours0", {"summary": "no other time"})["sequence"] == 0
    moved = api.update("ours0", day("2026-12-02", "2026-12-03"))
    assert moved["sequence"] == 1
    with pytest.raises(HttpError) as caught:
        api.update("ours0", moved | {"sequence": -1})
    assert refusal(caught) == (400, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        {"start": {"date": "2026-12-01"}},
        {"start": {}, "end": {}},
        day("2026-12-03", "2026-12-01"),
        day("2026-12-01", "2026-12-01"),
        day("20261201", "20261202"),
        {"start": {"date": "2026-12-01"}, "end": {"dateTime": "2026-12-02T10:00:00Z"}},
        {"start": {"date": "2026-12-01", "dateTime": "2026-12-01T10:00:00Z"}, "end": {"date": "2026-12-02"}},
        timed("2026-12-01T10:00:00", "2026-12-01T11:00:00"),
        timed("2026-12-01T11:00:00Z", "2026-12-01T10:00:00Z"),
        timed("2026-12-01 10:00", "2026-12-01 11:00"),
        timed("2026-12-01T10:00:00", "2026-12-01T11:00:00", "Mars/Olympus"),
        timed("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z", recurrence=["RRULE:FREQ=DAILY"]),
        day("2026-12-01", "2026-12-02", recurrence=["RRULE:FREQ=SOMETIMES"]),
        day("2026-12-01", "2026-12-02", recurrence=["DTSTART:20261201"]),
        day("2026-12-01", "2026-12-02", colorId="99"),
        day("2026-12-01", "2026-12-02", status="maybe"),
        day("2026-12-01", "2026-12-02", transparency="glass"),
        day("2026-12-01", "2026-12-02", eventType="fromGmail"),
        day("2026-12-01", "2026-12-02", attendees=[{"email": "nobody"}]),
        day("2026-12-01", "2026-12-02", extendedProperties={"private": {"k" * 45: "v"}}),
        day("2026-12-01", "2026-12-02", extendedProperties={"private": {"k": "v" * 1025}}),
    ],
)
def test_what_google_would_not_take_is_refused(google: GoogleCalendar, api: Api, body: Resource) -> None:
    with pytest.raises(HttpError) as caught:
        api.insert(body)
    assert caught.value.status_code == 400
    assert google.person(ADA).snapshot() == {}


def test_extended_properties_have_room_for_44_and_1024_characters(api: Api) -> None:
    private = {"k" * 44: "v" * 1024}
    made = api.insert(day("2026-12-01", "2026-12-02", extendedProperties={"private": private}))
    assert made["extendedProperties"] == {"private": private}


def test_an_attendee_is_ourselves_where_the_address_is_the_calendars(api: Api) -> None:
    made = api.insert(NIGHT | {"attendees": [{"email": ADA}, {"email": "eve@example.com"}]})
    told = {each["email"]: (each.get("self", False), each["responseStatus"]) for each in made["attendees"]}
    assert told == {ADA: (True, "needsAction"), "eve@example.com": (False, "needsAction")}
