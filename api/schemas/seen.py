"""What channels can know of a booking, as clients see it."""

from __future__ import annotations

from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Out, UtcInstant
from api.schemas.links import State as LinkState
from hub.domain.consumers import Kind
from hub.domain.lifecycle import Status
from sync.planning.seen import Knows, State
from sync.planning.showing import State as MirrorState
from sync.seen import Report


class SeenByOut(Out):
    """One consumer of a feed, and what it knows of the item."""

    model_config = ConfigDict(from_attributes=True)

    consumer: str
    kind: Kind = Field(description="A person is a browser or a tool used by hand: it counts for no channel")
    networks: list[str]
    knows: Knows = Field(
        description="nothing; current: what is true; former: other dates, or that there is a booking where "
        "there is none any more; withdrawn: that it is gone"
    )
    since: UtcInstant | None = Field(description="When it first fetched that, as far as the ledger reaches")
    last_at: UtcInstant = Field(description="Its last fetch of anything")
    next_at: UtcInstant | None = Field(description="When it should come again, by its interval")


class ExportOut(Out):
    """How our feed for one channel stands to one item of the booking."""

    model_config = ConfigDict(from_attributes=True)

    link_id: UUID
    channel: str
    scope: str = Field(description="What the feed speaks of: a unit, a type, a category or the property")
    item_id: UUID | None = Field(description="Null where the feed names no bookings")
    state: State = Field(
        description="not_named: a feed of many units says when none can be sold; waiting: the feed that was "
        "last made is not true any more, whoever fetches next gets a new one; exported: in the feed, fetched "
        "by no channel; seen; withdrawn; never: it does not belong into this feed"
    )
    revision: int | None = Field(description="The first of the feed that said so")
    exported_at: UtcInstant | None
    withdrawn_at: UtcInstant | None
    words: str
    seen_by: list[SeenByOut] = Field(description="Everybody who ever fetched the feed, the latest first")


class ImportOut(Out):
    """A channel's calendar that speaks of the booking's units."""

    model_config = ConfigDict(from_attributes=True)

    link_id: UUID
    channel: str
    scope: str
    state: LinkState
    state_reason: str | None
    verified_at: UtcInstant | None = Field(
        description="When the channel's calendar was last known to be what we hold of it"
    )
    words: str


class MirroredOut(Out):
    """What stands for an item of the booking in a calendar that is synced event by event."""

    model_config = ConfigDict(from_attributes=True)

    link_id: UUID
    channel: str
    scope: str
    item_id: UUID
    kind: str = Field(description="booking_item: the stay; turnaround: the time after it")
    state: MirrorState = Field(
        description="waiting: for the next sync; on_its_way: nobody knows yet whether it arrived; put_off: "
        "by the quota; refused by the channel; deleted_there: a person decides; hidden by hand; "
        "not_shown: it is not to be there"
    )
    review: bool = Field(description="It was deleted there, and nobody has looked at that yet")
    event_id: str | None = Field(description="Its id in the calendar, where it is or was there")
    written_at: UtcInstant | None = Field(description="When we last wrote it")
    until: UtcInstant | None = Field(description="Until when it is put off")
    outcome: str | None = Field(description="What was last written, and how that ended")
    words: str


class BookingChannelsOut(Out):
    booking_id: UUID
    reference: str
    status: Status
    summary: str = Field(description="In one line")
    seen: str = Field(
        description="In one sentence over feeds and calendars: how many channels have what is true of it, "
        "and how the others stand"
    )
    exports: list[ExportOut] = Field(description="Per feed and item: what it says, and who has fetched that")
    imports: list[ImportOut] = Field(description="The evidence that channels had nothing against it")
    calendars: list[MirroredOut] = Field(description="Per calendar that is synced event by event, and item")

    @classmethod
    def of(cls, report: Report, summary: str) -> BookingChannelsOut:
        return cls(
            booking_id=report.booking_id,
            reference=report.reference,
            status=Status(report.status),
            summary=summary,
            seen=report.seen,
            exports=[ExportOut.model_validate(one) for one in report.exports],
            imports=[ImportOut.model_validate(one) for one in report.imports],
            calendars=[MirroredOut.model_validate(one) for one in report.calendars],
        )
