"""Connectors are found by their slug; one that does not keep the contract is found out at once."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from connectors.contract import (
    ChecksBusy,
    Connector,
    ListsChanges,
    PullsEvents,
    PushesEvents,
    RendersFeed,
    WatchesChanges,
)
from connectors.ical.connector import IcalConnector
from connectors.owners import KeepsCalendars
from connectors.registry import GROUP, connector, load
from hub.errors import Misconfigured, NotFound

ICAL = EntryPoint("ical", "connectors.ical.connector:IcalConnector", GROUP)
SANDBOX = EntryPoint("sandbox", "connectors.sandbox.connector:SandboxConnector", GROUP)


def test_a_connector_is_found_by_its_slug() -> None:
    found = load([ICAL])

    assert list(found) == ["ical"]
    assert isinstance(found["ical"], IcalConnector)


def test_the_ical_connector_has_its_capabilities() -> None:
    ical = IcalConnector()

    assert isinstance(ical, Connector)
    assert isinstance(ical, PullsEvents)
    assert isinstance(ical, RendersFeed)


def test_the_sandbox_connector_has_its_capabilities() -> None:
    sandbox = load([SANDBOX])["sandbox"]

    assert isinstance(sandbox, Connector)
    assert not isinstance(sandbox, PullsEvents)
    for capability in (ListsChanges, PushesEvents, WatchesChanges, ChecksBusy, KeepsCalendars):
        assert isinstance(sandbox, capability)


def test_an_unknown_slug_is_not_found() -> None:
    with pytest.raises(NotFound, match="carrier_pigeon"):
        connector("carrier_pigeon")


@pytest.mark.parametrize(
    ("point", "message"),
    [
        (EntryPoint("ical", "connectors.nowhere:Nothing", GROUP), "cannot be loaded"),
        (EntryPoint("ical", "connectors.contract:Feed", GROUP), "cannot be loaded"),
        (EntryPoint("ical", "builtins:dict", GROUP), "does not keep the contract"),
        (EntryPoint("other", "connectors.ical.connector:IcalConnector", GROUP), "does not keep the contract"),
    ],
)
def test_what_is_no_connector_is_named(point: EntryPoint, message: str) -> None:
    with pytest.raises(Misconfigured, match=f"{point.name!r} {message}"):
        load([point])


def test_two_connectors_of_one_name_are_refused() -> None:
    with pytest.raises(Misconfigured, match="two connectors are named 'ical'"):
        load([ICAL, ICAL])
