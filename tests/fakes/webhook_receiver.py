"""An address on loopback that takes webhooks, or does not, as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.loopback import Handler, Loopback

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Posted:
    headers: Mapping[str, str]
    """Lower-case names"""
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reaction:
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)


class _Handler(Handler["WebhookReceiver"]):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reaction = self.owner._take(Posted(headers, body))
        self.owner._gate.wait(PATIENCE)
        self.send_response(reaction.status)
        for name, value in reaction.headers.items():
            self.send_header(name, value)
        self.end_headers()


class WebhookReceiver(Loopback):
    """`with WebhookReceiver() as receiver: receiver.react(Reaction(500), Reaction()); …; receiver.posted`"""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self._reactions: list[Reaction] = [Reaction()]
        self._posted: list[Posted] = []
        self._arrived = threading.Condition()
        self._refused: tuple[str, ...] = ()
        self._gate = threading.Event()
        self._gate.set()

    @property
    def url(self) -> str:
        return f"{self.root}/alerts"

    @property
    def posted(self) -> list[Posted]:
        with self._arrived:
            return list(self._posted)

    def react(self, *reactions: Reaction) -> None:
        """In turn; the last one stays."""
        with self._arrived:
            self._reactions = list(reactions)

    def refuse(self, *ids: str) -> None:
        """From now on these are not taken, and the others are."""
        with self._arrived:
            self._refused = ids

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Meanwhile it takes what comes and does not answer, until `let_go`."""
        self._gate.clear()
        try:
            yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        self._gate.set()

    def wait(self, least: int) -> list[Posted]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._posted) >= least, PATIENCE), self._posted
            return list(self._posted)

    def _take(self, posted: Posted) -> Reaction:
        with self._arrived:
            self._posted.append(posted)
            self._arrived.notify_all()
            if posted.id in self._refused:
                return Reaction(422)
            return self._reactions.pop(0) if len(self._reactions) > 1 else self._reactions[0]
