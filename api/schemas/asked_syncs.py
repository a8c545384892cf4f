"""Syncs of many links at once, as clients ask for them and see them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Day, In, Line, Out
from api.schemas.inventory import Category
from api.schemas.runs import QUEUED, LeftOutOut, RunOut
from hub.queries.selected import Criteria
from sync.requests import Asked
from sync.selecting import Mode

MOST = 1000

Ids = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST)]


class SyncsIn(In):
    """What is to be synced: all that is said must hold, and of one criterion any value. Say at least one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"categories": ["car"], "from": "2027-07-01", "to": "2027-08-01", "mode": "push"},
                {
                    "property_ids": ["0198c2f0-6c1e-7b7a-9f00-3d2c5a9be101"],
                    "unit_type_ids": ["0198c2f0-6c1e-7b7a-9f00-3d2c5a9be102"],
                    "connectors": ["google_calendar"],
                    "link_ids": ["0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111"],
                    "booking_ids": ["0198c2f0-6c1e-7b7a-9f00-3d2c5a9be105"],
                    "mode": "both",
                },
            ]
        }
    )

    property_ids: Ids | None = None
    unit_type_ids: Ids | None = Field(None, description="Of the units that a link speaks of")
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=20)] | None = Field(
        None, description="Of the units that a link speaks of"
    )
    connectors: Annotated[tuple[Line, ...], Field(min_length=1, max_length=100)] | None = None
    link_ids: Ids | None = None
    booking_ids: Ids | None = Field(None, description="Links that show them, or speak of their units")
    first: Day | None = Field(None, alias="from", description="The first night whose bookings are compared")
    to: Day | None = Field(None, description="The first night whose bookings are not")
    all: bool = Field(False, description="Every link, where nothing else is said")
    mode: Mode = Field(
        Mode.BOTH,
        description="pull: links that import; push: calendars that we write in; both. A calendar that is "
        "synced event by event is always made equal on both sides: mode chooses the links, and whether what "
        "we wrote is compared anew",
    )

    def criteria(self) -> Criteria:
        return Criteria(
            property_ids=self.property_ids,
            unit_type_ids=self.unit_type_ids,
            categories=self.categories,
            connectors=self.connectors,
            link_ids=self.link_ids,
            booking_ids=self.booking_ids,
            first=self.first,
            after=self.to,
            everything=self.all,
        )


class SyncsOut(Out):
    items: list[RunOut] = Field(description="One run for each link; one that waited already is joined")
    left_out: list[LeftOutOut] = Field(description="Links that rest, or were named and only export a feed")

    @classmethod
    def of(cls, asked: Asked) -> SyncsOut:
        return cls(
            items=[RunOut.single(run) for run in asked.runs],
            left_out=[
                LeftOutOut(link_id=one.link_id, code=one.reason.code, words=one.reason.message)
                for one in asked.left_out
            ],
        )


SYNCS: dict[str, Any] = {
    "items": [QUEUED],
    "left_out": [
        {
            "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be113",
            "code": "not_active",
            "words": "this link is paused (by hand); resume it first",
        }
    ],
}
