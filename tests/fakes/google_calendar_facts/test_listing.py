"""Listings: pages, tombstones, sync tokens, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.conftest import FrozenClock
from tests.fakes.google_calendar import GoogleCalendar, Person, Tombstones
from tests.fakes.google_calendar_facts.client import ADA, Api, day, refusal


def _ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["id"] for event in events]


def _five(ada: Person) -> list[str]:
    return [ada.creates(f"number {number}", date(2026, 12, 1 + number)) for number in range(5)]


def test_pages_together_are_everything_and_only_the_last_has_a_sync_token(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    made = _five(ada)
    google.world.page_size = 2
    told = list(api.pages())
    assert [len(page["items"]) for page in told] == [2, 2, 1]
    assert [("nextPageToken" in page, "nextSyncToken" in page) for page in told] == [
        *([(True, False)] * 2),
        (False, True),
    ]
    assert _ids([event for page in told for event in page["items"]]) == made


def test_a_page_is_of_250_unless_asked_for_and_2500_at_most(ada: Person, api: Api) -> None:
    for number in range(260):
        ada.creates(str(number))
    assert len(api.page()["items"]) == 250
    assert len(api.page(maxResults=2500)["items"]) == 260
    assert len(api.page(maxResults=9999)["items"]) == 260


def test_a_full_listing_has_no_tombstones_and_changes_have(ada: Person, api: Api) -> None:
    first, second = ada.creates("stays"), ada.creates("goes")
    _, token = api.all()
    ada.deletes(second)
    changes, later = api.all(syncToken=token)
    assert [(event["id"], event["status"]) for event in changes] == [(second, "cancelled")]
    assert _ids(api.all()[0]) == [first]
    assert _ids(api.page(showDeleted=True)["items"]) == [first, second]
    assert api.all(syncToken=later)[0] == []


def test_of_a_deleted_event_no_more_than_its_id_is_sure(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    event = ada.creates("gone")
    _, token = api.all()
    ada.deletes(event)
    assert api.all(syncToken=token)[0][0]["summary"] == "gone"
    google.world.tombstones = Tombstones.ID_ONLY
    assert api.all(syncToken=token)[0] == [{"id": event, "status": "cancelled"}]
    google.world.vanish(ADA)
    assert api.all(syncToken=token)[0] == []


def test_changes_are_told_once_as_they_are_now(ada: Person, api: Api) -> None:
    event = ada.creates("one")
    _, token = api.all()
    ada.edits(event, summary="two")
    ada.edits(event, summary="three")
    changes, token = api.all(syncToken=token)
    assert [change["summary"] for change in changes] == ["three"]
    ada.deletes(event)
    ada.undeletes(event)
    [back] = api.all(syncToken=token)[0]
    assert (back["status"], back["summary"]) == ("confirmed", "three")


@pytest.mark.parametrize(
    "forbidden",
    [
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"updatedMin": "2026-01-01T00:00:00Z"},
        {"q": "word"},
        {"iCalUID": "a@example.com"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"},
        {"showDeleted": False},
    ],
)
def test_a_sync_token_forbids_filters(api: Api, forbidden: dict[str, Any]) -> None:
    _, token = api.all()
    with pytest.raises(HttpError) as caught:
        api.page(syncToken=token, **forbidden)
    assert refusal(caught) == (400, "invalid")


def test_a_sync_token_wants_the_parameters_of_the_first_call(api: Api) -> None:
    _, token = api.all(maxResults=50, eventTypes=["default"])
    for other in ({}, {"maxResults": 50}, {"maxResults": 51, "eventTypes": ["default"]}):
        with pytest.raises(HttpError) as caught:
            api.page(syncToken=token, **other)
        assert refusal(caught) == (400, "invalid")
    assert api.all(syncToken=token, maxResults=50, eventTypes=["default"])[0] == []


def test_a_page_token_wants_the_parameters_of_its_listing(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    _five(ada)
    google.world.page_size = 2
    page = api.page()["nextPageToken"]
    _, token = api.all()
    for other in ({"syncToken": token}, {"maxResults": 3}):
        with pytest.raises(HttpError) as caught:
            api.page(pageToken=page, **other)
        assert refusal(caught) == (400, "invalid")


def test_a_token_is_one_of_this_calendar_or_none(ada: Person, api: Api) -> None:
    other = ada.makes_calendar("Flat 2")
    _, token = api.all(other)
    for wrong in (token, "nonsense"):
        with pytest.raises(HttpError) as caught:
            api.page(syncToken=wrong)
        assert refusal(caught) == (400, "invalid")


def test_a_sync_token_expires_by_order_or_by_age(
    google: GoogleCalendar, ada: Person, api: Api, clock: FrozenClock
) -> None:
    _, token = api.all()
    google.world.expire_sync_tokens(ADA)
    with pytest.raises(HttpError) as caught:
        api.page(syncToken=token)
    assert refusal(caught) == (410, "fullSyncRequired")
    _, token = api.all()
    google.world.token_life = timedelta(days=7)
    assert api.all(syncToken=token)[0] == []
    clock.advance(timedelta(days=8))
    with pytest.raises(HttpError) as caught:
        api.page(syncToken=token)
    assert refusal(caught) == (410, "fullSyncRequired")


def test_a_sync_token_that_expires_in_the_middle_of_changes_ends_them(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    _, token = api.all()
    _five(ada)
    google.world.page_size = 2
    told = api.pages(syncToken=token)
    next(told)
    google.world.expire_sync_tokens(ADA)
    with pytest.raises(HttpError) as caught:
        next(told)
    assert refusal(caught) == (410, "fullSyncRequired")


def test_what_happens_between_two_pages_is_told_by_the_next_changes_at_the_latest(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    made = _five(ada)
    google.world.page_size = 2
    others: list[Callable[[], object]] = [
        partial(ada.deletes, made[0]),
        partial(ada.edits, made[4], summary="changed"),
    ]
    meanwhile = iter(others)
    google.world.between_pages = lambda _: next(meanwhile)()
    told, token = api.all()
    assert _ids(told) == made
    assert told[4]["summary"] == "changed"
    changes, _ = api.all(syncToken=token)
    assert [(each["id"], each["status"]) for each in changes] == [
        (made[0], "cancelled"),
        (made[4], "confirmed"),
    ]


def test_a_listing_may_be_of_an_older_world_and_loses_nothing_for_it(
    google: GoogleCalendar, ada: Person, api: Api
) -> None:
    first = ada.creates("old")
    _, before = api.all()
    ada.edits(first, summary="new")
    second = ada.creates("second")
    google.faults.stale(back=2)
    told, stale = api.all()
    assert [(event["id"], event["summary"]) for event in told] == [(first, "old")]
    assert _ids(api.all(syncToken=stale)[0]) == [first, second]
    google.faults.stale(back=1)
    changes, stale = api.all(syncToken=before)
    assert [event["summary"] for event in changes] == ["new"]
    assert _ids(api.all(syncToken=stale)[0]) == [second]


def test_a_window_chooses_by_overlap_and_its_token_knows_no_window(ada: Person, api: Api) -> None:
    made = _five(ada)
    weekly = ada.creates_series("FREQ=WEEKLY", start=date(2026, 1, 1))
    window = {"timeMin": "2026-12-02T00:00:00+01:00", "timeMax": "2026-12-04T00:00:00+01:00"}
    told, token = api.all(**window)
    assert _ids(told) == [*made[1:3], weekly]
    ada.edits(made[4], summary="far away")
    assert _ids(api.all(syncToken=token)[0]) == [made[4]]


def test_an_event_is_found_by_what_a_program_wrote_on_it(api: Api) -> None:
    private = {"private": {"hubItem": "7"}}
    api.insert(day("2026-12-01", "2026-12-02", id="ours7", extendedProperties=private))
    api.insert(day("2026-12-01", "2026-12-02", id="ours8"))
    page = api.page(privateExtendedProperty="hubItem=7")
    assert _ids(page["items"]) == ["ours7"]
    assert "nextSyncToken" not in page


def test_an_answer_may_be_asked_for_in_part(ada: Person, api: Api) -> None:
    event = ada.creates("told", date(2026, 12, 1))
    page = api.page(fields="nextSyncToken,items(id,start/date)")
    assert page["items"] == [{"id": event, "start": {"date": "2026-12-01"}}]
    assert page.keys() == {"nextSyncToken", "items"}


def test_a_very_long_question_comes_as_a_post_and_is_a_get(google: GoogleCalendar, api: Api) -> None:
    page = api.page(q="long " * 600)
    assert page["items"] == []
    [entry] = google.requests("events.list")
    assert (entry.method, entry.status) == ("GET", 200)


def test_occurrences_are_not_told_one_by_one(api: Api) -> None:
    with pytest.raises(HttpError) as caught:
        api.page(singleEvents=True)
    assert refusal(caught) == (501, "notImplemented")
