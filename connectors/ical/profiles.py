"""
The channels that make calendars: how each is recognised, how it writes, and its quirks, one row each. Pure.

Where a row says nothing, nothing is known, and the words decide. docs/channels.md says what was observed, and
by how many; a quirk is a reason to be careful, never a promise of the channel's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Evidence and meanings are searched in folded text (words.folded), codes and digits as written."""

    slug: str
    title: str

    # Evidence
    prodid: re.Pattern[str] | None = None
    domain: re.Pattern[str] | None = None
    """Of UIDs: all that stands behind the last @, but for a digest behind an underscore"""
    host: re.Pattern[str] | None = None
    name: re.Pattern[str] | None = None
    """Of the calendar"""

    # Meanings
    stay: re.Pattern[str] | None = None
    """SUMMARY of a guest's stay, unless its words speak of a closure"""
    either: re.Pattern[str] | None = None
    """SUMMARY of stays and closures alike, whatever its words"""
    closures_may_be_stays: bool = False
    """What it calls closed or not available may be let to a guest"""
    block_uid: re.Pattern[str] | None = None
    """UID of what is no stay, unless its words say that it is one"""
    code: re.Pattern[str] | None = None
    """The channel's own code of a stay, its first group, in SUMMARY and DESCRIPTION"""
    phone: re.Pattern[str] | None = None
    """The last digits of the guest's telephone number, its first group, in DESCRIPTION"""

    # Quirks
    whole_days: bool = False
    """An hour that is taken there takes the whole day"""
    three_events_a_stay: bool = False
    """Arrival and departure are events besides the stay"""
    echoes: bool = True
    """Shows again in its calendar what it read in ours; so is taken whoever is not known not to"""


def _is(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _at(names: str) -> re.Pattern[str]:
    """One of these hosts or below it."""
    return re.compile(rf"(?:[\w-]+\.)*(?:{names})")


_ANY_COUNTRY = r"\.(?:com?\.)?[a-z]{2,3}"

AIRBNB = Profile(
    slug="airbnb",
    title="Airbnb",
    prodid=_is(r"-//airbnb inc"),
    domain=_at(r"airbnb\.com"),
    host=_at(rf"airbnb{_ANY_COUNTRY}"),
    # In the address of the reservation; in older calendars behind the guest's name, HM… or six signs.
    code=_is(
        r"(?i:/details/|[?&]code=)([A-Za-z0-9]{6,12})(?![A-Za-z0-9])"
        r"|\((HM[A-Z0-9]{8}|(?=[A-Z]*\d)[A-Z0-9]{6})\)"
    ),
    phone=_is(r"(?i)\(last 4 digits\): ?(\d{4})(?!\d)"),
)
BOOKING_COM = Profile(
    slug="booking_com",
    title="Booking.com",
    prodid=_is(r"-//(?:admin\.)?booking\.com"),
    domain=_at(r"booking\.com"),
    host=_at(r"booking\.com"),
    stay=_is(r"^closed ?- ?(?!not available$)\w"),
    closures_may_be_stays=True,
)
VRBO = Profile(
    slug="vrbo",
    title="Vrbo / HomeAway",
    prodid=_is(r"-//(?:homeaway|vrbo)"),
    domain=_at(r"homeaway\.com|vrbo\.com"),
    host=_at(
        rf"homeaway{_ANY_COUNTRY}|vrbo\.com|abritel\.fr|fewo-direkt\.de|stayz\.com\.au|bookabach\.co\.nz"
    ),
    # 20270110-20270112, and 02292020-0229-2020-0305-202003052020 in the shape of a UUID.
    block_uid=_is(r"^\d[\d-]{14,}$"),
)
TRIPADVISOR = Profile(
    slug="tripadvisor",
    title="Tripadvisor",
    prodid=_is(r"tripadvisor|flipkey|holidaylettings"),
    domain=_at(r"tripadvisor\.com|flipkey\.com|holidaylettings\.co\.uk"),
    host=_at(rf"tripadvisor{_ANY_COUNTRY}|flipkey\.com|holidaylettings\.co\.uk"),
    stay=_is(r"^tripadvisor[^:]*: ?\w"),
)
SMOOBU = Profile(
    slug="smoobu",
    title="Smoobu",
    prodid=_is(r"\bsmoobu\b"),
    domain=_at(r"smoobu\.com"),
    host=_at(r"smoobu\.com"),
    name=_is(r"\bsmoobu\b"),
    three_events_a_stay=True,
)
GUESTY = Profile(
    slug="guesty",
    title="Guesty",
    prodid=_is(r"\bguesty\b"),
    domain=_at(r"guesty\.com"),
    host=_at(r"guesty\.com|guestyforhosts\.com"),
    # Its notice, window and preparation: <listing>_an_2026-09-15_2026-09-15@guesty.com_<digest>
    block_uid=_is(r"^[0-9a-f]+_(?:an|bw|bd|b|a)_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d@guesty\.com"),
    either=_is(r"^blocked by guesty$"),
)
HOSTAWAY = Profile(
    slug="hostaway",
    title="Hostaway",
    prodid=_is(r"\bhostaway\b"),
    domain=_at(r"hostaway\.com"),
    host=_at(r"hostaway\.com"),
)
GOOGLE = Profile(
    slug="google",
    title="Google Calendar",
    prodid=_is(r"-//google inc//google calendar"),
    domain=_at(r"google\.com"),
    host=_at(r"calendar\.google\.com"),
    echoes=False,
)
OUTLOOK = Profile(
    slug="outlook",
    title="Outlook / Microsoft 365",
    prodid=_is(r"-//microsoft corporation//outlook|microsoft exchange server|microsoft cdo for"),
    host=_at(r"outlook\.(?:office365|office|live)\.com|calendar\.live\.com"),
    echoes=False,
)
APPLE = Profile(
    slug="apple",
    title="Apple Calendar",
    prodid=_is(r"-//apple (?:inc\.?|computer)\b|-//caldav\.icloud\.com"),
    host=_at(r"icloud\.com"),
    echoes=False,
)
SAMBOAT = Profile(
    slug="samboat",
    title="SamBoat",
    prodid=_is(r"\bsamboat\b"),
    domain=_at(rf"samboat{_ANY_COUNTRY}"),
    host=_at(rf"samboat{_ANY_COUNTRY}"),
    whole_days=True,
)
GETMYBOAT = Profile(
    slug="getmyboat",
    title="GetMyBoat",
    prodid=_is(r"\bget ?my ?boat\b"),
    domain=_at(r"getmyboat\.com"),
    host=_at(r"getmyboat\.com"),
)
CLICK_AND_BOAT = Profile(
    slug="click_and_boat",
    title="Click&Boat",
    prodid=_is(r"\bclick ?(?:&|and) ?boat\b"),
    domain=_at(r"clickandboat\.com"),
    host=_at(r"clickandboat\.com"),
)
TURO = Profile(
    slug="turo",
    title="Turo",
    prodid=_is(r"-//turo\b"),
    domain=_at(r"turo\.com"),
    host=_at(r"turo\.com"),
    stay=_is(r"\btrip\b"),
)
CHANNEL_HUB = Profile(
    slug="channel_hub",
    title="Another Channel Hub",
    prodid=_is(r"^-//channel hub//calendar//"),
)
LODGIFY = Profile(
    slug="lodgify",
    title="Lodgify",
    prodid=_is(r"-//lodgify\b"),
    domain=_at(r"lodgify\.com"),
    host=_at(r"lodgify\.com"),
)
BEDS24 = Profile(
    slug="beds24",
    title="Beds24",
    prodid=_is(r"\bbeds24\b"),
    domain=_at(r"beds24\.com"),
    host=_at(r"beds24\.com"),
    # Its summaries are the owner's to choose, and it exports unavailable dates beside bookings.
    closures_may_be_stays=True,
)
IGMS = Profile(
    slug="igms",
    title="iGMS",
    prodid=_is(r"\b(?:air|i)gms\b"),
    domain=_at(r"igms\.com|airgms\.com"),
    host=_at(r"igms\.com|airgms\.com"),
    stay=_is(r"^\[b\] ?- ?\w"),
)
HOSPITABLE = Profile(
    slug="hospitable",
    title="Hospitable",
    prodid=_is(r"\bhospitable\b|\bsmartbnb\b"),
    domain=_at(r"hospitable\.com|smartbnb\.io"),
    host=_at(r"hospitable\.com|smartbnb\.io"),
)
OWNERREZ = Profile(
    slug="ownerrez",
    title="OwnerRez",
    prodid=_is(r"\bownerrez\b"),
    domain=_at(r"ownerrez\.com|ownerreservations\.com"),
    host=_at(r"ownerrez\.com|ownerreservations\.com"),
)
RENTALS_UNITED = Profile(
    slug="rentals_united",
    title="Rentals United",
    prodid=_is(r"\brentals ?united\b"),
    domain=_at(r"rentalsunited\.com"),
    host=_at(r"rentalsunited\.com"),
)
AGODA = Profile(
    slug="agoda",
    title="Agoda",
    prodid=_is(r"-//agoda\b"),
    domain=_at(r"agoda\.com"),
    host=_at(r"agoda\.com"),
)
EXPEDIA = Profile(
    slug="expedia",
    title="Expedia",
    prodid=_is(r"-//expedia\b"),
    domain=_at(r"expedia\.com|expediapartnercentral\.com"),
    host=_at(r"expediapartnercentral\.com|expedia\.com"),
)
UNKNOWN = Profile(slug="unknown", title="Unknown")

PROFILES: tuple[Profile, ...] = (
    *(AIRBNB, BOOKING_COM, VRBO, TRIPADVISOR, SMOOBU, GUESTY, HOSTAWAY),
    *(GOOGLE, OUTLOOK, APPLE),
    *(SAMBOAT, GETMYBOAT, CLICK_AND_BOAT, TURO),
    *(CHANNEL_HUB, LODGIFY, BEDS24, IGMS, HOSPITABLE, OWNERREZ, RENTALS_UNITED, AGODA, EXPEDIA),
)
