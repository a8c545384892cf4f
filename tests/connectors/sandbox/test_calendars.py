"""What channels write, read by a library that knows nothing of them: their truth, in their own manner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from connectors.sandbox.channel import Channel
from connectors.sandbox.channels import CHANNELS
from connectors.sandbox.reading import Imported
from connectors.sandbox.stays import Kind, Slot, Stay, slots, taken
from hub.domain.periods import Hours, Nights

MADRID = ZoneInfo("Europe/Madrid")
STARTED = datetime(2026, 9, 10, 6, tzinfo=UTC)
DAYS = 60
EVERY = 6
CHECK_IN, CHECK_OUT = time(15), time(11)


def a_channel(kind: str, seed: object = 1, acts_a_day: float = 2.0) -> Channel:
    return Channel(kind, seed, STARTED, MADRID, acts_a_day=acts_a_day)


def busy(body: bytes, first: date, after: date) -> list[tuple[Any, Any]]:
    """Begin and end of all that is busy, recurrences expanded."""
    calendar = icalendar.Calendar.from_ical(body)
    found = recurring_ical_events.of(calendar, keep_recurrence_attributes=True).between(first, after)
    return [
        (event.start, event.end)
        for event in found
        if event.get("TRANSP") != "TRANSPARENT"
        and event.get("STATUS") != "CANCELLED"
        and event.start != event.end
    ]


def nights(spans: Iterable[tuple[Any, Any]]) -> frozenset[Slot]:
    """That these meet, by the hours of check-in and check-out."""
    found: set[Slot] = set()
    for begin, end in spans:
        if not isinstance(begin, datetime):
            found |= slots(Nights(begin, end))
            continue
        day = begin.date() - timedelta(days=1)
        while day <= end.date():
            opens = datetime.combine(day, CHECK_IN, MADRID)
            closes = datetime.combine(day + timedelta(days=1), CHECK_OUT, MADRID)
            if begin < closes and opens < end:
                found.add(day)
            day += timedelta(days=1)
    return frozenset(found)


def hours(spans: Iterable[tuple[Any, Any]]) -> frozenset[Slot]:
    utc = ((moment if moment.tzinfo else moment.replace(tzinfo=MADRID) for moment in span) for span in spans)
    return frozenset(slot for begin, end in utc for slot in slots(Hours(begin, end)))


def told(channel: Channel, now: datetime) -> frozenset[Slot]:
    today = now.astimezone(MADRID).date()
    read = busy(channel.calendar(now), today - timedelta(days=40), today + timedelta(days=400))
    return hours(read) if channel.manner.hourly else nights(read)


def to_come(taken: Iterable[Slot], now: datetime) -> frozenset[Slot]:
    today = now.astimezone(MADRID).date()
    return frozenset(slot for slot in taken if (slot > now if isinstance(slot, datetime) else slot > today))


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_calendar_says_what_is_taken_or_closed_and_nothing_else(kind: str) -> None:
    channel = a_channel(kind)
    for day in range(0, DAYS, EVERY):
        now = STARTED + timedelta(days=day)
        channel.live(now)
        said = to_come(told(channel, now), now)
        true = to_come(taken(channel.stays.values()) | channel.policy(now), now)
        departures = {
            slot
            for stay in channel.stays.values()
            if channel.manner.turnover and stay.kind is Kind.STAY and isinstance(stay.span, Nights)
            for slot in to_come([stay.span.departure], now)
        }
        assert said - departures == true - departures, day


@pytest.mark.parametrize("kind", CHANNELS)
def test_the_same_seed_gives_the_same_calendars(kind: str) -> None:
    def year(seed: int) -> list[bytes]:
        channel = a_channel(kind, seed)
        found = []
        for day in range(0, DAYS, EVERY):
            channel.live(STARTED + timedelta(days=day))
            found.append(channel.calendar(STARTED + timedelta(days=day)))
        return found

    assert year(7) == year(7)
    assert year(7) != year(8)


@pytest.mark.parametrize("kind", CHANNELS)
def test_what_is_taken_is_taken_once(kind: str) -> None:
    channel = a_channel(kind, acts_a_day=4.0)
    done = channel.live(STARTED + timedelta(days=DAYS))
    everything = [slot for stay in channel.stays.values() for slot in slots(stay.span)]

    assert len(everything) == len(set(everything))
    assert len(done) > DAYS
    assert {"book", "extend", "shorten", "move", "cancel", "block", "unblock"} <= {act.what for act in done}


def test_a_channel_sells_nothing_that_another_calendar_says_is_taken() -> None:
    channel = a_channel("vrbo", acts_a_day=6.0)
    span = Nights(date(2026, 9, 12), date(2026, 12, 1))
    channel.imported = (Imported("ours@hub.example", span),)
    channel.live(STARTED + timedelta(days=20))

    assert channel.stays
    assert not channel.taken & slots(span)


def lines(kind: str, channel: Channel | None = None, now: datetime = STARTED) -> str:
    channel = channel or with_one_stay(kind)
    return channel.calendar(now).decode().replace("\r\n ", "")


def with_one_stay(kind: str, span: Nights | Hours | None = None, what: Kind = Kind.STAY) -> Channel:
    channel = a_channel(kind, acts_a_day=0.0)
    span = span or Nights(date(2026, 10, 1), date(2026, 10, 4))
    stay = Stay("0123456789abcdef" * 4, what, span, STARTED, guest="Amélie")
    channel.stays[stay.id] = stay
    return channel


def test_airbnb_writes_the_end_first_and_names_the_reservation() -> None:
    written = lines("airbnb")

    assert "DTEND;VALUE=DATE:20261004\r\nDTSTART;VALUE=DATE:20261001" in written
    assert "Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM" in written
    assert "Phone Number (Last 4 Digits): " in written
    assert b"\r\n " in with_one_stay("airbnb").calendar(STARTED)


def test_windows_slide_with_the_days_and_what_is_over_is_pruned() -> None:
    channel = with_one_stay("airbnb", Nights(date(2026, 9, 11), date(2026, 9, 13)))
    first, then = lines("airbnb", channel), lines("airbnb", channel, STARTED + timedelta(days=3))

    assert "DTEND;VALUE=DATE:20260911\r\nDTSTART;VALUE=DATE:20260910" in first
    assert "DTSTART;VALUE=DATE:20270309" in first
    assert "DTEND;VALUE=DATE:20260914\r\nDTSTART;VALUE=DATE:20260913" in then
    assert "DTSTART;VALUE=DATE:20270312" in then
    assert "SUMMARY:Reserved" in first
    assert "SUMMARY:Reserved" not in then


def test_booking_reissues_uids_every_day_and_creeps_towards_the_checkout() -> None:
    channel = with_one_stay("booking", Nights(date(2026, 9, 9), date(2026, 9, 13)))
    first, then = lines("booking", channel), lines("booking", channel, STARTED + timedelta(days=1))

    assert uids(first) != uids(then)
    assert "DTSTART;VALUE=DATE:20260910\r\nDTEND;VALUE=DATE:20260913" in first
    assert "DTSTART;VALUE=DATE:20260911\r\nDTEND;VALUE=DATE:20260913" in then
    assert lines("booking").count("SUMMARY:CLOSED - Not available") == 1


def test_vrbo_names_a_block_by_its_dates_and_stamps_the_moment() -> None:
    channel = with_one_stay("vrbo", what=Kind.BLOCK)

    assert uids(lines("vrbo", channel)) == ["20261001-20261004"]
    assert "DTSTAMP:20260910T060000Z" in lines("vrbo", channel)
    assert "DURATION:P3D" in lines("vrbo")
    assert "Amélie" in lines("vrbo")


def test_smoobu_has_three_events_for_a_stay() -> None:
    assert [line for line in lines("smoobu").splitlines() if line.startswith("SUMMARY")] == [
        "SUMMARY:Check-in: Amélie",
        "SUMMARY:Amélie",
        "SUMMARY:Check-out: Amélie",
    ]


def test_outlook_speaks_of_windows_zones() -> None:
    channel = with_one_stay("outlook")
    (stay,) = channel.stays.values()
    channel.stays = {stay.id: Stay(stay.id, stay.kind, stay.span, STARTED, timed=True)}

    assert "DTSTART;TZID=Romance Standard Time:20261001T160000" in lines("outlook", channel)
    assert "TZID:Romance Standard Time" in lines("outlook", channel)


def test_boats_have_times() -> None:
    span = Hours(datetime(2026, 10, 1, 8, tzinfo=UTC), datetime(2026, 10, 1, 12, tzinfo=UTC))

    assert "DTSTART:20261001T080000Z" in lines("samboat", with_one_stay("samboat", span))
    assert "DTSTART:20261001T100000\r\n" in lines("click_and_boat", with_one_stay("click_and_boat", span))


OURS = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Channel Hub//Calendar//EN\r
BEGIN:VEVENT\r
UID:ours@hub.example\r
DTSTAMP:20260901T000000Z\r
DTSTART;VALUE=DATE:20261101\r
DTEND;VALUE=DATE:20261104\r
SUMMARY:Reserved\r
X-CHANNEL-HUB-ORIGIN:first@hub.example\r
X-CHANNEL-HUB-VIA:0123456789abcdef.0123456789abcdef\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.mark.parametrize("kind", [kind for kind, manner in CHANNELS.items() if not manner.hourly])
def test_what_a_channel_reads_it_shows_in_its_own_words_or_not_at_all(kind: str) -> None:
    channel = a_channel(kind, acts_a_day=0.0)
    channel.consume(OURS)
    written = lines(kind, channel)
    closed = {date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)}

    assert channel.read_slots == closed
    assert not channel.taken
    if channel.manner.echo == "none":
        assert not to_come(told(channel, STARTED), STARTED)
    else:
        assert to_come(told(channel, STARTED), STARTED) - channel.policy(STARTED) == closed
        assert "ours@hub.example" not in written
        assert ("first@hub.example" in written) == (kind == "hub")


def test_an_hour_that_samboat_sells_takes_the_whole_day() -> None:
    span = Hours(datetime(2026, 10, 1, 8, tzinfo=UTC), datetime(2026, 10, 1, 9, tzinfo=UTC))

    assert len(with_one_stay("samboat", span).taken) == 24
    assert len(with_one_stay("getmyboat", span).taken) == 1


def test_an_hour_that_samboat_reads_takes_the_whole_day() -> None:
    channel = a_channel("samboat", acts_a_day=0.0)
    one_hour = OURS.replace(b";VALUE=DATE:20261101", b":20261101T080000Z")
    channel.consume(one_hour.replace(b";VALUE=DATE:20261104", b":20261101T090000Z"))

    assert len(channel.read_slots) == 24


def uids(written: str) -> list[str]:
    return [line[4:] for line in written.splitlines() if line.startswith("UID:")]
