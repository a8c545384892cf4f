"""What goes wrong is what its name says, as often as it is asked, and it ends."""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from connectors.sandbox.channel import Channel, Question
from connectors.sandbox.faults import FAULTS, Reply
from connectors.sandbox.stays import Kind, Stay
from connectors.sandbox.writing import digest
from hub.domain.periods import Nights

NOW = datetime(2026, 9, 10, 6, tzinfo=UTC)
AGENT = {"user-agent": "a test"}
CALENDARS = tuple(name for name, fault in FAULTS.items() if fault.true and name not in ("moved", "packed"))


@pytest.fixture
def channel() -> Channel:
    """With ten stays of two nights."""
    made = Channel("hostaway", 1, NOW, ZoneInfo("Europe/Madrid"), acts_a_day=0.0)
    for number in range(10):
        first = date(2026, 10, 1) + timedelta(days=3 * number)
        stay = Stay(digest(number), Kind.STAY, Nights(first, first + timedelta(days=2)), NOW, summary="Zoë")
        made.stays[stay.id] = stay
    return made


def ask(channel: Channel, at: datetime = NOW, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return channel.answer(Question(at, AGENT | named))


def starts(reply: Reply) -> list[date]:
    found: list[Any] = icalendar.Calendar.from_ical(reply.body).walk("VEVENT")
    return [event.start for event in found]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_begins_with_a_question_answers_alike_and_ends(channel: Channel, fault: str) -> None:
    whole = ask(channel)
    channel.arm(fault, NOW + timedelta(hours=1))
    before = ask(channel, NOW)
    shortest, longest = FAULTS[fault].lasting
    late = NOW + timedelta(days=9)

    faulty = [ask(channel, late), ask(channel, late + shortest / 2)]
    after = ask(channel, late + longest)

    assert before == whole
    assert faulty[0] == faulty[1] != whole
    assert after == whole
    assert [one.fault for one in channel.answered] == ["", "", fault, fault, ""]
    assert channel.armed(late + longest) == ()
    assert all(one.taken == channel.taken for one in channel.answered)
    assert [one.true for one in channel.answered][2] == (FAULTS[fault].true and faulty[0].status == 200)


def test_a_cached_fault_says_unchanged_to_whoever_asks_only_that(channel: Channel) -> None:
    channel.arm("stale_empty", NOW)
    first = ask(channel)
    late = NOW + timedelta(hours=12)

    cached = ask(channel, late, if_none_match=first.headers["ETag"])
    fresh = ask(channel, late)

    assert starts(first) == []
    assert (cached.status, cached.body) == (304, b"")
    assert len(starts(fresh)) == 10
    assert [one.true for one in channel.answered] == [False, False, True]


def test_what_a_cache_answers_takes_nothing_of_the_time_of_another_fault(channel: Channel) -> None:
    channel.arm("stale_empty", NOW)
    first = ask(channel)
    channel.arm("renamed", NOW + timedelta(hours=1))
    of_the_cache = ask(channel, NOW + timedelta(hours=2), if_none_match=first.headers["ETag"])
    later = NOW + timedelta(hours=2) + FAULTS["renamed"].lasting[1]

    met = ask(channel, later)

    assert of_the_cache.status == 304
    assert (met.status, channel.met["renamed"]) == (200, 1)


def test_a_calendar_that_did_not_change_answers_304(channel: Channel) -> None:
    etag = ask(channel).headers["ETag"]

    assert etag.startswith("W/")
    assert ask(channel, if_none_match=etag).status == 304
    assert channel.answered[-1].true


@pytest.mark.parametrize("fault", CALENDARS)
def test_an_odd_calendar_still_says_all(channel: Channel, fault: str) -> None:
    whole = starts(ask(channel))
    channel.arm(fault, NOW)
    body = ask(channel).body

    assert {f"{day:%Y%m%d}".encode() in body for day in whole} == {True}
    assert body.count(b"BEGIN:VEVENT") == (20 if fault == "doubled" else 10)


@pytest.mark.parametrize(
    ("fault", "fewest", "most"),
    [("empty", 0, 0), ("half", 1, 9), ("one_gone", 9, 9), ("last_lost", 7, 9)],
)
def test_what_lacks_something_is_a_whole_calendar_all_the_same(
    channel: Channel, fault: str, fewest: int, most: int
) -> None:
    channel.arm(fault, NOW)
    found = starts(ask(channel))

    assert fewest <= len(found) <= most
    assert not channel.answered[-1].true
    assert all(earlier < later for earlier, later in pairwise(found))


def test_names_are_reissued_or_shared(channel: Channel) -> None:
    channel.arm("renamed", NOW)
    renamed = ask(channel).body
    channel.disarm()
    channel.arm("shared_uids", NOW)
    shared = ask(channel).body

    assert renamed.count(b"@reissued.example") == 10
    uids = [str(event["UID"]) for event in icalendar.Calendar.from_ical(shared).walk("VEVENT")]
    assert len(set(uids)) == 5


def test_the_wire_has_faults_too(channel: Channel) -> None:
    whole = ask(channel).body
    found = {}
    for fault in ("cut", "hung_up", "packed", "moved", "page", "away", "too_often", "slow", "trickle"):
        channel.arm(fault, NOW)
        found[fault] = ask(channel)
        channel.disarm()

    assert whole.startswith(found["cut"].body)
    assert not found["cut"].body.rstrip().endswith(b"END:VCALENDAR")
    assert found["hung_up"].cut_after == len(whole) // 2
    assert zlib.decompress(found["packed"].body, zlib.MAX_WBITS | 16) == whole
    assert (found["moved"].status, found["moved"].headers["Location"]) == (302, "?moved")
    assert found["page"].headers["Content-Type"] == "text/html"
    assert (found["away"].status, found["away"].headers["Retry-After"]) == (503, "1800")
    assert (found["too_often"].status, found["too_often"].headers["Retry-After"]) == (429, "3600")
    assert found["slow"].slow
    assert found["trickle"].trickle


def test_behind_the_redirect_is_the_calendar(channel: Channel) -> None:
    whole = ask(channel).body
    channel.arm("moved", NOW)

    assert ask(channel).status == 302
    assert channel.answer(Question(NOW, AGENT, redirected=True)).body == whole


def test_airbnb_refuses_who_does_not_say_who_asks() -> None:
    airbnb = Channel("airbnb", 1, NOW, ZoneInfo("Europe/Madrid"))

    assert airbnb.answer(Question(NOW, {})).status == 403
    assert airbnb.answer(Question(NOW, AGENT)).status == 200


def test_an_unknown_fault_is_named(channel: Channel) -> None:
    with pytest.raises(KeyError, match=r"no fault 'flood'"):
        channel.arm("flood", NOW)
