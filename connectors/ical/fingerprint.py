"""Which channel made a calendar. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from connectors.ical.profiles import PROFILES, UNKNOWN, Profile
from connectors.ical.words import folded


def recognise(prodid: str, uids: Iterable[str], host: str, name: str) -> Profile:
    """
    The channel's profile, UNKNOWN where nothing tells it. What the calendar says of itself comes first, then
    what most of its UIDs say, then who served it, then what it is called: relays keep the former longest.
    """
    said = folded(prodid)
    for profile in PROFILES:
        if profile.prodid is not None and profile.prodid.search(said):
            return profile
    domain = _common_domain(uids)
    for profile in PROFILES:
        if domain and profile.domain is not None and profile.domain.fullmatch(domain):
            return profile
    served_by = host.casefold().rstrip(".")
    for profile in PROFILES:
        if profile.host is not None and profile.host.fullmatch(served_by):
            return profile
    called = folded(name)
    return next((one for one in PROFILES if one.name is not None and one.name.search(called)), UNKNOWN)


def _common_domain(uids: Iterable[str]) -> str:
    """What stands behind the last @ of more than half of the UIDs, without the digest some put behind it."""
    found = [uid.rpartition("@")[2].partition("_")[0].casefold() if "@" in uid else "" for uid in uids]
    (domain, number), *_ = Counter(found).most_common(1) or [("", 0)]
    return domain if 2 * number > len(found) else ""
