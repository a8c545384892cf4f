"""A client that never gives up: what was not answered is asked again, under the same Idempotency-Key."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.concurrency.place import Place, day

PATIENCE = 60.0
AGAIN_AFTER = 0.2
ALIVE = ("held", "confirmed")


@dataclass
class Memory:
    """What one client was told: every booking as last acknowledged, and how often it had to ask again."""

    booked: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    replayed: int = 0


class Persistent:
    """Books rooms and changes its own bookings only, so that it knows what must have become of them."""

    def __init__(self, http: httpx.Client, place: Place, seed: int) -> None:
        self.http = http
        self.place = place
        self.chance = random.Random(seed)
        self.memory = Memory()
        self._pause = threading.Event()

    def act_until(self, over: Callable[[], bool]) -> Memory:
        while not over():
            mine = [one for one in self.memory.booked.values() if one["status"] in ALIVE]
            if len(mine) < 2 or self.chance.random() < 0.5:
                self.book()
            else:
                self.change(self.chance.choice(mine))
        return self.memory

    def book(self) -> None:
        key = f"{self.chance.getrandbits(96):x}"
        body = {"property_id": str(self.place.property_id), "items": [self.wish()]}
        answer = self.ask("", body, {"Idempotency-Key": key})
        if answer.is_success and self.chance.random() < 0.2:
            again = self.ask("", body, {"Idempotency-Key": key})
            assert again.json()["id"] == answer.json()["id"], "the same key books once"

    def change(self, mine: Mapping[str, Any]) -> None:
        if self.chance.random() < 0.5:
            self.ask(f"/{mine['id']}/cancel")
        else:
            self.ask(f"/{mine['id']}/move", {"items": [{"item_id": mine["items"][0]["id"], **self.wish()}]})

    def wish(self) -> dict[str, str]:
        first = 30 + self.chance.randrange(60)
        return {
            "unit_id": str(self.chance.choice(self.place.units)),
            "arrival": str(day(first)),
            "departure": str(day(first + self.chance.randint(1, 3))),
        }

    def ask(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Until it is answered by the hub itself: neither a broken connection nor a 503 is an answer."""
        for _ in range(int(PATIENCE / AGAIN_AFTER)):
            try:
                answer = self.http.post(f"/api/v1/bookings{path}", json=body, headers=headers)
            except httpx.TransportError:
                self.memory.unanswered += 1
            else:
                self.memory.statuses[answer.status_code] += 1
                if answer.status_code != 503:
                    self.memory.replayed += answer.headers.get("Idempotent-Replayed") == "true"
                    if answer.is_success:
                        self.memory.booked[answer.json()["id"]] = answer.json()
                    return answer
            self._pause.wait(AGAIN_AFTER)
        raise AssertionError(f"no answer within {PATIENCE:.0f} s")
