"""A scripted Google, and a way to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.google_calendar import client
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.tokens import Tokens
from connectors.transport import Network
from tests.connectors.google_calendar.scripted import Scripted


@pytest.fixture
def google() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_tokens_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have had a Google at the same address."""
    monkeypatch.setattr(client, "TOKENS", Tokens())


@pytest.fixture
def network(google: Scripted) -> Network:
    return google.network()


@pytest.fixture
def connector() -> GoogleCalendarConnector:
    return GoogleCalendarConnector()
