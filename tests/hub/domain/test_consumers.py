"""Who reads our feeds, by what a request says of itself."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import consumers
from hub.domain.consumers import FAMILIES, Kind, known, name, network

SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
)


@pytest.mark.parametrize(
    ("user_agent", "title"),
    [
        ("Google-Calendar-Importer", "Google Calendar"),
        ("Microsoft.Exchange/15.20 (Windows NT 10.0; Win64; x64)", "Microsoft 365"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)", "Outlook"),
        ("iOS/17.5.1 (21F90) dataaccessd/1.0", "Apple Calendar"),
        ("macOS/15.1 (24B83) dataaccessd/1.0", "Apple Calendar"),
        ("Mac+OS+X/10.10.5 (14F27) CalendarAgent/316.1", "Apple Calendar"),
        ("DAVKit/4.0.3 (732.2); CalendarStore/4.0.4 (997.7); iCal/4.0.4 (1395.7)", "Apple Calendar"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.2.0", "Thunderbird"),
        ("ChannelHub/0.1.0 (+calendar sync)", "Channel Hub"),
        ("Airbnb/1.0 (calendar)", "Airbnb"),
        ("Mozilla/5.0 (compatible; Booking.com/2.1; +http://x)", "Booking.com"),
        ("HomeAway-Calendar-Import", "Vrbo"),
        ("guesty-ical/3.4", "Guesty"),
        ("HomeAssistant/2025.5.0.dev0 httpx/0.28.1 Python/3.13", "Home Assistant"),
        ("Java/1.8.0_292", "a Java program"),
        ("WordPress/6.4; https://villa-turo.example", "WordPress"),
        (SAFARI + "Safari/605.1.15", "a web browser"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "a web browser"),
        ("curl/8.5.0-DEV", "curl"),
    ],
)
def test_known_readers_have_one_name_whatever_their_version(user_agent: str, title: str) -> None:
    assert name(user_agent.encode()) == known(user_agent.encode()) == title


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (b"Hairbnb/1.0", "Hairbnb"),
        (b"Stay-Sync/2.1 (+https://sync.example/airbnb)", "Stay-Sync (+https://sync.example/airbnb)"),
        (b"JavaScript thing", "JavaScript thing"),
        (b"", "unknown"),
        (b"/1.0", "unknown"),
        (b"a\x00b\xff\nc", "a b c"),
    ],
)
def test_a_stranger_is_shown_as_it_calls_itself_without_versions(user_agent: bytes, shown: str) -> None:
    assert known(user_agent) is None
    assert name(user_agent) == shown


@given(st.binary(max_size=4000))
def test_a_name_is_short_printable_and_never_empty(user_agent: bytes) -> None:
    shown = name(user_agent)
    assert 1 <= len(shown) <= consumers.LONGEST_NAME
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.title)
def test_each_word_of_the_table_finds_its_own_family(family: consumers.Family) -> None:
    for word in family.says:
        assert known(f"{word.upper()}/2.0".encode()) == family.title


def test_no_family_is_in_the_table_twice_and_services_have_many_networks() -> None:
    titles = [family.title for family in FAMILIES]
    assert len(set(titles)) == len(titles)
    assert {family.kind for family in FAMILIES if family.one_service} == {
        Kind.CHANNEL,
        Kind.MANAGER,
        Kind.CALENDAR,
    }


@pytest.mark.parametrize(
    ("host", "range_"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_as_its_network(host: str, range_: str) -> None:
    assert network(host) == range_


@given(st.ip_addresses().map(str))
def test_a_network_holds_the_address_that_it_was_made_from(host: str) -> None:
    address = ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    assert (mapped or address) in ip_network(network(host))
