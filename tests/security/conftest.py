"""The door, and two houses to attack each other: those of the API's tests."""

from __future__ import annotations

from tests.api.conftest import channel, client, door, house, neighbours, runtime

__all__ = ["channel", "client", "door", "house", "neighbours", "runtime"]
