"""How a channel writes its calendar, and what it does with the calendars that it reads: as data. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)

STAMPED = (
    "UID:{uid}",
    "DTSTAMP:{made}",
    "{start}",
    "{end}",
    "SUMMARY:{summary}",
    "DESCRIPTION:{description}",
)
"""Most channels' order"""


class Times(StrEnum):
    """How a channel writes when something begins and ends."""

    DATES = "dates"
    UTC = "utc"
    FLOATING = "floating"
    ZONED = "zoned"


class Echo(StrEnum):
    """How a channel shows again, in its own calendar, what it read in ours."""

    NONE = "none"
    APART = "apart"
    """One closure for each that it read, in its own words and under its own UID"""
    MERGED = "merged"
    """As one with all else that is closed, wherever they touch"""
    MARKED = "marked"
    """As another hub: under a UID of its own, with the origin and the way that it came"""


class Validator(StrEnum):
    """What a channel answers that a later question can name."""

    NONE = "none"
    ETAG = "etag"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a channel closes by itself, in nights."""

    lead: int = 0
    """From today: too late to book"""
    horizon: int = 0
    """From so many days ahead: too early to book, and that for `closed` nights; 0: there is no such end"""
    closed: int = 0
    preparation: int = 0
    """After each stay"""
    rules: tuple[str, str, str] = ("lead", "horizon", "preparation")
    """Its short names for these three"""
    summary: str = "Not available"
    uid: str = ""
    """As the others; {rule} is the short name, {first_day} and {last_day} the first and the last night"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """
    Templates are filled with what an event says. `lines`: {uid}, {summary}, {description}, {start} and {end}
    as whole properties, {made}, {now}, {origin}, {via}. The others: {guest}; {first} and {after} as digits;
    {code}, 64 hex digits of the event, {daily}, which are others every day, {dates}, those of its dates;
    {reference}, eight capitals; {digits}, four figures.
    """

    title: str
    prodids: tuple[str, ...]
    """The usual one first"""
    header: tuple[str, ...] = ("VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:PUBLISH")
    lines: tuple[str, ...]
    """Of one event, in the channel's order; one whose value is empty is left out"""
    stays: tuple[str, ...]
    blocks: tuple[str, ...]
    uid: str
    block_uid: str
    description: str = ""
    """Of a stay"""
    turnover: tuple[str, ...] = ()
    """What the days of arrival and departure are called, where each is an event besides the stay"""
    times: Times = Times.DATES
    zone_name: str = ""
    """The TZID of ZONED"""
    defines_zone: bool = False
    """With a VTIMEZONE"""
    sometimes_duration: bool = False
    begun_begins_today: bool = False
    past_days: int = 0
    """How long what has ended stays in the calendar"""
    policy: Policy = Policy()
    validator: Validator = Validator.ETAG
    wants_agent: bool = False
    """403 to whoever does not say who asks"""

    echo: Echo = Echo.NONE
    whole_days: bool = False
    """An hour that it reads takes the whole day"""
    reads_every: timedelta
    agent: str
    hourly: bool = False
    """It lets by the hour"""
    personal: bool = False
    """Somebody's own calendar: hours beside days, things that recur, and much that takes no night"""
