"""Which connectors there are: slug -> connector, from the entry points of the installed packages."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from connectors.contract import Connector
from hub.errors import Misconfigured, NotFound

GROUP = "hub.connectors"


@functools.cache
def connectors() -> Mapping[str, Connector]:
    """Every installed connector by its slug; raises Misconfigured when one does not keep the contract."""
    return load(entry_points(group=GROUP))


def connector(slug: str) -> Connector:
    """The connector of this slug; raises NotFound."""
    if found := connectors().get(slug):
        return found
    raise NotFound.because("connector_unknown", f"there is no connector named {slug!r}", "connector")


def load(found: Iterable[EntryPoint]) -> Mapping[str, Connector]:
    """Each entry point names a class that is made without arguments and whose slug is the point's name."""
    by_slug: dict[str, Connector] = {}
    for point in found:
        try:
            made = point.load()()
        except Exception as error:  # somebody else's package: name it, whatever it did
            raise Misconfigured(f"connector {point.name!r} cannot be loaded: {error}") from error
        if not isinstance(made, Connector) or made.slug != point.name:
            raise Misconfigured(f"connector {point.name!r} does not keep the contract of a connector")
        if point.name in by_slug:
            raise Misconfigured(f"two connectors are named {point.name!r}")
        by_slug[point.name] = made
    return MappingProxyType(by_slug)
