"""Units that are kept back while a channel is stale: also from those who come at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from hub.queries import checks as query
from hub.services import checks
from tests.api.houses import House
from tests.api.test_live_check import _well as _well
from tests.api.test_live_check import policy, read_before
from tests.concurrency.together import together
from tests.fakes.feed_server import FeedServer


@pytest.fixture
def stale(house: House, channel: FeedServer) -> House:
    """Three free rooms of which two are kept back: one can be sold."""
    policy(house, "flag", check_deadline_ms=100)
    house.ask("PATCH", f"/unit-types/{house.unit_type_id}", json={"safety_margin": 2})
    read_before(house, channel)  # nobody listens and reads it again
    house.work(
        lambda session: session.execute(text("UPDATE links SET verified_at = verified_at - interval '1 day'"))
    )
    return house


def sold_at_once(house: House, rooms: tuple[str, ...]) -> list[int]:
    """Each its own room, so that no unit's lock keeps one from another."""
    ended = together([partial(house.post, "/bookings", house.stay(20, 23, unit_id=room)) for room in rooms])
    assert not [one for one in ended if isinstance(one, Exception)]
    return sorted(one.status_code for one in ended if not isinstance(one, Exception))


def test_of_those_who_come_at_once_no_more_are_served_than_may_be(stale: House) -> None:
    assert sold_at_once(stale, stale.rooms) == [201, 409, 409]


def test_without_taking_turns_too_many_would_be(stale: House, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = threading.Barrier(2, timeout=20)
    keep_back: Callable[..., None] = checks._keep_back

    def together_with_another(*args: Any) -> None:
        keep_back(*args)
        counted.wait()

    monkeypatch.setattr(query, "take_turns", lambda *_: None)
    monkeypatch.setattr(checks, "_keep_back", together_with_another)
    assert sold_at_once(stale, stale.rooms[1:]) == [201, 201]
