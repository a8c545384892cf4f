"""Which calls the connector makes, and what it makes of the answers."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from connectors.calendars import Draft, Marker, Missed
from connectors.contract import AllDay
from connectors.errors import NeedsReconnect
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.service import service
from connectors.transport import Closing, Network
from hub import clock
from tests.connectors.google_calendar.scripted import Answer, Scripted, settings

TODAY = clock.today("UTC")
DRAFT = Draft(AllDay(TODAY, TODAY + timedelta(days=2)), "Ada", "two", True, Marker("i", "r", "s"), "Sage")
EVENT: dict[str, Any] = {
    "id": "e1",
    "etag": '"1"',
    "status": "confirmed",
    "start": {"date": TODAY.isoformat()},
    "end": {"date": (TODAY + timedelta(days=1)).isoformat()},
}


def test_a_full_listing_names_nothing_that_a_token_would_forbid(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [
        Answer(200, {"items": [EVENT], "nextPageToken": "p2"}),
        Answer(200, {"items": [], "nextSyncToken": "s1"}),
        Answer(200, {"items": [], "nextSyncToken": "s2"}),
    ]

    first = connector.changes(settings(), None, None, network)
    last = connector.changes(settings(), None, first.next_page, network)
    delta = connector.changes(settings(), last.cursor, None, network)

    common = {"singleEvents": "false", "maxResults": "1000", "alt": "json"}
    assert [call.query for call in google.calls] == [
        common,
        common | {"pageToken": "p2"},
        common | {"syncToken": "s1"},
    ]
    assert (first.full, last.full, delta.full) == (True, True, False)
    assert (last.cursor, delta.cursor) == ({"syncToken": "s1"}, {"syncToken": "s2"})


def test_a_page_of_changes_is_asked_for_with_its_cursor(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, {"items": [], "nextSyncToken": "s2"})]

    connector.changes(settings(), {"syncToken": "s1"}, "p2", network)

    assert google.calls[0].query["syncToken"] == "s1"
    assert google.calls[0].query["pageToken"] == "p2"


def test_a_request_too_long_for_a_line_still_asks_the_same(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, {"items": [], "nextSyncToken": "s2"})]

    connector.changes(settings(), {"syncToken": "s" * 3000}, None, network)

    call = google.calls[0]
    assert (call.method, call.headers["x-http-method-override"]) == ("POST", "GET")
    assert call.form["syncToken"] == "s" * 3000


def test_an_event_is_created_under_our_id_and_nobody_is_told(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [lambda asked: Answer(200, {**asked.json, "etag": '"1"'})]

    made = connector.create(settings(), "e1", DRAFT, network)

    call = google.calls[0]
    assert (call.method, call.query["sendUpdates"], call.json["id"]) == ("POST", "none", "e1")
    assert "iCalUID" not in call.json
    assert not isinstance(made, Missed)
    assert (made.etag, made.marker) == ('"1"', DRAFT.marker)


def test_an_event_is_replaced_only_in_the_version_that_was_meant(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [
        Answer(200, EVENT | {"location": "Quay 3"}),
        lambda asked: Answer(200, {**asked.json, "etag": '"2"'}),
    ]

    made = connector.replace(settings(), "e1", DRAFT, '"1"', network)

    call = google.calls[1]
    assert (call.method, call.headers["if-match"]) == ("PUT", '"1"')
    assert (call.query["sendUpdates"], call.json["location"]) == ("none", "Quay 3")
    assert not isinstance(made, Missed)
    assert made.etag == '"2"'


@pytest.mark.parametrize(
    ("there", "missed"),
    [
        (EVENT | {"etag": '"other"'}, Missed.CHANGED),
        ({"id": "e1", "status": "cancelled", "etag": '"1"'}, Missed.GONE),
    ],
)
def test_another_version_is_not_even_tried_to_be_replaced(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, there: Any, missed: Missed
) -> None:
    google.answers = [Answer(200, there)]

    assert connector.replace(settings(), "e1", DRAFT, '"1"', network) == missed
    assert [call.method for call in google.calls] == ["GET"]


def test_an_event_is_removed_only_in_the_version_that_was_meant(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(204, b"")]

    assert connector.remove(settings(), "e1", '"1"', network) is None
    call = google.calls[0]
    assert (call.method, call.headers["if-match"], call.query["sendUpdates"]) == ("DELETE", '"1"', "none")


def test_no_version_is_never_any_version(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, {name: value for name, value in EVENT.items() if name != "etag"})]

    assert connector.remove(settings(), "e1", "", network) == Missed.CHANGED
    assert connector.replace(settings(), "e1", DRAFT, "", network) == Missed.CHANGED
    assert [call.method for call in google.calls] == ["GET"]


def test_a_deleted_event_is_still_seen(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, {"id": "e1", "status": "cancelled"})]

    seen = connector.look(settings(), "e1", network)

    assert seen is not None
    assert seen.deleted


def test_a_check_asks_the_calendar_itself(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, {"items": [], "accessRole": "owner", "nextSyncToken": "s"})]
    connector.check(settings(), network)
    assert google.calls[0].query["maxResults"] == "1"

    google.answers = [Answer(200, {"items": [], "accessRole": "freeBusyReader"})]
    with pytest.raises(NeedsReconnect, match="have it shared"):
        connector.check(settings(), network)


def test_every_call_goes_to_the_root_and_batches_too() -> None:
    made = service("http://127.0.0.1:9/")

    request = made.events.list(calendarId="c")
    assert request.uri.startswith("http://127.0.0.1:9/calendar/v3/calendars/c/events")
    assert service("http://127.0.0.1:9/") is made
    assert service(None).events.list(calendarId="c").uri.startswith("https://www.googleapis.com/calendar/v3/")


def test_a_process_that_never_asks_google_does_not_load_its_library() -> None:
    program = (
        "import sys; from connectors.google_calendar.connector import GoogleCalendarConnector as C; C();"
        "print([name for name in ('googleapiclient', 'httplib2', 'google.oauth2') if name in sys.modules])"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


def test_nothing_more_is_asked_by_a_process_that_is_about_to_end(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    network.close()

    with pytest.raises(Closing):
        connector.changes(settings(), None, None, network)

    assert google.asked == []
