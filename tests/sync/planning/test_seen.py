"""What the readers of a feed know of a booking."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.consumers import Consumer
from hub.domain.periods import Period
from sync.planning import seen
from sync.planning.seen import (
    Fetched,
    Knows,
    Said,
    State,
    Telling,
    Verdict,
    ago,
    judge,
    summary,
    told,
    verified,
)

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINK = UUID(int=1)
DATES = tuple(Period(NOW + timedelta(days=n), NOW + timedelta(days=n + 2)) for n in range(3))


def consumer(name: str, revision: int, last: timedelta, **fields: object) -> Consumer:
    """One that last came so long before now."""
    usual = {"networks": (), "full": 1, "not_modified": 0, "first_at": NOW - last, "interval": None}
    return Consumer(LINK, name, revision=revision, last_at=NOW - last, **(usual | fields))  # type: ignore[arg-type]


@dataclass
class Feed:
    """A feed of one item, made when somebody fetches it; and all that its readers hold of it."""

    wanted: Period | None = None
    said: list[Said] = field(default_factory=list)
    revision: int = 0
    clock: int = 0
    holds: dict[str, Period | None] = field(default_factory=dict)
    had: dict[str, set[Period]] = field(default_factory=dict)
    fetches: dict[str, list[tuple[int, datetime]]] = field(default_factory=dict)

    def fetch(self, reader: str) -> None:
        self.clock += 1
        at = NOW + self.clock * HOUR
        live = self.said[-1] if self.said and self.said[-1].until_revision is None else None
        if self.revision == 0 or (live.period if live else None) != self.wanted:
            self.revision += 1
            if live:
                self.said[-1] = Said(live.period, live.since_revision, live.since_at, self.revision, at)
            if self.wanted:
                self.said.append(Said(self.wanted, self.revision, at))
        self.holds[reader] = self.wanted
        if self.wanted:
            self.had.setdefault(reader, set()).add(self.wanted)
        self.fetches.setdefault(reader, []).append((self.revision, at))

    def judged(self) -> Verdict:
        return judge(self.wanted, reversed(self.said), [self._fetched(name) for name in self.fetches])

    def _fetched(self, name: str) -> Fetched:
        fetches = self.fetches[name]
        had_at: dict[int, datetime] = {}
        lost_at: dict[int, datetime] = {}
        for one in self.said:
            for revision, at in fetches:
                if one.spoken_in(revision):
                    had_at.setdefault(one.since_revision, at)
                elif one.until_revision is not None and revision >= one.until_revision:
                    lost_at.setdefault(one.since_revision, at)
        return Fetched(consumer(name, fetches[-1][0], timedelta(0)), had_at, lost_at)


acts = st.one_of(st.sampled_from("ABC"), st.sampled_from((None, *DATES)))


def after(done: list[str | Period | None]) -> Feed:
    """Somebody fetches it, or it is to say other dates, again and again."""
    feed = Feed()
    for act in done:
        if isinstance(act, str):
            feed.fetch(act)
        else:
            feed.wanted = act
    return feed


@given(st.lists(acts, max_size=30))
def test_what_a_reader_knows_is_what_it_last_fetched(done: list[str | Period | None]) -> None:
    feed = after(done)
    verdict = feed.judged()
    assert len(verdict.sights) == len(feed.fetches)
    for sight in verdict.sights:
        name = sight.consumer.name
        held = feed.holds[name]
        if held is not None:
            assert sight.knows is (Knows.CURRENT if held == feed.wanted else Knows.FORMER)
        else:
            assert sight.knows is (Knows.WITHDRAWN if feed.had.get(name) else Knows.NOTHING)
        assert (sight.since is None) == (sight.knows is Knows.NOTHING)
        assert sight.since is None or sight.since in {at for _, at in feed.fetches[name]}


@given(st.lists(acts, max_size=30))
def test_a_fetch_leaves_nothing_waiting_and_its_reader_up_to_date(done: list[str | Period | None]) -> None:
    feed = Feed()
    for act in done:
        if isinstance(act, str):
            feed.fetch(act)
            assert feed.judged().state is not State.WAITING
        else:
            feed.wanted = act
    live = [one for one in feed.said if one.until_revision is None]
    waits = feed.judged().state is State.WAITING
    assert waits == ((live[0].period if live else None) != feed.wanted)


@given(st.lists(acts, max_size=12))
def test_every_verdict_can_be_told(done: list[str | Period | None]) -> None:
    feed = after(done)
    verdict = feed.judged()
    assert told(verdict, NOW)
    assert told(verdict, NOW, over=True)
    assert summary([("Airbnb", verdict)], NOW)


def test_fractions_of_a_second_are_no_other_dates() -> None:
    wanted = Period(DATES[0].starts_at + timedelta(milliseconds=250), DATES[0].ends_at)
    assert judge(wanted, [Said(DATES[0], 1, NOW)], ()).state is State.EXPORTED
    later = Period(DATES[0].starts_at + timedelta(seconds=1), DATES[0].ends_at)
    assert judge(later, [Said(DATES[0], 1, NOW)], ()).state is State.WAITING


def test_a_line_says_who_has_it_who_has_not_and_when_they_are_due() -> None:
    said = Said(DATES[0], 5, NOW - 3 * HOUR)
    fetched = [
        Fetched(consumer("Airbnb", 5, 2 * HOUR), {5: NOW - 2 * HOUR}),
        Fetched(consumer("Outlook", 4, 26 * HOUR, interval=24 * HOUR)),
        Fetched(consumer("Vrbo", 4, 4 * HOUR, interval=6 * HOUR)),
        Fetched(consumer("curl", 5, HOUR), {5: NOW - HOUR}),
    ]
    assert told(judge(DATES[0], [said], fetched), NOW) == (
        "put into the feed 3 h ago; seen by Airbnb 2 h ago; "
        "Outlook does not have it, and last fetched 26 h ago, due 2 h ago; "
        "Vrbo does not have it, and last fetched 4 h ago, due in 2 h"
    )


def test_readers_of_one_name_are_told_apart_by_their_networks() -> None:
    said = Said(DATES[0], 5, NOW)
    phones = [
        Fetched(consumer("Apple Calendar", 5, HOUR, networks=(net,)), {5: NOW - HOUR})
        for net in ("192.0.2.0/24", "198.51.100.0/24")
    ]
    line = told(judge(DATES[0], [said], phones), NOW)
    assert "seen by Apple Calendar (192.0.2.0/24) 60 min ago" in line
    assert "seen by Apple Calendar (198.51.100.0/24) 60 min ago" in line
    assert "(192" not in told(judge(DATES[0], [said], phones[:1]), NOW)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=89), "89 min ago"),
        (timedelta(minutes=90), "1 h ago"),
        (timedelta(hours=26), "26 h ago"),
        (timedelta(hours=48), "2 days ago"),
        (-timedelta(hours=3), "in 3 h"),
        (-timedelta(days=5), "in 5 days"),
    ],
)
def test_how_long_ago(distance: timedelta, words: str) -> None:
    assert ago(NOW - distance, NOW) == words


def test_a_calendar_that_is_not_read_any_more_says_why() -> None:
    assert verified(NOW - HOUR, NOW, "active", None) == "verified 60 min ago"
    assert verified(None, NOW, "paused", None) == "never read yet; paused"
    assert verified(NOW, NOW, "needs_auth", "sign in again") == "verified just now; needs_auth: sign in again"


def test_one_sentence_names_the_channel_that_has_not_seen_it() -> None:
    three = [Telling(name, True) for name in ("Airbnb", "Vrbo", "Casa Azul")]

    said = seen.sentence([*three, Telling("Booking.com", False, "last fetched 26 h ago")])

    assert said == "seen by 3 of 4 channels, the fourth (Booking.com) last fetched 26 h ago"


def test_several_are_named_one_by_one_and_all_or_none_plainly() -> None:
    late = [
        Telling("Airbnb", False, "has never fetched its feed"),
        Telling("Vrbo", False, "last fetched 2 h ago"),
    ]

    assert seen.sentence(late) == (
        "seen by 0 of 2 channels; Airbnb has never fetched its feed; Vrbo last fetched 2 h ago"
    )
    assert seen.sentence([Telling("Airbnb", True)]) == "seen by 1 of 1 channel"
    assert seen.sentence(late[:1]) == "seen by 0 of 1 channel; Airbnb has never fetched its feed"
    assert seen.sentence([]) == "no channel is told of it"
    assert seen.sentence([Telling("Airbnb", True)], gone=True) == "that it is gone was seen by 1 of 1 channel"
    assert seen.sentence([], gone=True) == "no channel has to forget it"
