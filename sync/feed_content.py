"""What a link's feed should say at this moment: read in three statements, however many units there are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from hub.domain.offers import Offer
from hub.domain.periods import Span, at
from hub.queries import feeds as query
from hub.queries import inventory, links
from hub.queries.feeds import FeedLink
from sync.planning import feed_entries, feed_spans
from sync.planning.feed_entries import Wanted
from sync.planning.feed_spans import Take
from sync.planning.marks import Sign
from sync.signing import Signer

PAST = timedelta(days=31)
"""How long what has ended stays in a feed."""

REFRESH = timedelta(minutes=15)
"""How often consumers are asked to come back."""


@dataclass(frozen=True, slots=True)
class FeedContent:
    """Either `wanted`, entries with UIDs of their own, or `spans` that are yet to be given theirs."""

    name: str
    wanted: tuple[Wanted, ...]
    spans: tuple[Span, ...]
    sign: Sign
    hash: bytes
    """Of all that the bytes are made from, the version of the hub included"""


def read(session: Session, feed: FeedLink, now: datetime) -> FeedContent:
    """Free of side effects; true for the instant at which its last statement runs."""
    zone = ZoneInfo(feed.time_zone)
    offers = links.scope(session, feed.link)
    first_day = (now.astimezone(zone) - PAST).date()
    takes = _takes(session, feed, offers, at(first_day, time(), zone), now)
    sign = Signer.of(session).of_feed(feed.link.id)

    wanted: tuple[Wanted, ...] = ()
    spans: tuple[Span, ...] = ()
    if not offers:
        spans = feed_spans.nothing_for_sale(first_day)
    elif feed.link.unit_id is not None:
        wanted = tuple(feed_entries.in_order(feed_spans.by_cause(takes, offers[0].let_by, zone, sign)))
    else:
        spans = feed_spans.sold_out([offer.unit for offer in offers], takes, zone)
    name = f"{feed.property_name}: {feed.scope_name}" if feed.scope_name else feed.property_name
    return FeedContent(name, wanted, spans, sign, _hash(feed.connector, name, wanted, spans, sign))


def _takes(
    session: Session, feed: FeedLink, offers: tuple[Offer, ...], since: datetime, now: datetime
) -> list[Take]:
    """
    What takes the leaves of the scope. Our own turnaround is in it, for it is allocated; that of a relayed
    event is not: around a ring of hubs each would add its own to it, for ever.
    """
    if not offers:
        return []
    takes = map(Take._make, query.taken(session, inventory.leaves(offers), since, now))
    if feed.link.unit_id is not None:
        return feed_spans.to_tell(takes, feed.link.id)
    return [take for take in takes if take.told_by != feed.link.id]


def _hash(
    connector: str, name: str, wanted: tuple[Wanted, ...], spans: tuple[Span, ...], sign: Sign
) -> bytes:
    canonical = [
        _version(),
        sign(""),
        connector,
        name,
        REFRESH.total_seconds(),
        [[want.uid, feed_entries.to_json(want.content)] for want in wanted],
        [feed_entries.edges(span) for span in spans],
    ]
    return hashlib.sha256(json.dumps(canonical, separators=(",", ":")).encode()).digest()


@cache
def _version() -> str:
    return version("channel-hub")
