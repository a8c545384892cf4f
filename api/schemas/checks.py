"""What channels said before a booking was accepted, and what they say when they are asked on purpose."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import Out, UtcInstant
from api.schemas.spans import SpanIn
from hub.domain.evidence import Sight, Verdict
from hub.models.checks import Check

_VERDICT = (
    "fresh: known well enough, not asked again; answered; late: no answer in time; failed: no calendar came; "
    "spared: its host does not answer these minutes, or nobody pulls: nobody waited; unreachable: the link "
    "needs a person first, or is gone; paused"
)


class SightOut(Out):
    """How one link stood."""

    link_id: UUID
    channel: str
    scope: str = Field(description="What the link speaks of")
    verdict: Verdict = Field(description=_VERDICT)
    verified_at: UtcInstant | None = Field(description="As of when its calendar was known")
    version: str = Field(description="The ETag or hash of that")
    duration_ms: int = Field(description="How long it was waited for")
    why: str

    @classmethod
    def seen(cls, sight: Sight) -> SightOut:
        return cls(
            link_id=sight.link_id,
            channel=sight.channel,
            scope=sight.scope,
            verdict=sight.verdict,
            verified_at=sight.verified_at,
            version=sight.version,
            duration_ms=round(sight.waited.total_seconds() * 1000),
            why=sight.why,
        )


class CheckOut(SightOut):
    """The same at one look before a booking was accepted."""

    id: UUID
    at: UtcInstant
    stage: str = Field(description="booked, moved, confirmed, or awaited: it answered later")
    age_seconds: float | None = Field(description="How old what was known of it was then")

    @classmethod
    def of(cls, row: Check) -> CheckOut:
        known = {name: getattr(row, name) for name in cls.model_fields if name != "age_seconds"}
        age = (row.at - row.verified_at).total_seconds() if row.verified_at is not None else None
        return cls(**known, age_seconds=None if age is None else max(0.0, age))


class ChecksOut(Out):
    items: list[CheckOut]


CHECK: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be140",
    "link_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be111",
    "channel": "Seaside Rentals",
    "scope": "Room 1",
    "verdict": "answered",
    "verified_at": "2026-11-21T12:00:00Z",
    "version": "sha256:9f86d081884c7d65",
    "duration_ms": 180,
    "why": "",
    "at": "2026-11-21T12:00:00Z",
    "stage": "booked",
    "age_seconds": 0.0,
}


class CheckIn(SpanIn):
    """A unit or a type, for nights or hours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
                    "arrival": "2027-07-01",
                    "departure": "2027-07-04",
                }
            ]
        }
    )

    unit_id: UUID | None = None
    unit_type_id: UUID | None = None


class FreeOut(Out):
    """One unit after its channels were asked."""

    unit_id: UUID
    name: str
    free: bool
    verified: bool = Field(description="Whether all its channels vouch for it")
    taken_by: Annotated[list[str], Field(description="What takes it, in words")]


class CheckedOut(Out):
    units: list[FreeOut]
    channels: list[SightOut]


CHECKED: dict[str, Any] = {
    "units": [
        {
            "unit_id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be103",
            "name": "Room 1",
            "free": False,
            "verified": True,
            "taken_by": ["taken by Seaside Rentals from 2027-07-01 to 2027-07-03"],
        }
    ],
    "channels": [{name: CHECK[name] for name in SightOut.model_fields}],
}
