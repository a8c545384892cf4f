"""What the settings of a link may say about how our bookings and blackouts look in a calendar. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from string import Formatter
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST_TEMPLATE = 2000


class Telling(StrEnum):
    """Who reads the calendar may read this much."""

    BUSY = "busy"
    """That it is taken, and nothing else"""
    REFERENCE = "reference"
    """The booking's reference as well, and how many come"""
    GUEST = "guest"
    """The guest's name, telephone and e-mail address as well, and staff's notes"""


class Kind(StrEnum):
    """What is shown, as people see it."""

    BOOKING = "booking"
    HOLD = "hold"
    BLACKOUT = "blackout"
    TURNAROUND = "turnaround"


_OF_UNIT = frozenset({"unit", "property"})
_OF_BOOKING = frozenset({"reference", "status", "guests", "arrival", "departure", "nights", "source"})
_OF_GUEST = frozenset({"name", "phone", "email", "note"})

FIELDS: Mapping[Telling, frozenset[str]] = {
    Telling.BUSY: _OF_UNIT,
    Telling.REFERENCE: _OF_UNIT | _OF_BOOKING,
    Telling.GUEST: _OF_UNIT | _OF_BOOKING | _OF_GUEST,
}
"""What a description may name in braces, by how much may be told"""


class Appearance(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    colour: str = Field(
        default="",
        title="Colour",
        description="As the channel names its colours; left out: the calendar's own.",
    )
    description: str | None = Field(
        default=None,
        max_length=LONGEST_TEMPLATE,
        title="Description",
        description="Text of such events; {reference} and the like are filled in. Left out: the usual.",
    )


class MirrorOptions(BaseModel):
    """How much of what we have is shown, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tells: Telling = Field(
        default=Telling.REFERENCE,
        title="Tell",
        description="What whoever can see the calendar may read: busy, reference or guest.",
    )
    turnaround: bool = Field(
        default=False,
        title="Show turnaround",
        description="Whether the time that is kept free after a rental is shown as an event of its own.",
    )
    looks: dict[Kind, Appearance] = Field(
        default_factory=dict, title="Looks", description="Colour and description by kind."
    )

    @model_validator(mode="after")
    def _names_what_may_be_told(self) -> Self:
        for kind, look in self.looks.items():
            try:
                names = {
                    name for _, name, _, _ in Formatter().parse(look.description or "") if name is not None
                }
            except ValueError as error:
                raise ValueError(f"the description of a {kind} cannot be read: {error}") from None
            if wrong := sorted(names - FIELDS[self.tells]):
                allowed = ", ".join(sorted(FIELDS[self.tells]))
                raise ValueError(
                    f"the description of a {kind} names {', '.join(wrong)}; {self.tells} may tell {allowed}"
                )
        return self

    @classmethod
    def of(cls, settings: BaseModel) -> MirrorOptions:
        """The options among larger settings."""
        return MirrorOptions.model_validate(settings.model_dump(include=set(MirrorOptions.model_fields)))
