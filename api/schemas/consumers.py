"""Who fetches our feeds, as clients see them."""

from __future__ import annotations

from pydantic import Field

from api.schemas.common import Out, UtcInstant
from hub.domain.consumers import Consumer, Kind
from sync.seen import FeedState


class ConsumerOut(Out):
    """Somebody who fetches our feed: who it says it is, whence it comes, and how often it really does."""

    consumer: str = Field(description="The family of its User-Agent; one that is not known by its own name")
    kind: Kind = Field(description="A person is a browser or a tool used by hand, and no channel")
    networks: list[str] = Field(
        description="Where it came from: all networks of one service, else the one that tells it from others "
        "of its name; empty if not known"
    )
    full: int = Field(description="Fetches that were given the whole feed")
    not_modified: int = Field(description="Fetches that were told that nothing changed")
    revision: int = Field(description="The newest revision of the feed that it has been given")
    behind: bool = Field(description="It has not fetched what the feed would say now")
    first_at: UtcInstant
    last_at: UtcInstant
    interval_seconds: int | None = Field(description="Measured over its last seven days")
    next_at: UtcInstant | None = Field(description="When it should come again, by its interval")

    @classmethod
    def of(cls, row: Consumer, feed: FeedState) -> ConsumerOut:
        return cls(
            consumer=row.name,
            kind=row.kind,
            networks=list(row.networks),
            full=row.full,
            not_modified=row.not_modified,
            revision=row.revision,
            behind=feed.outdated or row.revision < feed.revision,
            first_at=row.first_at,
            last_at=row.last_at,
            interval_seconds=round(row.interval.total_seconds()) if row.interval else None,
            next_at=row.next_at,
        )


class ConsumersOut(Out):
    revision: int = Field(description="The feed's newest; 0 where nobody has asked for it yet")
    revision_at: UtcInstant | None = Field(description="When that was made")
    outdated: bool = Field(description="What the feed says has changed since: whoever asks next gets a newer")
    items: list[ConsumerOut]
