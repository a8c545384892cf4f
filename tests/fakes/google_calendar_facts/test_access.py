"""Who may do what: tokens, scopes, rights, quotas, and what the discovery document says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from googleapiclient.errors import HttpError

from tests.conftest import FrozenClock
from tests.fakes.google_calendar import GoogleCalendar, InProcess, Person, schema
from tests.fakes.google_calendar_facts.client import ADA, BOB, Api, api_of, day, refusal

LIST = "/calendar/v3/calendars/primary/events"
READING = "https://www.googleapis.com/auth/calendar.readonly"
OWN = "https://www.googleapis.com/auth/calendar.app.created"


def _client(google: GoogleCalendar) -> httpx.Client:
    return httpx.Client(transport=InProcess(google), base_url="https://www.googleapis.com")


def _ask(
    google: GoogleCalendar, method: str, path: str, token: str | None = None, **more: Any
) -> tuple[int, str]:
    bearer = google.oauth.token(ADA) if token is None else token
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = _client(google).request(method, path, headers=headers, **more)
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"] if answer.is_error else ""


def test_without_a_living_token_nothing_is_answered(
    google: GoogleCalendar, ada: Person, clock: FrozenClock
) -> None:
    token = google.oauth.token(ADA)
    assert _ask(google, "GET", LIST, token) == (200, "")
    assert _ask(google, "GET", LIST, "forged") == (401, "authError")
    clock.advance(timedelta(hours=1))
    assert _ask(google, "GET", LIST, token) == (401, "authError")
    answer = _client(google).get(LIST)
    assert (answer.status_code, "Retry-After" in answer.headers) == (401, False)
    assert answer.json()["error"]["code"] == 401


def test_a_token_is_good_for_its_scopes(google: GoogleCalendar, ada: Person) -> None:
    token = google.oauth.token(ADA, READING)
    assert _ask(google, "GET", LIST, token) == (200, "")
    body = day("2026-12-01", "2026-12-02")
    assert _ask(google, "POST", LIST, token, json=body) == (403, "insufficientPermissions")


def test_the_smallest_scope_reaches_what_the_application_made(google: GoogleCalendar, ada: Person) -> None:
    by_hand = ada.makes_calendar("Ada's own")
    headers = {"Authorization": f"Bearer {google.oauth.token(ADA, OWN)}"}
    client = _client(google)
    made = client.post("/calendar/v3/calendars", headers=headers, json={"summary": "Flat 1"}).json()["id"]
    for calendar, status in ((made, 200), (by_hand, 404), ("primary", 404)):
        answer = client.get(f"/calendar/v3/calendars/{calendar}/events", headers=headers)
        assert (calendar, answer.status_code) == (calendar, status)


def test_other_peoples_calendars_are_403_and_unknown_ones_404(
    google: GoogleCalendar, ada: Person, bob: Person, api: Api
) -> None:
    with pytest.raises(HttpError) as caught:
        api.page(BOB)
    assert refusal(caught) == (403, "forbidden")
    google.world.strangers_see = 404
    for calendar in (BOB, "nobody@example.com"):
        with pytest.raises(HttpError) as caught:
            api.page(calendar)
        assert refusal(caught) == (404, "notFound")


def test_a_calendar_is_lost_by_unsharing_or_deleting_it(
    google: GoogleCalendar, ada: Person, bob: Person
) -> None:
    shared = bob.makes_calendar("Flat 2")
    bob.shares(shared, ADA, "reader")
    api = api_of(google)
    assert api.page(shared)["accessRole"] == "reader"
    with pytest.raises(HttpError) as caught:
        api.insert(day("2026-12-01", "2026-12-02"), shared)
    assert refusal(caught) == (403, "requiredAccessLevel")
    bob.unshares(shared, ADA)
    with pytest.raises(HttpError) as caught:
        api.page(shared)
    assert refusal(caught) == (403, "forbidden")
    bob.shares(shared, ADA)
    bob.deletes_calendar(shared)
    with pytest.raises(HttpError) as caught:
        api.page(shared)
    assert refusal(caught) == (404, "notFound")


def test_calendars_are_listed_in_pages_with_the_role_in_each(
    google: GoogleCalendar, ada: Person, bob: Person, api: Api
) -> None:
    own, shared = ada.makes_calendar("Flat 1"), bob.makes_calendar("Flat 2")
    bob.shares(shared, ADA, "reader")
    google.world.page_size = 2
    calendars = api.service.calendarList()
    first = calendars.list().execute()
    second = calendars.list(pageToken=first["nextPageToken"]).execute()
    told = {each["id"]: each["accessRole"] for page in (first, second) for each in page["items"]}
    assert told == {ADA: "owner", own: "owner", shared: "reader"}
    assert [each["id"] for each in first["items"] + second["items"] if each.get("primary")] == [ADA]
    writable = calendars.list(minAccessRole="writer").execute()["items"]
    assert [each["id"] for each in writable] == [ADA, own]


def test_a_calendar_is_made_and_deleted(google: GoogleCalendar, api: Api) -> None:
    calendars = api.service.calendars()
    made = calendars.insert(body={"summary": "Flat 1", "timeZone": "Asia/Tokyo"}).execute()
    assert (made["summary"], made["timeZone"]) == ("Flat 1", "Asia/Tokyo")
    assert calendars.get(calendarId=made["id"]).execute() == made
    calendars.delete(calendarId=made["id"]).execute()
    with pytest.raises(HttpError) as caught:
        calendars.get(calendarId=made["id"]).execute()
    assert refusal(caught) == (404, "notFound")
    google.limits.new_calendars = 0
    with pytest.raises(HttpError) as caught:
        calendars.insert(body={"summary": "one too many"}).execute()
    assert refusal(caught) == (403, "quotaExceeded")


def test_a_minute_has_so_many_requests_for_each_user(
    google: GoogleCalendar, ada: Person, bob: Person, clock: FrozenClock
) -> None:
    google.quota.per_user = 600
    ours, theirs = api_of(google), api_of(google, BOB)
    for _ in range(600):
        ours.page()
    with pytest.raises(HttpError) as caught:
        ours.page()
    assert refusal(caught) == (403, "rateLimitExceeded")
    assert "retry-after" not in caught.value.resp
    theirs.page()
    google.quota.status = 429
    with pytest.raises(HttpError) as caught:
        ours.page()
    assert refusal(caught) == (429, "rateLimitExceeded")
    clock.advance(timedelta(seconds=61))
    ours.page()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{LIST}?pageSize=5", None),
        ("GET", f"{LIST}?maxResults=many", None),
        ("GET", f"{LIST}?maxResults=0", None),
        ("GET", f"{LIST}?singleEvents=yes", None),
        ("GET", f"{LIST}?timeMin=2026-12-01", None),
        ("GET", f"{LIST}?timeMin=2026-12-01T00:00:00", None),
        ("GET", f"{LIST}?orderBy=colour", None),
        ("GET", f"{LIST}?q=a&q=b", None),
        ("POST", LIST, day("2026-12-01", "2026-12-02", title="no such field")),
        ("POST", LIST, day("2026-12-01", "2026-12-02", summary=7)),
        ("POST", LIST, day("2026-12-01", "2026-12-02", extendedProperties={"private": {"a": 1}})),
        ("POST", LIST, {"start": "2026-12-01", "end": {"date": "2026-12-02"}}),
        ("POST", LIST, None),
        ("POST", f"{LIST}/ours0/move", None),
        ("POST", "/calendar/v3/freeBusy", {"items": "primary"}),
        ("DELETE", f"{LIST}/ours0", {"id": "ours0"}),
    ],
)
def test_what_the_discovery_document_does_not_know_is_refused_and_written_down(
    google: GoogleCalendar, ada: Person, method: str, path: str, body: Any
) -> None:
    more = {} if body is None else {"json": body}
    assert _ask(google, method, path, **more) == (400, "invalid")
    assert len(google.violations) == 1


def test_what_is_no_method_is_404_and_the_batch_is_not_there(google: GoogleCalendar, ada: Person) -> None:
    assert _ask(google, "POST", "/batch/calendar/v3", content=b"--batch") == (404, "notFound")
    assert google.violations == []
    assert _ask(google, "GET", "/calendar/v3/calendars/primary/parties") == (404, "notFound")
    assert _ask(google, "POST", LIST, content=b"{") == (400, "parseError")
    assert len(google.violations) == 2


def test_every_answer_is_one_that_google_could_have_given(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    ada.creates_series("FREQ=DAILY;COUNT=3", attendees=[{"email": ADA}], transparency="transparent")
    window = {"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2026-12-05T00:00:00Z"}
    watch = {"id": "watch-1", "type": "web_hook", "address": "https://hub.example.com", "token": "t"}
    asked = {
        "Events": api.events.list(calendarId="primary"),
        "CalendarList": api.service.calendarList().list(),
        "CalendarListEntry": api.service.calendarList().get(calendarId="primary"),
        "Calendar": api.service.calendars().get(calendarId="primary"),
        "Channel": api.events.watch(calendarId="primary", body=watch),
        "FreeBusyResponse": api.service.freebusy().query(body=window | {"items": [{"id": ADA}]}),
    }
    for kind, request in asked.items():
        assert schema.conforms(request.execute(), kind) == []
