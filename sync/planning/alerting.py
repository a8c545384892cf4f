"""What somebody must hear of, when it counts as begun and when as over. PURE: facts and the time come in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sync.planning import draining

STALE_INTERVALS = 3
STALE_AT_LEAST = timedelta(hours=1)
FAILURES = 3
STUCK = timedelta(minutes=5)
SILENT = timedelta(seconds=60)

SOON = timedelta(seconds=15)
"""For how long a cause must hold before anybody is told: what ends by itself at once is none"""
QUIET = timedelta(minutes=1)
"""For how long it must be gone before that is told: what comes back meanwhile was never gone"""


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of trouble: how bad it is, and when it counts."""

    severity: str
    opens_after: timedelta = SOON
    recovers_after: timedelta = QUIET


CAUSES: Mapping[str, Cause] = {
    # After a standstill of the hub all links are stale until they were pulled.
    "link_stale": Cause("warning", opens_after=timedelta(minutes=5)),
    "link_failing": Cause("warning"),
    "guard": Cause("critical"),
    "needs_auth": Cause("critical"),
    "lost": Cause("critical"),
    "conflict": Cause("critical"),
    "draining": Cause("warning"),
    "outbox_stuck": Cause("critical"),
    "beat_silent": Cause("critical"),
    "worker_silent": Cause("critical"),
}


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What is known of one link that nobody paused."""

    id: UUID
    property_id: UUID
    channel: str
    place: str
    state: str
    reason: str | None
    polled: bool
    interval: timedelta
    known_at: datetime
    """When it was last verified; when it was made, if never"""
    failures: int
    draining_since: datetime | None


@dataclass(frozen=True, slots=True)
class ConflictFacts:
    """An open conflict of a link that nobody paused."""

    id: UUID
    type: str
    link_id: UUID
    property_id: UUID
    channel: str
    place: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cause as it is found: `words` say what is the matter and what to do about it."""

    cause: str
    key: str
    subject: str
    words: str
    property_id: UUID | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that is not over. Not opened: its cause has not held for long enough."""

    key: str
    cause: str
    seen_at: datetime
    opened_at: datetime | None = None
    missing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a look does about one cause: see, open, miss, return, recover or drop."""

    kind: str
    key: str
    trouble: Trouble | None = None
    """Of `see`"""


def steps(standing: Iterable[Standing], found: Iterable[Trouble], now: datetime) -> Iterator[Step]:
    """What brings the alerts that stand into agreement with what is the matter now."""
    troubles = {trouble.key: trouble for trouble in found}
    for alert in standing:
        kind = _holds(alert, now) if troubles.pop(alert.key, None) else _gone(alert, now)
        if kind:
            yield Step(kind, alert.key)
    for key, trouble in troubles.items():
        yield Step("see", key, trouble)


# A moment far ahead was written by a clock that has been put right since: it counts as long ago, as nobody
# would hear of anything before that moment comes.


def _holds(alert: Standing, now: datetime) -> str | None:
    if alert.opened_at is None:
        return "open" if abs(now - alert.seen_at) >= CAUSES[alert.cause].opens_after else None
    return "return" if alert.missing_since is not None else None


def _gone(alert: Standing, now: datetime) -> str | None:
    if alert.opened_at is None:
        return "drop"
    if alert.missing_since is None:
        return "miss"
    return "recover" if abs(now - alert.missing_since) >= CAUSES[alert.cause].recovers_after else None


def of_link(link: LinkFacts, now: datetime) -> Iterator[Trouble]:
    """A link may be in several kinds of trouble at once; each is told, and each ends, by itself."""
    where = f"{link.channel} for {link.place}"
    about = {"link_id": str(link.id), "channel": link.channel, "place": link.place}

    def trouble(cause: str, subject: str, words: str) -> Trouble:
        return Trouble(cause, f"{cause}:{link.id}", subject, words, link.property_id, about)

    if link.polled and now - link.known_at > max(STALE_INTERVALS * link.interval, STALE_AT_LEAST):
        yield trouble(
            "link_stale",
            f"{where}: not verified since {_when(link.known_at)}",
            "What the channel sold since then is not known here. Nothing was freed. See why with"
            f" `hub runs --link {link.id}`, ask it now with `hub sync --link {link.id}`, or close the nights"
            " by hand.",
        )
    if link.failures >= FAILURES:
        yield trouble(
            "link_failing",
            f"{where}: {FAILURES} failures in a row",
            "It is tried again by itself, more and more rarely. What it holds stays held."
            f" `hub runs --link {link.id}` says what the channel answers.",
        )
    if link.state in _BY_STATE:
        cause, subject, words = _BY_STATE[link.state]
        said = f"{words.format(id=link.id)} What it holds stays held."
        yield trouble(cause, f"{where}: {subject}", f"{said} Reason: {link.reason}." if link.reason else said)
    if draining.overdue(link.draining_since, now):
        assert link.draining_since is not None
        yield trouble(
            "draining",
            f"{where}: still shows what we took back on {link.draining_since:%Y-%m-%d}",
            "The channel keeps nights closed that we opened again. Does it still read our feed? Import the"
            " feed's address there anew, or remove what it shows by hand.",
        )


_BY_STATE: Mapping[str, tuple[str, str, str]] = {
    "guarded": (
        "guard",
        "lost much at once, the guard holds it",
        "Nothing of that is freed at once: `hub link guarded {id}` says what it is, and when it is free by"
        " itself. If the channel means it: `hub link release {id}`; if it was a mishap: `hub link keep {id}`,"
        " or, in a calendar that is synced event by event, put the events back there.",
    ),
    "needs_auth": (
        "needs_auth",
        "needs a new sign-in",
        "The channel refuses us: sign in again, or take the calendar's address anew from the channel.",
    ),
    "lost": (
        "lost",
        "the calendar is gone",
        "Its address leads nowhere any more, or it is shared with us no longer: give the link the new"
        " address, or share the calendar again and resume the link.",
    ),
}
_CLASHES: Mapping[str, str] = {
    "EXTERNAL_OVERLAP": "the same nights are taken twice",
    "UNPLACED": "no unit is left for what was sold there",
    "UNPARSEABLE": "an event could be read only in part, and keeps its nights closed",
    "MIRROR_DELETED": "an event of ours was deleted there",
}


def of_conflict(conflict: ConflictFacts) -> Trouble:
    return Trouble(
        "conflict",
        f"conflict:{conflict.id}",
        f"{conflict.channel} for {conflict.place}: {_CLASHES.get(conflict.type, 'two sides disagree')},"
        f" {conflict.starts_at:%Y-%m-%d} to {conflict.ends_at:%Y-%m-%d}",
        f"Somebody must decide ({conflict.type}). `hub conflicts` shows both sides. It closes by itself once"
        " one of them goes.",
        conflict.property_id,
        {
            "conflict_id": str(conflict.id),
            "type": conflict.type,
            "link_id": str(conflict.link_id),
            "channel": conflict.channel,
            "place": conflict.place,
        },
    )


def of_outbox(organization_id: UUID, stuck: int) -> Iterator[Trouble]:
    """`stuck`: facts that wait, or were set aside, for longer than STUCK."""
    if stuck:
        yield Trouble(
            "outbox_stuck",
            f"outbox_stuck:{organization_id}",
            "What happened here does not reach the channels",
            f"Facts of the outbox wait for longer than {STUCK.seconds // 60} minutes, or were set aside after"
            " three failures. `hub doctor outbox workers` says which; the worker's log says why.",
        )


def of_hub(hearts: Mapping[str, datetime], now: datetime) -> Iterator[Trouble]:
    """
    `hearts`: when beat, and a worker, last gave a sign of life. While beat is silent nobody asks the workers
    for anything: their silence means nothing then.
    """
    if _silent(hearts, "beat", now):
        yield Trouble(
            "beat_silent",
            "beat_silent",
            "Beat is silent: nothing is pulled by itself",
            "No calendar is read and no hold runs out by itself. Start it: `hub up`, or `hub beat`; its log"
            " says why it ended.",
        )
    elif _silent(hearts, "worker", now):
        yield Trouble(
            "worker_silent",
            "worker_silent",
            "No worker takes tasks",
            "Nothing is done in time: holds, conflicts, what is due. Start one: `hub up`, or `hub worker`. If"
            " some run, they are busy or their broker is gone: `hub doctor workers redis`.",
        )


def _silent(hearts: Mapping[str, datetime], name: str, now: datetime) -> bool:
    return name in hearts and abs(now - hearts[name]) > SILENT


def unwatched(hearts: Mapping[str, datetime], now: datetime, patience: timedelta) -> bool:
    """Whether no worker has looked for that long: then whoever else can has to."""
    return "worker" not in hearts or abs(now - hearts["worker"]) > patience


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


LONGEST_RETRY = timedelta(hours=3)
FIRST_RETRY = timedelta(seconds=5)
GIVEN_UP_AFTER = timedelta(hours=24)


def retry_after(attempts: int, asked: timedelta | None, jitter: float) -> timedelta:
    """
    How long to wait after that many failures in a row: 5 s, 10 s, 20 s up to 3 h, a quarter longer at most by
    `jitter` (0 to 1); never sooner than the receiver asked for.
    """
    doubled: int = 2 ** min(attempts - 1, 16)
    wait = min(FIRST_RETRY * doubled, LONGEST_RETRY) * (1 + jitter / 4)
    return max(wait, min(asked, LONGEST_RETRY)) if asked else wait


def troubles(
    links: Collection[LinkFacts], conflicts: Collection[ConflictFacts], now: datetime
) -> Iterator[Trouble]:
    """What is the matter with what one organization connects."""
    for link in links:
        yield from of_link(link, now)
    for conflict in conflicts:
        yield of_conflict(conflict)
