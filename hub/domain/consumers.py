"""
Who reads our feeds, as far as a request tells: the family of its User-Agent and the network it came from.

A User-Agent is what somebody says of itself, and whoever knows a feed's address may say anything. Channels do
not publish how they call themselves when they fetch a calendar, but those that say anything name themselves;
calendar programs are known from their own sources and from servers' logs. What is not in the table is shown
under its own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from uuid import UUID

LONGEST_NAME = 120
NAMELESS = "unknown"


class Kind(StrEnum):
    """What sort of reader it is."""

    CHANNEL = "channel"
    """Lets what we let"""
    MANAGER = "manager"
    """Another system that manages a landlord's channels"""
    HUB = "hub"
    """Another Channel Hub, or this one"""
    CALENDAR = "calendar"
    PROGRAM = "program"
    """Some program that says no more than what it is made with: a channel may be behind it"""
    PERSON = "person"
    """A browser, or a tool used by hand: that somebody looked says nothing about a channel"""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Family:
    """Requests of one sort of reader: `says` is any word of its User-Agent, in lower case."""

    title: str
    kind: Kind
    says: tuple[str, ...]
    one_service: bool = False
    """One reader that comes from many networks; of any other family each network is a reader of its own."""


def _services(kind: Kind, named: Mapping[str, tuple[str, ...]]) -> tuple[Family, ...]:
    return tuple(Family(title, kind, says, one_service=True) for title, says in named.items())


def _each_its_own(kind: Kind, named: Mapping[str, tuple[str, ...]]) -> tuple[Family, ...]:
    return tuple(Family(title, kind, says) for title, says in named.items())


FAMILIES: tuple[Family, ...] = (
    *_each_its_own(Kind.HUB, {"Channel Hub": ("channelhub",)}),
    *_services(
        Kind.CHANNEL,
        {
            "Airbnb": ("airbnb",),
            "Booking.com": ("booking.com", "bookingcom"),
            "Vrbo": ("vrbo", "homeaway", "abritel", "fewo-direkt", "stayz", "expedia"),
            "Tripadvisor": ("tripadvisor", "flipkey", "holidaylettings"),
            "Agoda": ("agoda",),
            "Holidu": ("holidu", "bookiply"),
            "HomeToGo": ("hometogo",),
            "Hostelworld": ("hostelworld",),
            "Furnished Finder": ("furnishedfinder", "furnished finder"),
            "Hipcamp": ("hipcamp",),
            "SamBoat": ("samboat",),
            "GetMyBoat": ("getmyboat",),
            "Click&Boat": ("clickandboat", "click&boat", "click and boat"),
            "Boatsetter": ("boatsetter",),
            "Turo": ("turo",),
            "Getaround": ("getaround",),
        },
    ),
    *_services(
        Kind.MANAGER,
        {
            "Smoobu": ("smoobu",),
            "Guesty": ("guesty",),
            "Hostaway": ("hostaway",),
            "Lodgify": ("lodgify",),
            "Beds24": ("beds24",),
            "Rentals United": ("rentalsunited", "rentals united", "rentals-united"),
            "Hospitable": ("hospitable",),
            "OwnerRez": ("ownerrez", "ownerreservations"),
            "Uplisting": ("uplisting",),
            "Hostfully": ("hostfully",),
            "Hostify": ("hostify",),
            "iGMS": ("igms",),
            "Tokeet": ("tokeet",),
            "Avantio": ("avantio",),
            "Cloudbeds": ("cloudbeds",),
            "SiteMinder": ("siteminder", "little hotelier", "littlehotelier"),
            "Sirvoy": ("sirvoy",),
            "Zeevou": ("zeevou",),
        },
    ),
    *_services(
        Kind.CALENDAR,
        {
            "Google Calendar": ("google-calendar-importer",),
            "Microsoft 365": ("microsoft.exchange", "exchangeservicesclient"),
            "Yahoo Calendar": ("yahoocalendar", "yahoo! calendar"),
            "Fastmail": ("fastmail",),
            "Proton Calendar": ("protoncalendar", "proton calendar", "protonmail"),
            "Zoho Calendar": ("zohocalendar", "zoho"),
        },
    ),
    *_each_its_own(
        Kind.CALENDAR,
        {
            "Outlook": ("outlook",),
            "Apple Calendar": ("dataaccessd", "calendaragent", "calendarstore", "icloud"),
            "Thunderbird": ("thunderbird",),
            "Fantastical": ("fantastical",),
            "BusyCal": ("busycal",),
            "eM Client": ("em client", "emclient"),
            "ICSx5": ("icsx5",),
            "DAVx5": ("davx5", "davdroid"),
            "Evolution": ("evolution",),
            "KOrganizer": ("korganizer", "akonadi"),
            "Nextcloud": ("nextcloud",),
            "Home Assistant": ("homeassistant", "home-assistant"),
        },
    ),
    *_each_its_own(
        Kind.PERSON,
        {"curl": ("curl",), "Wget": ("wget",), "HTTPie": ("httpie",), "Postman": ("postmanruntime",)},
    ),
    *_each_its_own(
        Kind.PROGRAM,
        {
            "WordPress": ("wordpress",),
            "Google Apps Script": ("google-apps-script",),
            "a Python program": ("python-requests", "python-urllib", "python-httpx", "aiohttp", "python"),
            "a Java program": ("apache-httpclient", "java-http-client", "okhttp", "jersey", "java"),
            "a PHP program": ("guzzlehttp", "php"),
            "a Go program": ("go-http-client",),
            "a Ruby program": ("rest-client", "faraday", "httparty", "ruby"),
            "a Node.js program": ("node-fetch", "axios", "undici", "node"),
            "a .NET program": ("dotnet", ".net"),
            "a Perl program": ("libwww-perl",),
        },
    ),
    *_each_its_own(
        Kind.PERSON, {"a web browser": ("chrome", "crios", "firefox", "fxios", "safari", "edg", "trident")}
    ),
)
"""The first that fits counts. Words stand alone: no letter may touch them."""

OTHERS = "others"
"""Those that are not told apart any more: too many names came in one day."""

SERVICES: frozenset[str] = frozenset(family.title for family in FAMILIES if family.one_service)
PERSONS: frozenset[str] = frozenset(family.title for family in FAMILIES if family.kind is Kind.PERSON)

_KINDS: Mapping[str, Kind] = {family.title: family.kind for family in FAMILIES}
_WORDS = tuple(
    (re.compile(rf"(?<![a-z])(?:{'|'.join(map(re.escape, family.says))})(?![a-z])"), family.title)
    for family in FAMILIES
)
_ADDRESSES = re.compile(r"https?://[^\s;,()]*")
_VERSIONS = re.compile(r"/v?[0-9][^\s;,()]*")
_UNPRINTABLE = re.compile(r"[^ -~]+")


@lru_cache(maxsize=4096)
def known(user_agent: bytes) -> str | None:
    """The family's title; None for one that is not in the table. An address in it names somebody's site."""
    says = _ADDRESSES.sub(" ", user_agent[:1024].decode("latin-1").lower())
    return next((title for words, title in _WORDS if words.search(says)), None)


@lru_cache(maxsize=4096)
def name(user_agent: bytes) -> str:
    """
    The family's title, else what it calls itself without the numbers of versions: printable ASCII, 120
    characters at most, never empty.
    """
    if title := known(user_agent):
        return title
    readable = _UNPRINTABLE.sub(" ", user_agent[:1024].decode("latin-1"))
    return " ".join(_VERSIONS.sub("", readable).split())[:LONGEST_NAME].strip() or NAMELESS


@lru_cache(maxsize=4096)
def network(host: str) -> str:
    """The range of a client's address: /24 of IPv4, /48 of IPv6; empty for what is no address."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who fetches a feed, as it calls itself, whence, and how often it really comes."""

    link_id: UUID
    name: str
    networks: tuple[str, ...]
    """Of one service all that it came from, else the one that tells it from others of its name, if known"""
    full: int
    not_modified: int
    revision: int
    """The newest revision it has been given"""
    first_at: datetime
    last_at: datetime
    interval: timedelta | None
    """Measured over its last seven days; None where it came less than twice"""

    @property
    def kind(self) -> Kind:
        return _KINDS.get(self.name, Kind.UNKNOWN)

    @property
    def whence(self) -> str:
        """What tells it from others of its name; empty for a service, or where it is not known."""
        return "" if self.name in SERVICES or not self.networks else self.networks[0]

    @property
    def next_at(self) -> datetime | None:
        """When it should come again, if it keeps its interval."""
        return self.last_at + self.interval if self.interval is not None else None
