"""What an outage may do to what is held: nothing; and when the channel is asked again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.transport import DEADLINE, Network
from hub.domain.periods import Nights
from hub.errors import Conflict
from sync import linking
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import FEED, Importer

WHOLE = calendar(nights("a", day(20), day(23)))

OUTAGES = {
    "an error of the server": (Answer(status=500), "remote_error"),
    "no answer in time": (Answer(body=WHOLE, delay=60), "in time"),
    "an empty body": (Answer(body=b""), "empty"),
    "a web page": (Answer(body=b"<html><body>Sign in</body></html>"), "web page"),
    "a calendar that breaks off": (Answer(body=WHOLE[:-20]), "END:VCALENDAR"),
    "a transfer that breaks off": (Answer(body=WHOLE, cut_after=60), "broke off"),
    "no content": (Answer(status=204), "204"),
    "a hang-up": (Answer(hang_up=True), "broke off"),
    "access refused": (Answer(status=403), "refuses access"),
    "not found": (Answer(status=404), "not found"),
    "a cancelled calendar": (
        Answer(body=WHOLE.replace(b"PRODID", b"METHOD:CANCEL\r\nPRODID", 1)),
        "CANCEL",
    ),
}


def _waiting_for(answer: Answer) -> Network:
    """Patient, so that a slow machine is no outage; but not with an answer that never comes."""
    return Network(["127.0.0.1"], deadline=timedelta(seconds=0.3) if answer.delay else DEADLINE)


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_frees_nothing_and_is_written_on_the_link(
    importer: Importer, clock: FrozenClock, outage: str
) -> None:
    answer, _ = OUTAGES[outage]
    importer.answers(Answer(body=WHOLE))
    link = importer.link()
    importer.pull(link)
    held, verified = importer.held(link), importer.state(link).verified_at
    clock.advance(timedelta(hours=1))

    importer.answers(answer)
    outcome = importer.pull(link, _waiting_for(answer))

    assert outcome.state == "failed"
    assert importer.held(link) == held
    state = importer.state(link)
    assert (state.state, state.failures, state.verified_at) == ("active", 1, verified)
    assert state.state_reason == outcome.error
    assert outcome.error is not None
    assert "127.0.0.1" in outcome.error
    assert FEED not in outcome.error, "the address is a secret"
    assert importer.runs(link)[-1].error == outcome.error
    with pytest.raises(Conflict, match="Seaside"):
        importer.book(Nights(day(20), day(22)), importer.units[0])


@pytest.mark.parametrize("outage", OUTAGES)
def test_each_outage_says_what_it_is(importer: Importer, outage: str) -> None:
    answer, words = OUTAGES[outage]
    importer.answers(answer)

    error = importer.pull(importer.link(), _waiting_for(answer)).error

    assert error is not None
    assert words in error.replace("answered with an error (500)", "remote_error")


def test_a_channel_that_is_not_there_frees_nothing(importer: Importer, clock: FrozenClock) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    held = importer.held(link)
    importer.do(
        lambda session: linking.change(session, link, settings={"url": "http://127.0.0.1:9/nobody.ics"})
    )

    outcome = importer.pull(link)

    assert (outcome.state, outcome.error) == ("failed", "127.0.0.1 cannot be reached")
    assert importer.held(link) == held


def test_failures_are_waited_out_longer_each_time_and_forgotten_after_a_success(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.answers(Answer(status=500))
    link = importer.link()
    waits = []
    for _ in range(3):
        importer.pull(link)
        waits.append(importer.state(link).next_pull_at - clock.instant)

    assert importer.state(link).failures == 3
    assert waits[0] < waits[1] < waits[2]

    importer.says(nights("a", day(20), day(23)))
    assert importer.pull(link).state == "changed"
    state = importer.state(link)
    assert (state.failures, state.state, state.state_reason) == (0, "active", None)
    interval = timedelta(seconds=state.interval_seconds)
    assert 0.75 * interval <= state.next_pull_at - clock.instant <= 1.25 * interval


def test_a_channel_that_names_a_time_is_left_alone_until_then(importer: Importer, clock: FrozenClock) -> None:
    importer.answers(Answer(status=429, headers={"Retry-After": "86400"}))
    link = importer.link()

    importer.pull(link)

    assert importer.state(link).next_pull_at >= clock.instant + timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "state", "todo"), [(403, "needs_auth", "resume"), (404, "lost", "address")]
)
def test_a_link_that_is_refused_five_times_in_a_row_waits_for_a_person(
    importer: Importer, clock: FrozenClock, status: int, state: str, todo: str
) -> None:
    event = nights("a", day(20), day(23))
    importer.says(event)
    link = importer.link()
    importer.pull(link)
    held = importer.held(link)
    importer.answers(Answer(status=status))

    states = []
    for _ in range(5):
        importer.pull(link)
        states.append(importer.state(link).state)

    assert states == ["active"] * 4 + [state]
    assert todo in (importer.state(link).state_reason or "")
    assert importer.held(link) == held
    clock.advance(timedelta(days=1))
    assert (importer.organization_id, link) not in importer.claimed()

    importer.says(event)
    importer.do(lambda session: linking.resume(session, link))
    assert importer.pull(link).state == "unchanged"
    assert importer.state(link).state == "active"


def test_a_refusal_counts_only_with_refusals_before_it(importer: Importer) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    refused, down = Answer(status=403), Answer(status=500)
    importer.answers(*[down] * 4, *[refused] * 4, Answer(body=WHOLE), refused)

    states = []
    for _ in range(14):
        importer.pull(link)
        states.append(importer.state(link).state)

    assert states == ["active"] * 13 + ["needs_auth"]


@pytest.mark.parametrize("mended", ["resumed", "another address"])
def test_what_was_refused_before_a_person_mended_it_counts_no_more(importer: Importer, mended: str) -> None:
    importer.answers(Answer(status=403))
    link = importer.link()
    for _ in range(5):
        importer.pull(link)
    assert importer.state(link).state == "needs_auth"

    if mended == "resumed":
        importer.do(lambda session: linking.resume(session, link))
    else:
        url = {"url": importer.channel.url(FEED)}
        importer.do(lambda session: linking.change(session, link, settings=url))
    importer.pull(link)

    assert importer.state(link).state == "active"
