"""Channels by which Google tells of changes: opened, closed, and what they say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.errors import Unavailable
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.transport import Network
from tests.connectors.google_calendar.scripted import Answer, Scripted, refused, settings

ADDRESS = "https://hub.example.com/webhooks/google_calendar"


def test_a_watch_is_opened_and_says_until_when(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    told = {"id": "w1", "resourceId": "r1", "expiration": str(int(until.timestamp() * 1000))}
    google.answers = [Answer(200, told)]

    watch = connector.watch(settings(), "w1", "secret", ADDRESS, network)

    assert watch is not None
    assert (watch.id, watch.resource, watch.expires_at) == ("w1", "r1", until)
    assert google.calls[0].json == {
        "id": "w1",
        "token": "secret",
        "type": "web_hook",
        "address": ADDRESS,
        "params": {"ttl": "604800"},
    }


@pytest.mark.parametrize(
    "answer",
    [
        refused(400, "pushNotSupportedForRequestedResource"),
        refused(400, "push.webhookUrlNotHttps"),
        refused(401, "push.webhookUrlUnauthorized"),
        refused(400, "webhookUrlNotHttps"),
    ],
)
def test_a_watch_that_cannot_be_had_is_none(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, answer: Answer
) -> None:
    google.answers = [answer]

    assert connector.watch(settings(), "w1", "secret", ADDRESS, network) is None


def test_google_itself_is_not_asked_to_post_to_an_address_without_tls(
    connector: GoogleCalendarConnector,
) -> None:
    assert connector.watch(settings(), "w1", "secret", "http://hub.example.com/x", Network()) is None


@pytest.mark.parametrize("answer", [Answer(204, b""), refused(404, "notFound")])
def test_a_watch_is_closed_even_if_it_was(
    google: Scripted, network: Network, connector: GoogleCalendarConnector, answer: Answer
) -> None:
    google.answers = [answer]

    connector.unwatch(settings(), "w1", "r1", network)

    assert google.calls[0].json == {"id": "w1", "resourceId": "r1"}


def test_a_watch_that_cannot_be_closed_now_says_so(
    google: Scripted, network: Network, connector: GoogleCalendarConnector
) -> None:
    google.answers = [Answer(503, b"")]

    with pytest.raises(Unavailable):
        connector.unwatch(settings(), "w1", "r1", network)


def test_a_notice_is_read_by_its_headers(connector: GoogleCalendarConnector) -> None:
    headers = {"x-goog-channel-id": "w1", "x-goog-channel-token": "secret", "x-goog-resource-state": "exists"}

    changed = connector.read_notice(headers)
    hello = connector.read_notice(headers | {"x-goog-resource-state": "sync"})

    assert changed is not None
    assert hello is not None
    assert (changed.watch_id, changed.token, changed.begins, hello.begins) == ("w1", "secret", False, True)
    assert connector.read_notice({}) is None
    assert connector.read_notice(headers | {"x-goog-channel-id": "w" * 65}) is None
