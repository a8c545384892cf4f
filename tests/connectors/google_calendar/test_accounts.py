"""Whole ways through an account, against the double: sign in, choose, write, watch; and how each ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from connectors.applications import Application
from connectors.calendars import Draft, Marker, Missed
from connectors.contract import AllDay, Window
from connectors.errors import ConnectorError, NeedsReconnect, Rejected
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.scopes import EVENTS
from connectors.google_calendar.settings import GoogleCalendarSettings
from connectors.transport import Network
from hub import clock
from tests.fakes.google_account import CLIENT_ID, CLIENT_SECRET
from tests.fakes.google_calendar import GoogleCalendar, Person, Serving

BACK = "https://hub.example.com/callback"
ITEM = UUID("01980000-0000-7000-8000-000000000000")
TODAY = clock.today("UTC")
DRAFT = Draft(AllDay(TODAY, TODAY + timedelta(days=2)), "Ada", "two", True, Marker("i", "r", "s"), "Sage")


@pytest.fixture
def double() -> Iterator[GoogleCalendar]:
    google = GoogleCalendar()
    with Serving(google):
        yield google
    assert google.violations == []


@pytest.fixture
def ada(double: GoogleCalendar) -> Person:
    return double.person("ada@example.com")


@pytest.fixture
def way(double: GoogleCalendar) -> Network:
    key = double.oauth.service_account()
    return Network(applications={"google_calendar": Application(double.root, CLIENT_ID, CLIENT_SECRET, key)})


def _signed_in(
    double: GoogleCalendar, way: Network, settings: dict[str, object], scopes: Any = None
) -> dict[str, object]:
    connector = GoogleCalendarConnector()
    beginning = connector.begin_sign_in(settings, BACK, way)
    code = double.oauth.approve(beginning.url, "ada@example.com", scopes)
    return dict(connector.finish_sign_in(settings, code, beginning.verifier, BACK, way))


def _of(account: dict[str, object], calendar_id: str, **more: Any) -> GoogleCalendarSettings:
    return GoogleCalendarSettings.model_validate({**account, "calendar_id": calendar_id, **more})


@pytest.mark.parametrize("reach", ["all", "created"])
def test_an_account_is_connected_and_a_calendar_made_written_watched_and_left(
    double: GoogleCalendar, ada: Person, way: Network, reach: str
) -> None:
    connector = GoogleCalendarConnector()
    account = _signed_in(double, way, {"reach": reach})

    made = connector.make_calendar(account, "Boats", "Europe/Madrid", way)
    own = _of(account, made.id)
    connector.check(own, way)
    known_as = connector.event_id(ITEM, 0)
    event = connector.create(own, known_as, DRAFT, way)
    assert not isinstance(event, Missed)
    ada.edits(known_as, made.id, location="Quay 3")
    assert connector.replace(own, known_as, DRAFT, event.etag, way) == Missed.CHANGED
    seen = connector.look(own, known_as, way)
    assert seen is not None
    again = connector.replace(own, known_as, DRAFT, seen.etag, way)
    assert not isinstance(again, Missed)
    assert ada.sees(known_as, made.id)["location"] == "Quay 3"
    watch = connector.watch(own, "watch-1", "secret", "https://127.0.0.1:9/x", way)
    assert watch is not None
    assert watch.expires_at > clock.now()
    connector.unwatch(own, watch.id, watch.resource, way)
    connector.unwatch(own, watch.id, watch.resource, way)
    assert connector.remove(own, known_as, again.etag, way) is None
    assert connector.create(own, known_as, DRAFT, way) == Missed.EXISTS

    listed = [calendar.id for calendar in connector.calendars(account, way)]
    assert listed == [] if reach == "created" else {made.id, "ada@example.com"} <= set(listed)


def test_a_sign_in_with_boxes_unticked_is_refused(double: GoogleCalendar, ada: Person, way: Network) -> None:
    with pytest.raises(Rejected, match="leave every box ticked"):
        _signed_in(double, way, {}, {EVENTS})


def test_a_code_is_good_only_for_who_began(double: GoogleCalendar, ada: Person, way: Network) -> None:
    connector = GoogleCalendarConnector()
    mine, theirs = (connector.begin_sign_in({}, BACK, way) for _ in range(2))
    code = double.oauth.approve(theirs.url, ada.email)

    with pytest.raises(Rejected, match="begin it again"):
        connector.finish_sign_in({}, code, mine.verifier, BACK, way)


@pytest.mark.parametrize("ending", ["revoked", "unshared", "deleted", "only readable", "only busy"])
def test_whatever_ends_an_access_says_in_words_what_to_do(
    double: GoogleCalendar, ada: Person, way: Network, ending: str
) -> None:
    connector, eve = GoogleCalendarConnector(), double.person("eve@example.com")
    theirs = eve.makes_calendar("Boats")
    eve.shares(theirs, ada.email)
    account = _signed_in(double, way, {})
    own = _of(account, theirs)
    connector.check(own, way)

    if ending == "revoked":
        double.oauth.revoke(ada.email)
    elif ending == "unshared":
        eve.unshares(theirs, ada.email)
    elif ending == "deleted":
        eve.deletes_calendar(theirs)
    else:
        eve.shares(theirs, ada.email, "reader" if ending == "only readable" else "freeBusyReader")

    known_as = connector.event_id(ITEM, 0)
    with pytest.raises(ConnectorError) as failed:
        connector.create(own, known_as, DRAFT, way)
    kind = Rejected if ending == "deleted" else NeedsReconnect
    assert type(failed.value) is kind
    assert any(words in str(failed.value) for words in ("sign in", "share"))
    if ending != "only readable":
        for call in (
            lambda: connector.changes(own, None, None, way),
            lambda: connector.check(own, way),
        ):
            with pytest.raises(kind):
                call()
        if ending != "only busy":
            with pytest.raises(kind):
                connector.look(own, known_as, way)


def test_a_service_account_acts_for_whom_it_may(double: GoogleCalendar, ada: Person, way: Network) -> None:
    connector = GoogleCalendarConnector()
    account: dict[str, object] = {"subject": "ada@example.com"}
    with pytest.raises(NeedsReconnect, match="domain-wide delegation"):
        connector.calendars(account, way)

    double.oauth.delegated.add("example.com")

    made = connector.make_calendar(account, "Boats", "UTC", way)
    assert made.id in {calendar.id for calendar in connector.calendars(account, way)}


def test_busy_times_of_a_calendar_are_told_without_its_words(
    double: GoogleCalendar, ada: Person, way: Network
) -> None:
    connector, eve = GoogleCalendarConnector(), double.person("eve@example.com")
    theirs = eve.makes_calendar("Boats")
    eve.shares(theirs, ada.email, "freeBusyReader")
    eve.creates("Secret", date(2026, 7, 1), date(2026, 7, 4), theirs)
    own = _of(_signed_in(double, way, {}), theirs, access="free_busy")
    window = Window(date(2026, 6, 1), date(2026, 12, 1))

    connector.check(own, way)
    pulled = connector.pull(own, None, window, ZoneInfo("UTC"), way)

    assert [event.when for event in pulled.events] == [AllDay(date(2026, 7, 1), date(2026, 7, 4))]
    double.ailing[theirs] = "internalError"
    with pytest.raises(ConnectorError):
        connector.busy(own, datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC), way)


def test_a_token_that_ended_early_is_not_felt(double: GoogleCalendar, ada: Person, way: Network) -> None:
    connector = GoogleCalendarConnector()
    own = _of(_signed_in(double, way, {}), "ada@example.com")
    connector.check(own, way)
    exchanges = double.oauth.exchanges

    double.oauth.expire_access_tokens()
    connector.check(own, way)

    assert double.oauth.exchanges == exchanges + 1
