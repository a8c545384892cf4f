"""What the settings of a link may say about how its feed is to be understood. Pure."""

from __future__ import annotations

import hashlib
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connectors.ical.words import folded, words_of

MOST_PHRASES = 50
LONGEST_PHRASE = 100
FURTHEST_OFFSET = 2


def _telling(phrase: str) -> str:
    phrase = " ".join(phrase.split())
    if len("".join(words_of(folded(phrase)))) < 2:
        raise ValueError("a phrase needs two letters or figures, or it would be found everywhere")
    return phrase


def _a_list(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("phrases are a list, even if there is only one")
    return value


Phrases = Annotated[
    tuple[Annotated[str, Field(max_length=LONGEST_PHRASE), AfterValidator(_telling)], ...],
    Field(max_length=MOST_PHRASES),
    BeforeValidator(_a_list),
]


class FeedOptions(BaseModel):
    """
    Phrases are compared without case, accents and double spaces, as parts of a text. What closes is sought in
    the summary and the description of an event, what opens in its summary alone: a stay whose description
    mentions a cleaning fee is no cleaning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    checkout_offset: int = Field(
        default=0,
        ge=-FURTHEST_OFFSET,
        le=FURTHEST_OFFSET,
        title="Days added to the end",
        description=(
            "Days added to the end of all-day events: 1 for a calendar whose events end with their last "
            "night, -1 for one that counts the day of departure. At least one night is kept."
        ),
        examples=[1],
    )
    only: Phrases = Field(
        default=(),
        title="Count only events with",
        description="Events count only if one of these phrases is in their summary or description.",
        examples=[["Reserved", "Booking"]],
    )
    ignore: Phrases = Field(
        default=(),
        title="Ignore events with",
        description="Events whose summary has one of these phrases do not count; they are still listed.",
        examples=[["cleaning", "birthday"]],
    )
    busy_words: Phrases = Field(
        default=(),
        title="Busy words",
        description=(
            "Events with one of these phrases in their summary or description are busy, even if their "
            "calendar shows them as free. A cancelled event stays free."
        ),
        examples=[["painters"]],
    )
    free_words: Phrases = Field(
        default=(),
        title="Free words",
        description=(
            "Events with one of these phrases in their summary are free, unless a busy word is in them."
        ),
        examples=[["option", "enquiry"]],
    )
    whole_days: bool | None = Field(
        default=None,
        title="Hours take whole days",
        description=(
            "Whether an event with times takes every day it touches, from midnight to midnight. Left out: as "
            "the channel is known to do."
        ),
        examples=[True],
    )
    returns_ours: bool | None = Field(
        default=None,
        title="Shows our own dates again",
        description=(
            "Whether the channel's calendar shows again what the channel read in ours. If not, nothing in it "
            "is taken for our own by its dates alone. Left out: as the channel is known to do."
        ),
        examples=[False],
    )

    @model_validator(mode="after")
    def _without_contradiction(self) -> Self:
        for one, other in (("only", "ignore"), ("busy_words", "free_words")):
            said = {folded(phrase) for phrase in getattr(self, other)}
            if not said.isdisjoint(folded(phrase) for phrase in getattr(self, one)):
                raise ValueError(f"the same phrase is in both {one} and {other}")
        return self

    @classmethod
    def of(cls, settings: BaseModel) -> FeedOptions:
        """The options among larger settings."""
        return FeedOptions.model_validate(settings.model_dump(include=set(FeedOptions.model_fields)))

    def digest(self) -> str:
        """Equal for equal options: what was understood with others has to be read anew."""
        return hashlib.sha256(FeedOptions.of(self).model_dump_json().encode()).hexdigest()[:16]
