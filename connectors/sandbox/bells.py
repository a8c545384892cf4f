"""Bells at the sandbox's agendas: whoever hung one is posted a word when something changes there."""

from __future__ import annotations

import http.client
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlsplit

HANGS = timedelta(days=7)
SECONDS = 5
MOST_WAITING = 10_000

Ring: TypeAlias = Callable[[str, Mapping[str, str]], None]
"""Posts headers to an address, later; loses them if that fails"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bell:
    agenda: str
    name: str
    post_to: str
    token: str
    until: datetime

    def kept(self) -> dict[str, str]:
        return {
            "agenda": self.agenda,
            "name": self.name,
            "post_to": self.post_to,
            "token": self.token,
            "until": self.until.isoformat(),
        }

    @classmethod
    def of(cls, kept: Mapping[str, str]) -> Bell:
        return cls(**{**kept, "until": datetime.fromisoformat(kept["until"])})  # type: ignore[arg-type]

    def headers(self, says: str) -> dict[str, str]:
        return {"X-Bell": self.name, "X-Bell-Token": self.token, "X-Bell-Says": says}


class Bells:
    def __init__(self, now: Callable[[], datetime], ring: Ring) -> None:
        self._now = now
        self._ring = ring
        self._hung: dict[tuple[str, str], Bell] = {}

    def hang(self, agenda: str, name: str, post_to: str, token: str) -> Bell:
        """It says hello at once. ValueError unless it is to post to this machine."""
        asked = urlsplit(post_to)
        if asked.scheme != "http" or asked.hostname not in ("127.0.0.1", "localhost") or asked.username:
            raise ValueError("only an http address of this machine is posted to")
        bell = Bell(agenda, name, post_to, token, self._now() + HANGS)
        bell.headers("hello")["X-Bell-Token"].encode("ascii")
        self._hung[agenda, name] = bell
        self._ring(post_to, bell.headers("hello"))
        return bell

    def restore(self, bell: Bell) -> None:
        self._hung[bell.agenda, bell.name] = bell

    def take_down(self, agenda: str, name: str | None = None) -> bool:
        """One, or all of an agenda: whether there was any."""
        found = [key for key in self._hung if key == (agenda, name) or (name is None and key[0] == agenda)]
        for key in found:
            del self._hung[key]
        return bool(found)

    def ring(self, agenda: str) -> None:
        for bell in self._hung.values():
            if bell.agenda == agenda and self._now() < bell.until:
                self._ring(bell.post_to, bell.headers("changed"))

    def all(self) -> list[Bell]:
        return list(self._hung.values())


class Postman:
    """Posts what bells say, one after another, in a thread that the first one starts."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[str, dict[str, Any]] | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def ring(self, address: str, headers: Mapping[str, str]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver, name="sandbox-bells", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((address, dict(headers)))
        except queue.Full:
            log.warning("too many bells ring at once: one is not heard")

    def close(self) -> None:
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(SECONDS)

    def _deliver(self) -> None:
        while (one := self._waiting.get()) is not None:
            try:
                post(*one)
            except (OSError, http.client.HTTPException) as error:
                log.info("nobody heard a bell: %s", error)


def post(address: str, headers: Mapping[str, str]) -> None:
    asked = urlsplit(address)
    connection = http.client.HTTPConnection(asked.hostname or "", asked.port or 80, timeout=SECONDS)
    try:
        target = (asked.path or "/") + (f"?{asked.query}" if asked.query else "")
        connection.request("POST", target, headers={**headers, "Content-Length": "0"})
        connection.getresponse().read(1000)
    finally:
        connection.close()
