"""A pull: what is asked, what counts as unchanged, and what the cursor remembers."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.contract import Pulled, Window
from connectors.errors import Unavailable
from connectors.ical import process, reading
from connectors.ical.connector import IcalConnector, IcalSettings
from connectors.transport import Network
from tests.connectors.ical.reading import calendar
from tests.fakes.feed_server import FeedServer

SAMPLE = (Path(__file__).parent / "samples" / "booking.ics").read_bytes()
OTHER = (Path(__file__).parent / "samples" / "airbnb.ics").read_bytes()
LISBON = ZoneInfo("Europe/Lisbon")
WINDOW = Window(date(2026, 11, 21), date(2028, 5, 21))
PATH = "/feed.ics"


def pull(
    remote: FeedServer,
    cursor: dict[str, str] | None = None,
    window: Window = WINDOW,
    zone: ZoneInfo = LISBON,
) -> Pulled:
    settings = IcalSettings(url=remote.url(PATH))
    return IcalConnector().pull(settings, cursor, window, zone, Network([remote.host]))


def moved(days: int) -> Window:
    return Window(WINDOW.first + timedelta(days=days), WINDOW.after + timedelta(days=days))


def asked(remote: FeedServer) -> dict[str, str]:
    headers = remote.requests(PATH)[-1].headers
    return {name: headers[name] for name in ("if-none-match", "if-modified-since") if name in headers}


def test_a_first_pull_asks_without_conditions_and_brings_everything(remote: FeedServer) -> None:
    remote.answer(PATH, body=SAMPLE, etag='"1"', headers={"Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT"})

    pulled = pull(remote)

    assert (len(pulled.events), pulled.full, pulled.unchanged, pulled.problems) == (2, True, False, ())
    assert pulled.cursor["etag"] == '"1"'
    assert pulled.cursor["last_modified"] == "Sat, 21 Nov 2026 12:00:00 GMT"
    assert asked(remote) == {}
    assert "text/calendar" in remote.requests(PATH)[0].headers["accept"]


def test_the_next_pull_is_conditional_and_a_304_is_unchanged(remote: FeedServer) -> None:
    remote.answer(PATH, body=SAMPLE, etag='"1"', headers={"Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT"})
    first = pull(remote)

    second = pull(remote, first.cursor)

    assert (second.unchanged, second.events, second.cursor) == (True, (), first.cursor)
    assert asked(remote) == {
        "if-none-match": '"1"',
        "if-modified-since": "Sat, 21 Nov 2026 12:00:00 GMT",
    }


@pytest.mark.parametrize("said", ["é", "x" * 1001, "a\tb"])
def test_what_cannot_be_said_back_is_no_condition(remote: FeedServer, said: str) -> None:
    remote.answer(PATH, body=SAMPLE, headers={"ETag": said, "Last-Modified": said})
    first = pull(remote)
    assert (first.cursor["etag"], first.cursor["last_modified"]) == ("", "")

    second = pull(remote, first.cursor | {"etag": said, "last_modified": said})

    assert second.unchanged
    assert asked(remote) == {}


def test_the_same_bytes_are_unchanged_where_the_remote_has_no_etag(remote: FeedServer) -> None:
    remote.answer(PATH, body=SAMPLE)
    first = pull(remote)

    second = pull(remote, first.cursor)

    assert second.unchanged
    assert second.cursor == first.cursor


def test_other_bytes_are_a_change(remote: FeedServer) -> None:
    remote.answer(PATH, body=SAMPLE, etag='"1"')
    first = pull(remote)
    remote.answer(PATH, body=OTHER, etag='"2"')

    second = pull(remote, first.cursor)

    assert not second.unchanged
    assert {event.uid.partition("@")[2] for event in second.events} == {"airbnb.com"}
    assert second.cursor["etag"] == '"2"'


@pytest.mark.parametrize("days", [1, -1])
def test_a_window_that_moved_by_a_day_is_still_covered(remote: FeedServer, days: int) -> None:
    remote.answer(PATH, body=SAMPLE, etag='"1"')
    first = pull(remote)

    assert pull(remote, first.cursor, moved(days)).unchanged


def test_a_window_that_creeps_is_expanded_anew_after_two_days(remote: FeedServer) -> None:
    """The cursor remembers the window that was expanded, not the one last asked for."""
    remote.answer(PATH, body=SAMPLE, etag='"1"')
    first = pull(remote)
    second = pull(remote, first.cursor, moved(1))

    third = pull(remote, second.cursor, moved(2))

    assert second.unchanged
    assert not third.unchanged
    assert len(third.events) == 2
    assert asked(remote) == {}


def test_another_zone_expands_anew(remote: FeedServer) -> None:
    remote.answer(PATH, body=SAMPLE, etag='"1"')
    first = pull(remote)

    assert not pull(remote, first.cursor, zone=ZoneInfo("Asia/Tokyo")).unchanged
    assert asked(remote) == {}


@pytest.mark.parametrize(
    "damage",
    [{"reader": "0"}, {"options": ""}, {"first": "soon"}, {"zone": ""}, {"after": ""}],
    ids=lambda damage: next(iter(damage)),
)
def test_a_cursor_that_does_not_fit_is_not_trusted(remote: FeedServer, damage: dict[str, str]) -> None:
    remote.answer(PATH, body=SAMPLE, etag='"1"')
    first = pull(remote)

    assert not pull(remote, first.cursor | damage).unchanged
    assert not pull(remote, {}).unchanged


def test_a_304_that_nobody_asked_for_is_no_answer(remote: FeedServer) -> None:
    remote.answer(PATH, status=304)

    with pytest.raises(Unavailable) as raised:
        pull(remote)

    assert raised.value.code == "not_a_calendar"


@pytest.mark.parametrize("status", [201, 203, 204, 206])
def test_only_200_counts(remote: FeedServer, status: int) -> None:
    remote.answer(PATH, status=status, body=SAMPLE)

    with pytest.raises(Unavailable) as raised:
        pull(remote)

    assert raised.value.code == "not_a_calendar"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html></html>", "not_a_calendar"),
        (SAMPLE[:-20], "not_a_calendar"),
        (SAMPLE.replace(b"PUBLISH", b"CANCEL"), "cancellation"),
    ],
)
def test_a_body_that_is_no_calendar_has_a_code_of_its_own(remote: FeedServer, body: bytes, code: str) -> None:
    remote.answer(PATH, body=body)

    with pytest.raises(Unavailable) as raised:
        pull(remote)

    assert raised.value.code == code
    assert raised.value.message.startswith("127.0.0.1 answered something that is not a calendar")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (calendar(*["BEGIN:X"] * 100), "too_complex", "it has more than 20 components within one another"),
        (
            calendar(*["BEGIN:VEVENT\nEND:VEVENT"] * 30_001),
            "too_many_events",
            "it has more than 30000 events",
        ),
    ],
)
def test_a_calendar_that_costs_too_much_is_no_answer(
    remote: FeedServer, body: bytes, code: str, message: str
) -> None:
    remote.answer(PATH, body=body)

    with pytest.raises(Unavailable) as raised:
        pull(remote)

    assert raised.value.code == code
    assert raised.value.message == f"127.0.0.1 answered a calendar that cannot be read: {message}"


def test_a_reader_that_is_missing_is_nothing_the_channel_said(
    remote: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.answer(PATH, body=SAMPLE)
    reading.close()
    monkeypatch.setattr(process, "COMMAND", ("/nowhere/python",))

    with pytest.raises(Unavailable) as raised:
        pull(remote)

    assert raised.value.code == "no_reader"


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://example.com/a.ics?s=1", "https://example.com/a.ics?s=1"),
        ("  https://example.com/a.ics\n", "https://example.com/a.ics"),
        ("webcal://example.com/a.ics", "https://example.com/a.ics"),
        ("WEBCALS://example.com/a.ics", "https://example.com/a.ics"),
        ("http://127.0.0.1:8000/a.ics", "http://127.0.0.1:8000/a.ics"),
    ],
)
def test_addresses_that_may_be_a_setting(written: str, url: str) -> None:
    assert IcalSettings(url=written).url == url


@pytest.mark.parametrize(
    "written",
    [
        "",
        "example.com/s3cr3t",
        "ftp://example.com/s3cr3t",
        "https://u:s3cr3t@example.com/",
        "http://0x7f.1/s3cr3t",
    ],
)
def test_addresses_that_may_not_are_refused_without_repeating_them(written: str) -> None:
    with pytest.raises(ValidationError) as refused:
        IcalSettings(url=written)

    assert "s3cr3t" not in str(refused.value)
    assert refused.value.errors()[0]["loc"] == ("url",)
