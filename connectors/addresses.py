"""Which addresses the hub may call: rules on what is written and on where it leads. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import httpx

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST = 4000

# A name or a dotted quad after IDNA; underscores occur in real names although no standard has them.
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
# What the WHATWG URL standard calls "ends in a number": some resolvers read these as IPv4 addresses.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")

# ipaddress calls these global (or some releases do), yet they lead back inside or to nobody.
_NEVER: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service lives here
        "168.63.129.16/32",  # Azure's own service to its machines, on an address that looks public
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata service lives here
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocol assignments: Teredo (2001::/32), ORCHID and others
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
# Only this much of IPv6 is assigned for global unicast; NAT64 (64:ff9b::/96, 64:ff9b:1::/48), IPv4-mapped,
# SIIT, site-local and every other disguise lie outside of it.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Bits 32 to 63 of an ISATAP address (RFC 5214, 6.1): the last 32 are an IPv4 address.
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})


class AddressRefused(ValueError):
    """The address as written is none that the hub calls; the message never repeats it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: `host` is lower-case ASCII without a final dot, `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: bytes

    @property
    def authority(self) -> str:
        """What the Host header says (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """Read an http or https address; raises AddressRefused for whatever is not plainly one."""
    written = re.fullmatch(r"(?:[^:/?#]+)://([^/?#]*)(?:[/?#].*)?", url)
    if len(url) > LONGEST or written is None or "@" in written[1] or "\\" in written[1]:
        raise AddressRefused("the address must be http(s)://host/... without a user name")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise AddressRefused("the address cannot be read") from error
    if parsed.scheme not in DEFAULT_PORTS:
        raise AddressRefused("only http and https addresses are called")

    port = parsed.port if parsed.port is not None else DEFAULT_PORTS[parsed.scheme]
    if not 1 <= port <= 65535:
        raise AddressRefused("the address has an impossible port")
    return Target(parsed.scheme, _host(parsed.raw_host.decode("ascii")), port, parsed.raw_path)


def _host(raw: str) -> str:
    host = raw.lower()
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host)) if "%" not in host else _refuse_host()
        except ValueError:
            return _refuse_host()
    if not _NAME.fullmatch(host) or len(host) > 253:
        return _refuse_host()
    if _NUMERIC.fullmatch(host):
        # Decimal, octal, hexadecimal and shortened forms fail here: ipaddress takes the dotted quad only.
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            return _refuse_host()
    return host.removesuffix(".")


def _refuse_host() -> str:
    raise AddressRefused("the address has no proper host name")


def is_public(address: IPAddress) -> bool:
    """Whether an IP address belongs to the public internet, in whatever disguise it comes."""
    if address.is_multicast or address.is_unspecified or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in _GLOBAL_UNICAST or int(address) >> 32 & 0xFFFF_FFFF in _ISATAP
    ):
        return False
    return not any(address in network for network in _NEVER)


@dataclass(frozen=True, slots=True)
class _Exception:
    host: str | None
    network: IPNetwork | None
    port: int | None


ALLOWING = "whoever runs the hub may allow it with HUB_ALLOWED_PRIVATE_HOSTS"
"""Said to staff as well: what a setting is called is no secret, what is in it would be"""


class Allowed:
    """The operator's exceptions: `host`, `host:port`, an IP address, `[v6]:port`, or `network/prefix`."""

    def __init__(self, entries: Sequence[str] = ()) -> None:
        self._entries = tuple(_exception(entry.strip().lower()) for entry in entries if entry.strip())

    def covers(self, host: str, port: int, address: IPAddress) -> bool:
        return any(
            entry.port in (None, port)
            and (entry.host == host or (entry.network is not None and address in entry.network))
            for entry in self._entries
        )


def _exception(entry: str) -> _Exception:
    try:
        return _Exception(None, ipaddress.ip_network(entry, strict=False), None)
    except ValueError:
        host, colon, port = entry.rpartition(":")
    if not colon:
        return _Exception(entry.removesuffix("."), None, None)
    number = int(port) if port.isascii() and port.isdigit() else 0
    if not host or not 1 <= number <= 65535:
        raise ValueError(f"{entry!r} is no host, host:port, address or network")
    try:
        return _Exception(None, ipaddress.ip_network(host.strip("[]")), number)
    except ValueError:
        return _Exception(host.removesuffix("."), None, number)


def permitted(addresses: Iterable[str], host: str, port: int, allowed: Allowed) -> tuple[str, ...]:
    """The resolved addresses if every one of them may be called, else raises AddressRefused.

    All or nothing: a name with one public and one private address is a trick, not a calendar.
    """
    checked = []
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not (is_public(address) or allowed.covers(host, port, address)):
            raise AddressRefused(f"{host} leads to an address that is not public; {ALLOWING}")
        checked.append(str(address))
    return tuple(checked)
