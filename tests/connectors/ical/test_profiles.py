"""Which channel made a calendar, and what a sample of each is understood to say."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.contract import Nature
from connectors.ical import notes, render
from connectors.ical.fingerprint import recognise
from connectors.ical.options import FeedOptions
from connectors.ical.profiles import PROFILES, UNKNOWN
from connectors.ical.translate import read
from connectors.ical.understand import Understood, reading_window, understand
from tests.connectors.ical.meant import meant, saying
from tests.connectors.ical.reading import LISBON, WINDOW, days, times

SAMPLES = Path(__file__).parent / "samples"
STAY, BLOCK, NOT_TOLD = Nature.STAY, Nature.BLOCK, Nature.UNKNOWN


class Row(NamedTuple):
    """What is expected of one event of a sample, in the order of time."""

    summary: str
    nature: Nature
    code: str = ""
    phone_digits: str = ""
    note: str = ""
    """Of one that does not count; all others are busy"""


EXPECTED: dict[str, tuple[str, list[Row]]] = {
    "airbnb": (
        "airbnb",
        [Row("Reserved", STAY, "HMABCDEF12", "1234"), Row("Airbnb (Not available)", BLOCK)],
    ),
    "airbnb_new": (
        "airbnb",
        [Row("Airbnb (Not available)", BLOCK), Row("Reserved", STAY, "HMABCDEFGH", "0042")],
    ),
    "airbnb_named": (
        "airbnb",
        [
            Row("Ilaria Prova (K7P2QX)", STAY, "K7P2QX", "6025"),
            Row("Reserved", STAY, "HMNPQR8J99", "4235"),
            Row("Berta Muster (HMXY12345Z)", STAY, "HMXY12345Z"),
            Row("Not available", BLOCK),
        ],
    ),
    "booking": ("booking_com", [Row("CLOSED - Not available", NOT_TOLD)] * 2),
    "booking_named": (
        "booking_com",
        [
            Row("CLOSED - Carla Ejemplo", STAY),
            Row("CLOSED - Not available", NOT_TOLD),
            Row("CLOSED", NOT_TOLD),
        ],
    ),
    "vrbo": ("vrbo", [Row("Réservée - Amélie", STAY), Row("Blocked", BLOCK)]),
    "vrbo_fr": (
        "vrbo",
        [
            Row("Réservée - M & Mme", STAY),
            Row("Indisponible", BLOCK),
            Row("Réservée", STAY),
            Row("Provisoire - Solène", STAY),
            Row("Ikke åpent", BLOCK),  # by its UID: no word of it is known
        ],
    ),
    "tripadvisor": (
        "tripadvisor",
        [Row("Tripadvisor Booking: Ana Exemplo", STAY), Row("Tripadvisor: Not available", BLOCK)],
    ),
    "smoobu": (
        "smoobu",
        [
            Row("Check-in: Max Beispiel", NOT_TOLD, note=notes.ARRIVAL),
            Row("Max Beispiel", STAY, "HMAB12CD34"),
            Row("Check-out: Max Beispiel", NOT_TOLD, note=notes.DEPARTURE),
            Row("Anreise Erika Beispiel", STAY),  # her stay is missing
            Row("Blocked", BLOCK),
            Row("Check-out: somebody else", STAY),  # a closure is nobody's stay
        ],
    ),
    "guesty": (
        "guesty",
        [
            Row("Blocked by Guesty", BLOCK),  # too short a notice
            Row("Reserved: Sam Example", STAY, "GY-a1B2c3D4", "0123"),
            Row("Blocked by Guesty", NOT_TOLD),  # by hand, or a stay of a channel that it knows only by dates
            Row("Preparation time", BLOCK),
            Row("Blocked by Guesty", BLOCK),  # beyond the booking window
        ],
    ),
    "hostaway": (
        "hostaway",
        [Row("Reservation Robin Example", STAY, "31415926", "4477"), Row("Blocked", BLOCK)],
    ),
    "google": (
        "google",
        [
            Row("Buchung Familie Beispiel", STAY),
            Row("Painters", NOT_TOLD),
            Row("Closed", BLOCK),
            Row("Check-out of the school party", NOT_TOLD),
        ],
    ),
    "mixed": ("google", [Row("Charter", NOT_TOLD), Row("Closed", BLOCK)]),
    "outlook": ("outlook", [Row("Busy", NOT_TOLD)]),
    "apple": ("apple", [Row("Example and family", NOT_TOLD), Row("Owner stay", BLOCK)]),
    "samboat": ("samboat", [Row("Booked", STAY), Row("Unavailable", BLOCK)]),
    "getmyboat": ("getmyboat", [Row("Booked", STAY), Row("Blocked out for maintenance", BLOCK)]),
    "click_and_boat": ("click_and_boat", [Row("Réservé - Noé", STAY), Row("Indisponible", BLOCK)]),
    "turo": ("turo", [Row("Trip with Jo", STAY, "24681357"), Row("Unavailable", BLOCK)]),
    "channel_hub": ("channel_hub", [Row("Reserved", STAY), Row("Not available", BLOCK)]),
    "lodgify": ("lodgify", [Row("Booked", STAY), Row("Closed period", BLOCK)]),
    "beds24": ("beds24", [Row("Booking 5120", STAY, "51200007"), Row("Unavailable", NOT_TOLD)]),
    "igms": ("igms", [Row("[B] – Jona Example – Airbnb", STAY), Row("[C] – Seaview", NOT_TOLD)]),
    "unknown": (
        "unknown",
        [
            Row("Muster - Gereserveerd", STAY, "NL-20417", "9981"),
            Row("Muster (2 guests)", NOT_TOLD),
            Row("Niet beschikbaar", BLOCK),
            Row("Belegt", NOT_TOLD),
            Row("Muster", NOT_TOLD, phone_digits="0456"),
        ],
    ),
}


def understood(sample: str) -> Understood:
    feed = read((SAMPLES / f"{sample}.ics").read_bytes(), reading_window(WINDOW), LISBON)
    return understand(feed, "", FeedOptions(), LISBON, WINDOW)


def test_there_is_a_sample_of_every_channel_that_writes_in_its_own_way() -> None:
    assert set(EXPECTED) == {file.stem for file in SAMPLES.glob("*.ics")}
    told = {profile.slug for profile in PROFILES if profile.stay or profile.code or profile.block_uid}
    assert told <= {source for source, _ in EXPECTED.values()}


@pytest.mark.parametrize("sample", EXPECTED)
def test_a_sample_is_understood(sample: str) -> None:
    source, rows = EXPECTED[sample]

    found = understood(sample)

    shown = [
        Row(event.summary, event.nature, event.code, event.phone_digits, event.note)
        for event in found.events
        if event.recurrence_id is None
    ]
    assert found.source == source
    assert shown == rows
    assert [event.busy for event in found.events if event.note] == [False] * sum(
        1 for row in rows if row.note
    )
    assert all(event.busy for event in found.events if not event.note)
    assert found.problems == ()


def test_an_hour_on_samboat_takes_the_whole_local_days() -> None:
    booked, unavailable = understood("samboat").events

    assert booked.when == times("2027-07-04 23:00", "2027-07-05 23:00")
    assert unavailable.when == times("2027-07-08 23:00", "2027-07-11 23:00")
    assert understood("getmyboat").events[0].when == times("2027-07-05 12:00", "2027-07-05 16:00")


# Evidence


@pytest.mark.parametrize(
    ("prodid", "slug"),
    [
        ("-//Airbnb Inc//Hosting Calendar 0.8.8//EN", "airbnb"),
        ("-//Airbnb Inc//Hosting Calendar 1.0//EN", "airbnb"),
        ("X-RICAL-TZSOURCE=TZINFO:-//Airbnb Inc//Hosting Calendar 0.8.8//EN", "airbnb"),
        ("-//admin.booking.com//NONSGML v1.0//EN", "booking_com"),
        ("-//admin.booking.com\\\\, b.v.//NONSGML v1.0//EN", "booking_com"),
        ("-//HomeAway.com, Inc.//EN", "vrbo"),
        ("-//homeaway.com\\, inc.//en", "vrbo"),
        ("-//Google Inc//Google Calendar 70.9054//EN", "google"),
        ("-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN", "outlook"),
        ("Microsoft Exchange Server 2010", "outlook"),
        ("-//Apple Inc.//macOS 15.1//EN", "apple"),
        ("-//Apple Computer\\, Inc//iCal 1.5//EN", "apple"),
        ("-//caldav.icloud.com//CALDAVJ 2514B4//EN", "apple"),
        ("-//Click&Boat//clickandboat.com//FR", "click_and_boat"),
        ("-//Click & Boat//EN", "click_and_boat"),
        ("-//Turo//EN", "turo"),
        (render.PRODID, "channel_hub"),
        ("-//Turobus//Villas//TR", "unknown"),
        ("-//My PMS for Airbnb Inc owners//EN", "unknown"),
        ("-//My Channel Hub//Calendar//EN", "unknown"),
        ("", "unknown"),
        ("\u200b-//AIRBNB\u00a0INC//hosting calendar//EN", "airbnb"),
    ],
)
def test_the_program_that_wrote_it_is_the_first_evidence(prodid: str, slug: str) -> None:
    assert recognise(prodid, [], "", "").slug == slug


@pytest.mark.parametrize(
    ("uids", "slug"),
    [
        (["a@airbnb.com"], "airbnb"),
        (["a@airbnb.com", "b@AIRBNB.com", "c@google.com"], "airbnb"),
        (["a@airbnb.com", "c@google.com"], "unknown"),
        (["a@airbnb.com", "no domain", "none either"], "unknown"),
        (["a@notairbnb.com"], "unknown"),
        (["a@ical.booking.com"], "booking_com"),
        (["5f6a_an_2026-01-01_2026-01-02@guesty.com_q1w2e3="], "guesty"),
        (["@", "@", ""], "unknown"),
        ([], "unknown"),
    ],
)
def test_then_what_most_uids_say(uids: list[str], slug: str) -> None:
    assert recognise("-//Relay//EN", uids, "", "").slug == slug


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("www.airbnb.com", "airbnb"),
        ("www.airbnb.co.uk", "airbnb"),
        ("airbnb.de", "airbnb"),
        ("ical.booking.com", "booking_com"),
        ("www.vrbo.com", "vrbo"),
        ("www.fewo-direkt.de", "vrbo"),
        ("login.smoobu.com", "smoobu"),
        ("platform.hostaway.com", "hostaway"),
        ("app.guesty.com", "guesty"),
        ("calendar.google.com.", "google"),
        ("OUTLOOK.office365.com", "outlook"),
        ("p12-caldav.icloud.com", "apple"),
        ("www.samboat.fr", "samboat"),
        ("google.com", "unknown"),
        ("airbnb.evil.example", "unknown"),
        ("notairbnb.com", "unknown"),
        ("127.0.0.1", "unknown"),
        ("", "unknown"),
    ],
)
def test_then_who_served_it(host: str, slug: str) -> None:
    assert recognise("", ["a", "b@example.com"], host, "").slug == slug


def test_last_of_all_what_it_is_called() -> None:
    assert recognise("", [], "", "Smoobu - Seaview").slug == "smoobu"
    assert recognise("", [], "calendar.google.com", "Smoobu - Seaview").slug == "google"
    assert recognise("", [], "", "Our flat on Airbnb").slug == "unknown"


def test_stronger_evidence_goes_before_weaker() -> None:
    assert (
        recognise("-//Google Inc//Google Calendar//EN", ["a@airbnb.com"], "booking.com", "").slug == "google"
    )
    assert recognise("", ["a@airbnb.com"], "booking.com", "Smoobu").slug == "airbnb"


def test_slugs_are_distinct_and_as_the_contract_names_them() -> None:
    slugs = [profile.slug for profile in (*PROFILES, UNKNOWN)]

    assert len(set(slugs)) == len(slugs)
    assert {
        *("airbnb", "booking_com", "vrbo", "tripadvisor", "smoobu", "guesty", "hostaway", "google"),
        *("outlook", "apple", "samboat", "getmyboat", "click_and_boat", "turo", "channel_hub", "unknown"),
    } <= set(slugs)


def test_a_stay_that_has_a_closure_s_uid_is_a_stay() -> None:
    vrbo = "-//HomeAway.com, Inc.//EN"
    stay = saying("Reserved - Ana", uid="20270110-20270112")
    closure = saying("Ikke åpent", uid="20270110-20270113", when=days("2026-07-05", "2026-07-09"))

    found = meant(stay, closure, producer=vrbo)

    assert [event.nature for event in found.events] == [STAY, BLOCK]
