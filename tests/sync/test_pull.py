"""One pull: what comes, what costs nothing, and what makes it void."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.errors import NotFound
from hub.ids import new_id
from sync import linking
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import FEED, Importer, Meanwhile

WHOLE = calendar(nights("a", day(20), day(23)))


def test_a_pull_brings_what_the_calendar_says(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(31)))
    link = importer.link()

    outcome = importer.pull(link)

    assert (outcome.state, outcome.counts["added"], outcome.error) == ("changed", 2, None)
    assert outcome.summary == (f"+ {day(20)} to {day(23)} on Room 1", f"+ {day(30)} to {day(31)} on Room 1")
    assert [block.unit_id for block in importer.blocks(link)] == [importer.units[0]] * 2
    state = importer.state(link)
    assert (state.state, state.failures, state.attempts) == ("active", 0, 0)
    assert state.verified_at is not None


def test_a_second_pull_of_the_same_calendar_writes_nothing(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    held, runs, version = importer.held(link), importer.runs(link), importer.state(link).version

    outcome = importer.pull(link)

    assert (outcome.state, outcome.run_id) == ("unchanged", None)
    assert importer.held(link) == held
    assert [run.id for run in importer.runs(link)] == [run.id for run in runs]
    assert importer.state(link).version == version, "what people see as the link's version stays"


def test_other_bytes_that_say_the_same_write_nothing(importer: Importer) -> None:
    first, second = nights("a", day(20), day(23)), nights("b", day(30), day(31))
    importer.says(first, second)
    link = importer.link()
    importer.pull(link)
    held = importer.held(link)

    importer.says(second, first)

    assert importer.pull(link).state == "unchanged"
    assert importer.held(link) == held


def test_a_calendar_that_has_not_changed_is_not_sent_again(importer: Importer) -> None:
    importer.answers(Answer(body=WHOLE, etag='"1"'))
    link = importer.link()
    importer.pull(link)
    held, seen = importer.held(link), importer.state(link).verified_at

    outcome = importer.pull(link)

    assert outcome.state == "unchanged"
    assert importer.channel.requests(FEED)[-1].headers["if-none-match"] == '"1"'
    assert importer.held(link) == held
    verified = importer.state(link).verified_at
    assert verified is not None
    assert seen is not None
    assert verified > seen, "the channel has just said that this is still so"


def test_a_link_that_rests_or_only_exports_is_not_pulled(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    resting, exporting = importer.link(), importer.link(direction="export")
    importer.do(lambda session: linking.pause(session, resting))

    assert importer.pull(resting).state == "busy"
    assert importer.pull(exporting).state == "busy"
    assert importer.channel.requests() == []


def test_a_link_that_is_unknown_cannot_be_pulled(importer: Importer) -> None:
    with pytest.raises(NotFound):
        importer.pull(new_id())


def test_a_due_link_is_claimed_once_and_comes_back_if_nobody_pulls_it(
    importer: Importer, clock: FrozenClock
) -> None:
    link = importer.link()
    mine = (importer.organization_id, link)

    assert mine in importer.claimed()
    assert mine not in importer.claimed()
    clock.advance(timedelta(seconds=importer.runtime.settings.lease_seconds))
    assert mine in importer.claimed()


def test_a_pull_of_the_old_address_is_void_when_the_address_changes_meanwhile(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("old", day(20), day(23)))
    importer.says(nights("new", day(30), day(31)), feed="/other.ics")
    link = importer.link()
    other = {"url": importer.channel.url("/other.ics")}
    network = Meanwhile(lambda: importer.do(lambda session: linking.change(session, link, settings=other)))

    outcome = importer.pull(link, network)

    assert outcome.state == "busy"
    assert importer.held(link) == []
    assert importer.state(link).next_pull_at == clock.instant
    assert importer.pull(link).summary == (f"+ {day(30)} to {day(31)} on Room 1",)


def test_a_pull_is_void_when_the_link_is_paused_meanwhile(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    network = Meanwhile(lambda: importer.do(lambda session: linking.pause(session, link)))

    outcome = importer.pull(link, network)

    assert outcome.state == "busy"
    assert importer.held(link) == []
    assert importer.state(link).state_reason == "by hand"


def test_a_pull_is_void_when_the_link_is_removed_meanwhile(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    network = Meanwhile(lambda: importer.do(lambda session: linking.unlink(session, link)))

    outcome = importer.pull(link, network)

    assert outcome.state == "busy"
    assert importer.events(link) == ()


def test_what_cannot_be_read_is_counted_and_told(importer: Importer) -> None:
    broken = "BEGIN:VEVENT\r\nUID:broken\r\nSUMMARY:without a date\r\nEND:VEVENT\r\n"
    body = calendar(nights("a", day(20), day(23))).replace(
        b"END:VCALENDAR", broken.encode() + b"END:VCALENDAR"
    )
    importer.answers(Answer(body=body))
    link = importer.link()

    outcome = importer.pull(link)

    assert (outcome.counts["added"], outcome.counts["problems"]) == (1, 1)
    assert outcome.summary[-1] == "1 thing in it could not be read; a preview says what"
