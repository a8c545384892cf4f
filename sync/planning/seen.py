"""
What the readers of a feed know of one item of a booking, and how that is told. PURE.

A feed is made when somebody fetches it. So what it last said and what is true may differ, and a reader knows
what the newest revision that it fetched said, and nothing of what came after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hub.domain.consumers import Consumer, Kind
from hub.domain.periods import Period

ONE_SECOND = timedelta(seconds=1)


class State(StrEnum):
    """How one feed stands to one item."""

    NOT_NAMED = "not_named"
    """A feed of many units says when none can be sold, and of no booking"""
    WAITING = "waiting"
    """The feed that was last made does not say what is true now; the next that fetches gets it"""
    EXPORTED = "exported"
    """In the feed, and no channel has fetched that"""
    SEEN = "seen"
    WITHDRAWN = "withdrawn"
    NEVER = "never"
    """It does not belong into the feed, and never was in it"""


class Knows(StrEnum):
    """What one reader has of one item."""

    NOTHING = "nothing"
    CURRENT = "current"
    FORMER = "former"
    """What was true once: other dates, or that there is a booking"""
    WITHDRAWN = "withdrawn"
    """That it is gone"""


@dataclass(frozen=True, slots=True)
class Said:
    """One stretch of revisions in which a feed named the item, for this period; open while it does."""

    period: Period
    since_revision: int
    since_at: datetime
    until_revision: int | None = None
    """The first without it"""
    until_at: datetime | None = None

    def spoken_in(self, revision: int) -> bool:
        return self.since_revision <= revision and (
            self.until_revision is None or revision < self.until_revision
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """One reader, and when it first had each stretch, and first was without it again: by `since_revision`."""

    consumer: Consumer
    had_at: Mapping[int, datetime] = field(default_factory=dict)
    lost_at: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one reader knows, and since when at the latest; None where it knows nothing."""

    consumer: Consumer
    knows: Knows
    since: datetime | None

    @property
    def counts(self) -> bool:
        """Somebody with a browser is no channel."""
        return self.consumer.kind is not Kind.PERSON


@dataclass(frozen=True, slots=True)
class Verdict:
    """`said` is the latest stretch; `wanted` what is true now, None for an item that takes nothing there."""

    state: State
    wanted: Period | None = None
    said: Said | None = None
    sights: tuple[Sight, ...] = ()

    @property
    def live(self) -> bool:
        """The feed that was last made names it."""
        return self.said is not None and self.said.until_revision is None


def judge(wanted: Period | None, said: Iterable[Said], readers: Iterable[Fetched]) -> Verdict:
    """How a feed stands to an item that takes `wanted` of its unit now."""
    stretches = sorted(said, key=lambda one: one.since_revision)
    last = stretches[-1] if stretches else None
    live = last is not None and last.until_revision is None
    sights = tuple(_sight(reader, stretches, wanted) for reader in readers)
    if last is not None and live and _alike(last.period, wanted):
        seen = any(sight.counts and sight.knows is Knows.CURRENT for sight in sights)
        state = State.SEEN if seen else State.EXPORTED
    elif wanted is not None or live:
        state = State.WAITING
    else:
        state = State.WITHDRAWN if stretches else State.NEVER
    return Verdict(state, wanted, last, sights)


def _alike(said: Period, wanted: Period | None) -> bool:
    """Calendars know no fractions of a second."""
    return wanted is not None and all(
        abs(one - other) < ONE_SECOND
        for one, other in ((said.starts_at, wanted.starts_at), (said.ends_at, wanted.ends_at))
    )


def _sight(reader: Fetched, stretches: Sequence[Said], wanted: Period | None) -> Sight:
    revision = reader.consumer.revision
    has = next((one for one in stretches if one.spoken_in(revision)), None)
    if has is not None:
        knows = Knows.CURRENT if _alike(has.period, wanted) else Knows.FORMER
        return Sight(reader.consumer, knows, reader.had_at.get(has.since_revision))
    had = [one for one in stretches if one.since_revision in reader.had_at]
    if had:
        return Sight(reader.consumer, Knows.WITHDRAWN, reader.lost_at.get(had[-1].since_revision))
    return Sight(reader.consumer, Knows.NOTHING, None)


AGAIN = "it is made anew when somebody fetches it"

_STATES: Mapping[State, str] = {
    State.NOT_NAMED: "not named there: this feed says when none of several units can be sold",
    State.NEVER: "never was in this feed",
}


def told(verdict: Verdict, now: datetime, *, over: bool = False) -> str:
    """One line about one feed; `over` where the item lies so far back that feeds leave it out."""
    parts = [_state(verdict, now, over=over)]
    readers = [sight for sight in verdict.sights if sight.counts]
    if verdict.state not in _STATES and not over:
        parts += [_reader(sight, verdict, readers, now) for sight in readers]
        if not readers:
            parts.append("looked at by hand alone" if verdict.sights else "nobody has ever fetched this feed")
    return "; ".join(parts)


def _state(verdict: Verdict, now: datetime, *, over: bool) -> str:
    said = verdict.said
    if verdict.state in _STATES:
        return _STATES[verdict.state]
    if verdict.state is State.WAITING:
        if not verdict.live:
            return f"not in the feed yet: {AGAIN}"
        still = "still has the former dates" if verdict.wanted else "still has it"
        return f"the feed {still}: {AGAIN}"
    if said is not None and said.until_at is not None:
        return "no longer in the feed: it is over" if over else f"withdrawn {ago(said.until_at, now)}"
    return f"put into the feed {ago(said.since_at, now)}" if said is not None else "in the feed"


def _reader(sight: Sight, verdict: Verdict, all_readers: Collection[Sight], now: datetime) -> str:
    who, last = _name(sight.consumer, all_readers), f"last fetched {_visits(sight.consumer, now)}"
    when = f" {ago(sight.since, now)}" if sight.since else ""
    if sight.knows is Knows.CURRENT:
        return f"seen by {who}{when}"
    if sight.knows is Knows.FORMER:
        return f"{who} still has {'the former dates' if verdict.wanted else 'it'}, and {last}"
    if sight.knows is Knows.WITHDRAWN and verdict.wanted is None:
        return f"{who} has seen that{when}"
    if verdict.wanted is None:
        return f"{who} never had it"
    return f"{who} does not have it, and {last}"


def _name(consumer: Consumer, among: Collection[Sight]) -> str:
    """With its network only where that tells it from another."""
    alike = sum(sight.consumer.name == consumer.name for sight in among)
    return f"{consumer.name} ({consumer.whence})" if alike > 1 and consumer.whence else consumer.name


def _visits(consumer: Consumer, now: datetime) -> str:
    last = ago(consumer.last_at, now)
    if consumer.next_at is None:
        return last
    return f"{last}, due {ago(consumer.next_at, now)}"


def summary(exports: Sequence[tuple[str, Verdict]], now: datetime) -> str:
    """The whole in one line. Each feed is named as people know it."""
    parts = []
    if needs := [(name, verdict) for name, verdict in exports if verdict.wanted is not None]:
        late = [
            (name, _readers(verdict, *Knows)) for name, verdict in needs if verdict.state is not State.SEEN
        ]
        parts.append(f"seen by {len(needs) - len(late)} of {len(needs)}")
        parts += [_last(name, readers, now) for name, readers in late]

    gone = [(name, verdict) for name, verdict in exports if verdict.wanted is None]
    if told_once := [one for one in gone if _readers(one[1], Knows.FORMER, Knows.WITHDRAWN)]:
        believing = [(name, _readers(verdict, Knows.FORMER)) for name, verdict in told_once]
        late = [(name, readers) for name, readers in believing if readers]
        parts.append(f"that it is gone was seen by {len(told_once) - len(late)} of {len(told_once)}")
        parts += [_last(name, readers, now) for name, readers in late]
    return "; ".join(parts) or "no feed names it"


def _readers(verdict: Verdict, *knowing: Knows) -> list[Consumer]:
    return [sight.consumer for sight in verdict.sights if sight.counts and sight.knows in knowing]


def _last(name: str, readers: Sequence[Consumer], now: datetime) -> str:
    last = max((reader.last_at for reader in readers), default=None)
    return f"{name} last fetched {ago(last, now)}" if last else f"{name} has never fetched its feed"


def verified(verified_at: datetime | None, now: datetime, state: str, reason: str | None) -> str:
    """One line about a calendar that we read."""
    known = f"verified {ago(verified_at, now)}" if verified_at else "never read yet"
    return known if state == "active" else f"{known}; {state}" + (f": {reason}" if reason else "")


_STEPS = (
    (timedelta(minutes=90), timedelta(minutes=1), "min"),
    (timedelta(hours=48), timedelta(hours=1), "h"),
)


def ago(moment: datetime, now: datetime) -> str:
    """How long before `now`, or after it: "26 h ago", "in 5 min"; days from two on."""
    distance = abs(now - moment)
    if distance < timedelta(minutes=1):
        return "just now"
    for below, unit, name in _STEPS:
        if distance < below:
            words = f"{distance // unit} {name}"
            break
    else:
        words = f"{distance.days} days"
    return f"{words} ago" if moment <= now else f"in {words}"


@dataclass(frozen=True, slots=True)
class Telling:
    """Whether one channel has what is true of a booking; `late` says in words how it stands if not."""

    channel: str
    has: bool
    late: str = ""


def sentence(channels: Sequence[Telling], *, gone: bool = False) -> str:
    """Who of all that are to know it has seen a booking, or that it is gone: "seen by 3 of 4 channels, …"."""
    if not channels:
        return "no channel has to forget it" if gone else "no channel is told of it"
    late = [one for one in channels if not one.has]
    number = len(channels)
    begins = "that it is gone was seen" if gone else "seen"
    words = f"{begins} by {number - len(late)} of {number} {'channel' if number == 1 else 'channels'}"
    if len(late) == 1 and 1 < number < len(_PLACES):
        return f"{words}, the {_PLACES[number]} ({late[0].channel}) {late[0].late}"
    return "; ".join((words, *(f"{one.channel} {one.late}" for one in late)))


_PLACES = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def of_feeds(feeds: Sequence[tuple[str, Verdict]], now: datetime, *, gone: bool) -> Telling:
    """How the reader of one feed stands to all items of a booking that it names, as `summary` has them."""
    name = feeds[0][0]
    if gone:
        late = [verdict for _, verdict in feeds if _readers(verdict, Knows.FORMER)]
        knowing: tuple[Knows, ...] = (Knows.FORMER,)
    else:
        late = [verdict for _, verdict in feeds if verdict.state is not State.SEEN]
        knowing = tuple(Knows)
    fetched = [reader.last_at for verdict in late for reader in _readers(verdict, *knowing)]
    words = f"last fetched {ago(max(fetched), now)}" if fetched else "has never fetched its feed"
    return Telling(name, not late, words if late else "")


def concerned(verdict: Verdict, *, gone: bool) -> bool:
    """Whether the reader of a feed has to know: of a booking that it names, or that one it had is gone."""
    if gone:
        return verdict.wanted is None and bool(_readers(verdict, Knows.FORMER, Knows.WITHDRAWN))
    return verdict.wanted is not None
