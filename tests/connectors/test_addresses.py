"""Which addresses are called, and which never."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.addresses import AddressRefused, Allowed, is_public, permitted, target

WRITTEN_WRONG = [
    "",
    "example.com/calendar.ics",
    "//example.com/calendar.ics",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://example.com/calendar.ics",
    "gopher://example.com:70/_GET",
    "dict://example.com:11211/stat",
    "ldap://example.com/",
    "data:text/calendar,BEGIN:VCALENDAR",
    "javascript:alert(1)",
    "unix:///run/docker.sock",
    "http://",
    "http:///calendar.ics",
    "http:example.com",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com\\.evil.example/",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:99999/",
    "http://example.com:-1/",
    "http://example.com:port/",
    "http://exam ple.com/",
    "http://example.com\t/",
    "http://example.com\r\nHost: evil.example/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://127.0.0.1.256/",
    "http://256.256.256.256/",
    "http://134744072/",  # 8.8.8.8: refused for its form, not for where it leads
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.0.0.1/",
    "http://[::1%25lo]/",
    "http://[fe80::1%25eth0]/",
    "http://[::1/",
    "http://a%2fb/",
    "http://127.0.0.1%00.example.com/",
    "http://-example.com/",
    "http://exa$mple.com/",
    "http://.example.com/",
    "http://a..example.com/",
    "http://" + "a" * 64 + ".example/",
    "https://example.com/" + "x" * 5000,
]

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",  # Alibaba's metadata service
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "168.63.129.16",  # Azure's
    "169.254.169.254",  # the metadata service of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # Oracle's metadata service
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",  # IPv4-mapped, whatever it maps to
    "::ffff:0:7f00:1",  # SIIT
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001:0:7f00:1::",  # Teredo
    "2001:20::1",
    "2001:db8::1",
    "2a00:1450::5efe:7f00:1",  # ISATAP
    "2a00:1450::200:5efe:7f00:1",
    "2002:7f00:1::1",  # 6to4
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # Amazon's metadata service
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "192.1.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
]


@pytest.mark.parametrize("url", WRITTEN_WRONG)
def test_an_address_that_is_not_plainly_http_with_a_host_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        target(url)

    assert "evil" not in str(refused.value)
    assert "password" not in str(refused.value)


def test_dots_of_other_scripts_hide_no_address() -> None:
    """IDNA makes them dots: the address is read for what it is, and refused where it is dialled."""
    assert target("http://127。0。0。1/").host == "127.0.0.1"


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_leads_inside_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(AddressRefused):
        permitted([address], "calendar.example", 443, Allowed())


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(address: str) -> None:
    assert permitted([address], "calendar.example", 443, Allowed()) == (address,)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressRefused):
        permitted(["8.8.8.8", "10.0.0.1"], "calendar.example", 443, Allowed())


@settings(deadline=None)
@given(st.ip_addresses(v=6).filter(lambda address: int(address) >> 125 != 1))
def test_no_ipv6_address_outside_of_global_unicast_is_called(address: ipaddress.IPv6Address) -> None:
    assert not is_public(address)


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_no_private_ipv4_address_is_called_in_any_disguise(address: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::"):
        disguised = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + int(address))
        assert not is_public(disguised)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) + (int(address) << 80) + 1)
    assert not is_public(six_to_four)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://Example.COM/a/b.ics?s=1#x", "example.com", 443, b"/a/b.ics?s=1"),
        ("http://example.com.:8080", "example.com", 8080, b"/"),
        ("https://bücher.example/ä", "xn--bcher-kva.example", 443, b"/%C3%A4"),
        ("https://a_b.example:1/", "a_b.example", 1, b"/"),
        ("https://8.8.8.8:65535/", "8.8.8.8", 65535, b"/"),
        ("https://[2606:4700:4700:0::1111]/", "2606:4700:4700::1111", 443, b"/"),
        ("https://example.com/a@b", "example.com", 443, b"/a@b"),
    ],
)
def test_an_address_is_read_into_its_parts(url: str, host: str, port: int, path: bytes) -> None:
    read = target(url)

    assert (read.host, read.port, read.path) == (host, port, path)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://example.com:443/", "example.com"),
        ("http://example.com:443/", "example.com:443"),
        ("https://[2606:4700:4700::1111]:8443/", "[2606:4700:4700::1111]:8443"),
    ],
)
def test_the_host_header_names_the_port_where_it_is_not_the_usual_one(url: str, authority: str) -> None:
    assert target(url).authority == authority


@pytest.mark.parametrize(
    ("entry", "host", "port", "address", "covered"),
    [
        ("127.0.0.1", "127.0.0.1", 80, "127.0.0.1", True),
        ("127.0.0.1", "localhost", 8080, "127.0.0.1", True),
        ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1", True),
        ("127.0.0.1:8080", "127.0.0.1", 8081, "127.0.0.1", False),
        ("localhost", "localhost", 80, "127.0.0.1", True),
        ("localhost", "other", 80, "127.0.0.1", False),
        ("Calendar.LAN:443", "calendar.lan", 443, "10.0.0.7", True),
        ("calendar.lan:443", "calendar.lan", 80, "10.0.0.7", False),
        ("calendar.lan", "evil.calendar.lan", 443, "10.0.0.7", False),
        ("10.0.0.0/8", "calendar.lan", 443, "10.9.9.9", True),
        ("10.0.0.0/8", "calendar.lan", 443, "11.0.0.1", False),
        ("::1", "localhost", 80, "::1", True),
        ("[::1]:8080", "localhost", 8080, "::1", True),
        ("[::1]:8080", "localhost", 80, "::1", False),
        ("fd00::/8", "calendar.lan", 80, "fd12::1", True),
        ("127.0.0.1", "x", 80, "::ffff:127.0.0.1", False),
        (" ", "localhost", 80, "127.0.0.1", False),
    ],
)
def test_the_operator_allows_a_host_a_port_or_a_network(
    entry: str, host: str, port: int, address: str, covered: bool
) -> None:
    assert Allowed([entry]).covers(host, port, ipaddress.ip_address(address)) is covered


@pytest.mark.parametrize("entry", ["host:", "host:0", "host:99999", "host:http", ":80"])
def test_an_exception_that_cannot_be_read_is_said_at_once(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        Allowed([entry])
