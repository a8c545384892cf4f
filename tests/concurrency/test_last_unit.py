"""Sixty ask over HTTP in one moment for what only a few can have."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx

from sync.runtime import Runtime
from tests.concurrency import audit, place, programs
from tests.concurrency.place import Place
from tests.concurrency.together import together
from tests.servers import Database

ASKING = 60


CASES = ((5, (5, 5, 1)), (40, (40,)))
"""Rooms, and how many of them are left for sale in each round"""


def test_of_sixty_who_ask_at_once_exactly_as_many_as_there_are_rooms_get_one(
    runtime: Runtime, own_database: Database
) -> None:
    """All others are told that it is sold out: nobody that we are too busy, while a room is free."""
    with programs.Web(runtime.settings) as web, ExitStack() as closing:
        for rooms, left_over in CASES:
            hostel = place.build(runtime.database, rooms=rooms, whole=False)
            token = place.token(runtime.database, hostel)
            https = [closing.enter_context(programs.client(web, token)) for _ in range(ASKING)]
            for round_number, left in enumerate(left_over):
                first = 40 + 4 * round_number
                for room in hostel.rooms[left:]:
                    ask(https[0], hostel, first, unit_id=str(room)).raise_for_status()
                wish = partial(ask, hostel=hostel, first=first, unit_type_id=str(hostel.room_type_id))
                codes = Counter(
                    code_of(answer) for answer in together([partial(wish, http) for http in https])
                )
                assert codes == {"201": left, "409 sold_out": ASKING - left}, web.log_end()
    assert audit.sold_twice(own_database.superuser_url) == []
    assert audit.deadlocks(own_database.superuser_url) == 0


def ask(http: httpx.Client, hostel: Place, first: int, **unit: str) -> httpx.Response:
    item = {"arrival": str(place.day(first)), "departure": str(place.day(first + 2)), **unit}
    body = {"property_id": str(hostel.property_id), "items": [item]}
    return http.post("/api/v1/bookings", json=body)


def code_of(answer: Any) -> str:
    """201, or the status with the code of the first reason."""
    if isinstance(answer, Exception):
        return repr(answer)
    if answer.is_success:
        return str(answer.status_code)
    return f"{answer.status_code} {answer.json()['errors'][0]['code']}"
