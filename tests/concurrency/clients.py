"""Clients of the HTTP door that book, move, swap, confirm and cancel, and remember every answer."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from tests.concurrency.place import Place, day

WINDOW = 24
"""Nights that all clients want, from a month ahead"""

FEW = 8
"""Bookings that are left to be moved and swapped"""

TAKEN = frozenset({"sold_out", "fragmented"})
"""Codes of refusals that name the night on which something else has the unit."""

CAUSES = TAKEN | {
    *("not_together", "not_swappable", "not_movable"),
    *("wrong_status", "hold_lapsed", "changed", "let_by"),
}
"""Codes of refusals that tell a client what is in the way. `busy` is none of them, nor is `overlap`, which
only the constraint says."""


@dataclass(frozen=True)
class Said:
    """One answer: what was asked, how it ended, and why not."""

    asked: str
    status: int
    codes: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass
class Register:
    """What all clients know together: bookings that were acknowledged, and every answer."""

    said: list[Said] = field(default_factory=list)
    booked: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, asked: str, answer: httpx.Response) -> None:
        body = answer.json()
        errors = [] if answer.is_success else body["errors"]
        said = Said(
            asked,
            answer.status_code,
            tuple(error["code"] for error in errors),
            tuple(error["message"] for error in errors),
        )
        with self.lock:
            self.said.append(said)
            if answer.is_success and _is_newer(body, self.booked.get(body["id"])):
                self.booked[body["id"]] = body

    def some(self, chance: random.Random) -> dict[str, Any] | None:
        """An acknowledged booking, mostly one that was alive when last heard of."""
        with self.lock:
            known = list(self.booked.values())
        alive = self.alive()
        among = alive if alive and chance.random() < 0.95 else known
        return chance.choice(among) if among else None

    def alive(self) -> list[dict[str, Any]]:
        with self.lock:
            return [one for one in self.booked.values() if one["status"] in ("held", "confirmed")]

    def tally(self) -> Mapping[str, int]:
        """How often each kind of request ended how."""
        return Counter(f"{one.asked} {one.status} {' '.join(one.codes[:1])}".strip() for one in self.said)

    def refusals(self) -> Sequence[Said]:
        return [one for one in self.said if one.status >= 400]


class Client:
    """One of many. `seed` decides all that it asks."""

    def __init__(self, http: httpx.Client, place: Place, register: Register, seed: int) -> None:
        self.http = http
        self.place = place
        self.register = register
        self.chance = random.Random(seed)

    def act_until(self, over: Callable[[], bool]) -> None:
        while not over():
            self.act()

    def act(self) -> None:
        """Nobody cancels while few are left: the others would have nothing to move or swap."""
        known = self.register.some(self.chance)
        if known is None:
            self.book()
            return
        does = self.chance.choices(
            (self.book, self.cancel, self.move, self.swap, self.confirm), (42, 14, 20, 14, 10)
        )[0]
        if does == self.cancel and len(self.register.alive()) < FEW:
            does = self.book
        does()

    def book(self) -> None:
        self.ask("book", "", self.wish(), {"Idempotency-Key": f"{self.chance.getrandbits(96):x}"})

    def cancel(self) -> None:
        self.ask("cancel", f"/{self._known()['id']}/cancel")

    def confirm(self) -> None:
        self.ask("confirm", f"/{self._known()['id']}/confirm")

    def move(self) -> None:
        known = self._known()
        items = [{"item_id": item["id"], **self.item()} for item in known["items"]]
        self.ask("move", f"/{known['id']}/move", {"items": items})

    def swap(self) -> None:
        known, other = self._known(), self._known()
        if known["id"] != other["id"]:
            self.ask("swap", f"/{known['id']}/move", {"swap_with": other["id"]})

    def wish(self) -> dict[str, Any]:
        """One item most of the time, sometimes two at once."""
        items = [self.item() for _ in range(self.chance.choices((1, 2), (9, 1))[0])]
        status = self.chance.choices(("confirmed", "held"), (3, 1))[0]
        place = str(self.place.property_id)
        return {"property_id": place, "items": items, "guests": 1, "status": status}

    def item(self) -> dict[str, Any]:
        """Some nights on a room, on any room, or of the whole villa."""
        first = self.chance.randrange(WINDOW)
        nights = {
            "arrival": str(day(30 + first)),
            "departure": str(day(30 + first + self.chance.randint(1, 4))),
        }
        if self.chance.random() < 0.45:
            return {"unit_type_id": str(self.place.room_type_id), **nights}
        return {"unit_id": str(self.chance.choice(self.place.units)), **nights}

    def ask(
        self, asked: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        answer = self.http.post(f"/api/v1/bookings{path}", json=body, headers=headers)
        self.register.note(asked, answer)
        return answer

    def _known(self) -> dict[str, Any]:
        known = self.register.some(self.chance)
        assert known is not None
        return known


def _is_newer(body: dict[str, Any], known: dict[str, Any] | None) -> bool:
    """Answers may arrive in another order than that in which they were given."""
    if known is None:
        return True
    return datetime.fromisoformat(body["updated_at"]) >= datetime.fromisoformat(known["updated_at"])
