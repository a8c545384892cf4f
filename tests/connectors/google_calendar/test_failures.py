"""What Google refuses means one thing to the caller, whatever call it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.calendars import Draft, Marker, Missed
from connectors.contract import AllDay
from connectors.errors import (
    ConnectorError,
    CursorExpired,
    NeedsReconnect,
    RateLimited,
    Rejected,
    Unavailable,
)
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.transport import Network
from hub import clock
from tests.connectors.google_calendar.scripted import CUT, Answer, Scripted, refused, settings

TODAY = clock.today("UTC")
DRAFT = Draft(AllDay(TODAY, TODAY + timedelta(days=2)), "Ada", "", True, Marker("i", "r", "s"))
CALENDAR_THERE = Answer(200, {"items": [], "nextSyncToken": "s"})
EVENT = {"id": "e1", "etag": '"1"', "status": "confirmed"}


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refused(401, "authError"), NeedsReconnect, "signed_out"),
        (refused(403, "rateLimitExceeded"), RateLimited, "rate_limited"),
        (refused(403, "userRateLimitExceeded"), RateLimited, "rate_limited"),
        (refused(403, "quotaExceeded"), RateLimited, "rate_limited"),
        (refused(429, "rateLimitExceeded"), RateLimited, "rate_limited"),
        (Answer(429, b""), RateLimited, "rate_limited"),
        (refused(403, "forbidden"), NeedsReconnect, "access_refused"),
        (Answer(403, b"<html>"), NeedsReconnect, "access_refused"),
        (refused(403, "insufficientPermissions"), NeedsReconnect, "scope_missing"),
        (refused(403, "accessNotConfigured"), NeedsReconnect, "not_enabled"),
        (refused(404, "notFound"), Rejected, "calendar_gone"),
        (refused(410, "fullSyncRequired"), CursorExpired, "cursor_expired"),
        (refused(400, "invalid", location="syncToken"), CursorExpired, "cursor_expired"),
        (refused(400, "invalid"), CursorExpired, "cursor_expired"),
        (refused(400, "invalid", location="maxResults"), Rejected, "request_rejected"),
        (Answer(400, {"error": "odd"}), Rejected, "request_rejected"),
        (refused(500, "backendError"), Unavailable, "remote_error"),
        (Answer(503, b"<html>"), Unavailable, "remote_error"),
        (Answer(302, b"", {"location": "http://127.0.0.1:1/"}), Unavailable, "unexpected_status"),
        (Answer(200, b"<html>a hotel's wireless network"), Unavailable, "unreadable"),
        (Answer(200, b"\xff\xfe\xff"), Unavailable, "unreadable"),
        (Answer(200, b"[" * 100_000), Unavailable, "unreadable"),
        (Answer(200, []), Unavailable, "unreadable"),
        (Answer(200, {"items": []}), Unavailable, "unreadable"),
        (Answer(200, {"items": [{}], "nextSyncToken": "s"}), Unavailable, "unreadable"),
        (Answer(204, b""), Unavailable, "unreadable"),
        (Answer(200, {}), Unavailable, "unreadable"),
        (
            Answer(200, {"items": [], "nextSyncToken": "s", "accessRole": "freeBusyReader"}),
            NeedsReconnect,
            "access_refused",
        ),
        (CUT, Unavailable, "unreachable"),
    ],
)
def test_a_listing_that_fails_says_what_to_do(
    google: Scripted,
    network: Network,
    connector: GoogleCalendarConnector,
    answer: Answer,
    kind: type[ConnectorError],
    code: str,
) -> None:
    google.answers = [answer]

    with pytest.raises(ConnectorError) as failed:
        connector.changes(settings(), {"syncToken": "old"}, None, network)

    assert (type(failed.value), failed.value.code) == (kind, code)
    assert "someone@example.com" not in str(failed.value)
    assert "@group.calendar" not in str(failed.value)


@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait_is_told(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, status: int
) -> None:
    google.answers = [Answer(status, b"", {"Retry-After": "90"})]

    with pytest.raises((RateLimited, Unavailable)) as failed:
        connector.look(settings(), "e1", network)

    assert getattr(failed.value, "retry_after", None) == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("answers", "missed"),
    [
        ([refused(412, "conditionNotMet")], Missed.CHANGED),
        ([refused(409, "conflict")], Missed.CHANGED),
        ([refused(410, "deleted")], Missed.GONE),
        ([refused(404, "notFound"), CALENDAR_THERE], Missed.GONE),
    ],
)
def test_a_write_that_found_another_event_says_which(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, answers: Any, missed: Missed
) -> None:
    google.answers = list(answers)
    assert connector.remove(settings(), "e1", '"1"', network) == missed

    google.answers = [Answer(200, EVENT), *answers]
    assert connector.replace(settings(), "e1", DRAFT, '"1"', network) == missed


def test_an_id_that_was_taken_exists(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [refused(409, "duplicate")]

    assert connector.create(settings(), "e1", DRAFT, network) == Missed.EXISTS


@pytest.mark.parametrize("second", [refused(404, "notFound"), refused(403, "forbidden")])
def test_an_event_is_not_believed_gone_where_its_calendar_is(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, second: Answer
) -> None:
    for call in (
        lambda: connector.look(settings(), "e1", network),
        lambda: connector.remove(settings(), "e1", '"1"', network),
        lambda: connector.replace(settings(), "e1", DRAFT, '"1"', network),
    ):
        google.answers = [refused(404, "notFound"), second]
        with pytest.raises((Rejected, NeedsReconnect)):
            call()


def test_an_event_is_believed_gone_where_its_calendar_answers(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [refused(404, "notFound"), CALENDAR_THERE]

    assert connector.look(settings(), "e1", network) is None


@pytest.mark.parametrize("answer", [CUT, Answer(500, b""), Answer(200, b"{"), Answer(200, {"id": "other"})])
def test_a_write_whose_outcome_is_unknown_is_unavailable_and_not_repeated(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, answer: Answer
) -> None:
    google.answers = [answer]

    with pytest.raises(Unavailable):
        connector.create(settings(), "e1", DRAFT, network)

    assert len(google.calls) == 1


def test_a_server_that_is_not_there_is_unavailable(connector: GoogleCalendarConnector) -> None:
    with Scripted() as gone:
        network = gone.network()

    with pytest.raises(Unavailable, match="cannot be reached"):
        connector.changes(settings(), None, None, network)


@pytest.mark.parametrize(
    "answer", [Answer(204, b""), Answer(200, {"welcome": "guest"}), Answer(200, b"<html>")]
)
def test_a_calendar_is_there_only_if_it_answers_as_one(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, answer: Answer
) -> None:
    google.answers = [refused(404, "notFound"), answer]

    with pytest.raises(Unavailable):
        connector.look(settings(), "e1", network)


def test_a_listing_without_a_cursor_has_none_that_could_have_expired(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [refused(400, "invalid")]

    with pytest.raises(Rejected):
        connector.changes(settings(), None, None, network)


def test_an_event_is_not_believed_removed_because_somebody_answered(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(200, b"<html>a hotel's wireless network")]

    with pytest.raises(Unavailable):
        connector.remove(settings(), "e1", '"1"', network)
