"""The calendars of an account: listed, and made."""

from __future__ import annotations

import pytest

from connectors.errors import NeedsReconnect, Rejected, Unavailable
from connectors.google_calendar import connector as module
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.settings import GoogleCalendarSettings
from connectors.transport import Network
from tests.connectors.google_calendar.scripted import Answer, Scripted


def test_all_pages_of_calendars_are_listed(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    one = {"id": "a@example.com", "summary": "Ada", "timeZone": "UTC", "accessRole": "owner", "primary": True}
    google.answers = [
        Answer(200, {"items": [one], "nextPageToken": "p2"}),
        Answer(200, {"items": [{"id": "c", "summary": "Boats", "accessRole": "reader"}]}),
    ]

    listed = connector.calendars({"refresh_token": "1//refresh"}, network)

    assert [(each.id, each.writable, each.primary) for each in listed] == [
        ("a@example.com", True, True),
        ("c", False, False),
    ]
    assert google.calls[1].query["pageToken"] == "p2"


def test_a_list_of_calendars_that_never_ends_is_none(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PAGES", 5)
    google.answers = [Answer(200, {"items": [], "nextPageToken": "p"})]

    with pytest.raises(Unavailable, match="does not end"):
        connector.calendars({"refresh_token": "1//refresh"}, network)


def test_a_calendar_is_made(google: Scripted, network: Network, connector: GoogleCalendarConnector) -> None:
    google.answers = [lambda asked: Answer(200, {**asked.json, "id": "c_new"})]

    made = connector.make_calendar({"refresh_token": "1//refresh"}, "Boats", "Europe/Madrid", network)

    assert (made.id, made.name, made.time_zone, made.writable) == ("c_new", "Boats", "Europe/Madrid", True)


def test_where_we_see_only_our_own_calendars_there_are_none_to_choose(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    assert connector.calendars({"refresh_token": "1//refresh", "reach": "created"}, network) == ()
    assert google.asked == []


SETTINGS = GoogleCalendarSettings(refresh_token="1//refresh", calendar_id="c_boats")


@pytest.mark.parametrize("role", ["owner", "writer"])
def test_who_may_change_events_may_link_a_calendar_to_write_it(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, role: str
) -> None:
    google.answers = [Answer(200, {"items": [], "accessRole": role})]

    connector.check_writable(SETTINGS, network)

    assert google.calls[-1].query["maxResults"] == "1"


def test_who_may_only_read_a_calendar_is_told_before_it_is_linked(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, {"items": [], "accessRole": "reader"})]

    with pytest.raises(Rejected, match="only read") as refused:
        connector.check_writable(SETTINGS, network)

    assert refused.value.code == "read_only"


def test_who_sees_no_events_may_not_write_them_either(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, {"items": [], "accessRole": "freeBusyReader"})]

    with pytest.raises(NeedsReconnect):
        connector.check_writable(SETTINGS, network)
