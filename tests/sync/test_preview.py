"""A preview shows what a pull would do, and does nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from connectors.errors import Rejected, Unavailable
from connectors.transport import Network
from hub.domain.periods import Nights
from hub.errors import Refused
from sync import verifying
from sync.linking import Scope
from sync.preview import Preview, preview, preview_link
from sync.remote import known
from tests.fakes.feed_server import Answer
from tests.sync.calendars import day, nights
from tests.sync.importing import FEED, Importer

TABLES = ("connections", "links", "external_events", "external_blocks", "conflicts", "sync_runs", "outbox")


def _preview(importer: Importer, scope: Scope | None = None) -> Preview:
    settings = {"url": importer.channel.url(FEED)}
    wanted = scope or Scope(unit_id=importer.units[0])
    return preview(importer.runtime, importer.organization_id, "ical", settings, wanted)


def _rows(importer: Importer) -> dict[str, Any]:
    return importer.do(
        lambda session: {t: session.execute(text(f"SELECT count(*) FROM {t}")).scalar() for t in TABLES}
    )


def test_a_preview_shows_the_events_and_saves_nothing(importer: Importer) -> None:
    importer.says(nights("b", day(30), day(31), "Blocked"), nights("a", day(20), day(23)))
    before = _rows(importer)

    found = _preview(importer)

    assert found.title == "Seaside Rentals"
    assert [(event.summary, event.starts_at, event.ends_at, event.units) for event in found.events] == [
        ("Reserved", str(day(20)), str(day(23)), ("Room 1",)),
        ("Blocked", str(day(30)), str(day(31)), ("Room 1",)),
    ]
    assert _rows(importer) == before


def test_a_preview_names_what_it_would_clash_with(importer: Importer) -> None:
    importer.book(Nights(day(22), day(24)), importer.units[0])
    importer.says(nights("a", day(20), day(23)), nights("b", day(24), day(25)))

    first, second = _preview(importer).events

    assert first.clashes == (f"Room 1: a booking, {day(22)} to {day(24)}",)
    assert second.clashes == ()


def test_a_preview_of_a_type_shows_which_units_would_be_taken(importer: Importer) -> None:
    importer.book(Nights(day(20), day(23)), importer.units[0])
    importer.says(nights("a", day(20), day(23)), nights("b", day(21), day(22)))

    events = _preview(importer, Scope(unit_type_id=importer.unit_type_id)).events

    assert {event.units for event in events} == {("Room 2",), ()}
    assert {event.clashes for event in events} == {(), ("no unit is free for it",)}


def test_a_preview_of_a_type_says_where_no_one_unit_is_free_for_all_of_a_stay(importer: Importer) -> None:
    importer.book(Nights(day(20), day(22)), importer.units[0])
    importer.book(Nights(day(22), day(23)), importer.units[1])
    importer.says(nights("a", day(20), day(23)))

    (event,) = _preview(importer, Scope(unit_type_id=importer.unit_type_id)).events

    assert (event.units, event.clashes) == (("Room 1", "Room 2"), ("no unit is free for all of it",))


def test_a_preview_of_a_type_goes_round_other_channels(importer: Importer) -> None:
    importer.says(nights("x", day(20), day(23)), feed="/first.ics")
    importer.pull(importer.link("/first.ics"))
    importer.says(nights("a", day(20), day(23)))

    (event,) = _preview(importer, Scope(unit_type_id=importer.unit_type_id)).events

    assert event.units == ("Room 2",)


def test_a_preview_of_a_link_is_not_in_its_own_way(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(20), day(23)))
    link = importer.link(unit_type_id=importer.unit_type_id)
    importer.pull(link)
    held = importer.held(link)

    found = preview_link(importer.runtime, importer.organization_id, link)

    assert {event.units for event in found.events} == {("Room 1",), ("Room 2",)}
    assert importer.held(link) == held


def test_what_is_free_and_what_is_broken_is_shown_too(importer: Importer) -> None:
    free = nights("a", day(20), day(23)).replace("SUMMARY", "TRANSP:TRANSPARENT\r\nSUMMARY")
    odd = nights("b", day(30), day(32)).replace(f"DTEND;VALUE=DATE:{day(32):%Y%m%d}", "DTEND:soon")
    importer.says(free, odd)

    first, second = _preview(importer).events

    assert (first.busy, first.units) == (False, ())
    assert second.busy
    assert second.problem is not None


def test_a_look_at_an_address_needs_no_organization(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))

    found = preview(importer.runtime, None, "ical", {"url": importer.channel.url(FEED)})

    assert [(event.starts_at, event.units) for event in found.events] == [(str(day(20)), ())]


def test_a_preview_of_what_does_not_answer_says_so(importer: Importer) -> None:
    importer.answers(Answer(status=500))

    with pytest.raises(Unavailable):
        _preview(importer)


# Whose fault it is


@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (Rejected("not found", code="not_found"), True),
        (Rejected("leads to an address that is not public", code="address_refused"), True),
        (Unavailable("is no calendar", code="not_a_calendar"), True),
        (Unavailable("cannot be resolved", code="unknown_host"), True),
        (Unavailable("did not answer in time", code="timeout"), False),
        (Unavailable("answered with an error (500)", code="remote_error"), False),
    ],
)
def test_a_wrong_address_is_the_callers_and_an_outage_is_not(error: Exception, blamed: bool) -> None:
    with pytest.raises(Refused if blamed else Unavailable) as raised, verifying.blaming(known("ical")):
        raise error

    if isinstance(raised.value, Refused):
        assert raised.value.reasons[0].field == "settings.url"


def test_a_change_is_undone_while_its_channel_is_asked_and_done_when_it_vouches(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    attempts = []

    def change(verify: verifying.Verify) -> str:
        attempts.append(len(importer.channel.requests()))
        importer.do(lambda session: verify(session, importer.state(link)))
        return "done"

    assert verifying.after_asking(Network(["127.0.0.1"]), change) == "done"
    assert attempts == [0, 1]
