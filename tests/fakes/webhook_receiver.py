"""An address on loopback that takes webhooks, or does not, as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

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


class WebhookReceiver:
    """`with WebhookReceiver() as receiver: receiver.react(Reaction(500), Reaction()); …; receiver.posted`"""

    def __init__(self) -> None:
        self._reactions: list[Reaction] = [Reaction()]
        self._posted: list[Posted] = []
        self._arrived = threading.Condition()

    def __enter__(self) -> WebhookReceiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reaction = receiver._take(Posted(headers, body))
                self.send_response(reaction.status)
                for name, value in reaction.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """A test's output is no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/alerts"

    @property
    def posted(self) -> list[Posted]:
        with self._arrived:
            return list(self._posted)

    def react(self, *reactions: Reaction) -> None:
        """In turn; the last one stays."""
        with self._arrived:
            self._reactions = list(reactions)

    def wait(self, least: int) -> list[Posted]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._posted) >= least, PATIENCE), self._posted
            return list(self._posted)

    def _take(self, posted: Posted) -> Reaction:
        with self._arrived:
            self._posted.append(posted)
            self._arrived.notify_all()
            return self._reactions.pop(0) if len(self._reactions) > 1 else self._reactions[0]
