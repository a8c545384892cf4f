"""What a calendar would bring, and what a sync would do, as clients see it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas.common import Out


class PreviewEventOut(Out):
    model_config = ConfigDict(from_attributes=True)

    summary: str
    starts_at: str = Field(description="A date for an event of whole days, else an instant")
    ends_at: str
    busy: bool = Field(description="What is not busy takes nothing")
    units: list[str] = Field(description="Names of the units that it would take")
    clashes: list[str] = Field(description="Bookings and blackouts that it meets")
    problem: str | None = Field(description="What could not be read of it")
    nature: str = Field(description="stay, block or unknown, as far as the channel lets us tell")
    note: str = Field(description="Why it does not count, where it is not busy")


class PreviewCounts(Out):
    events: int
    busy: int
    clashing: int


class PlannedWriteOut(Out):
    """One event of ours that would be written in a calendar that is synced event by event."""

    model_config = ConfigDict(from_attributes=True)

    action: str = Field(description="create, update or delete")
    starts_at: str = Field(description="A date for an event of whole days, else an instant")
    ends_at: str
    summary: str


class PlanOut(Out):
    """What a sync would do now, told as its run would tell it. Nothing of it has been done."""

    model_config = ConfigDict(from_attributes=True)

    changed: bool
    headline: str = Field(description="In one line")
    summary: list[str] = Field(description="In words: + would come, ~ would move, - would go")
    counts: dict[str, int]
    guard: str | None = Field(
        description="Why what is not told any more would not be free yet, where something is"
    )
    writes: list[PlannedWriteOut] = Field(description="The first 500, in the order of the sync")


class PreviewOut(Out):
    """What the calendar says now, and what would come of it."""

    title: str
    source: str = Field(description="The channel that makes the calendar, as its content tells")
    counts: PreviewCounts
    events: list[PreviewEventOut] = Field(description="The first 500, by their beginning")
    problems: list[str] = Field(description="What could not be read; the first 100")
    plan: PlanOut | None = Field(description="What a sync would do; null before the calendar is linked")
