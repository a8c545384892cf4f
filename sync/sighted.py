"""One sentence over all channels of a booking, whether they fetch a feed or are kept equal event by event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from hub.domain.lifecycle import Status
from sync import shown
from sync.planning import seen as planning
from sync.planning.seen import Verdict
from sync.shown import Mirrored

GONE = frozenset({Status.CANCELLED, Status.EXPIRED, Status.NO_SHOW})


def sentence(
    status: Status,
    feeds: Iterable[tuple[UUID, str, Verdict]],
    calendars: Collection[Mirrored],
    now: datetime,
) -> str:
    """
    `feeds` has the link, its name and the verdict of each item that the feed names, or should. A channel
    counts once, however many items it shows; one with a feed and a calendar has to have both.
    """
    gone = status in GONE
    named: dict[UUID, list[tuple[str, Verdict]]] = defaultdict(list)
    for link_id, name, verdict in feeds:
        if planning.concerned(verdict, gone=gone):
            named[link_id].append((name, verdict))
    told = {link_id: planning.of_feeds(verdicts, now, gone=gone) for link_id, verdicts in named.items()}
    for link_id, telling in shown.tellings(calendars, gone=gone).items():
        if link_id not in told or told[link_id].has:
            told[link_id] = telling
    return planning.sentence(tuple(told.values()), gone=gone)
