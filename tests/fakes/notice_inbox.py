"""An address on loopback to which a channel may post, and what was posted there."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from tests.fakes.loopback import Handler, Loopback

PATIENCE = 10.0


class _Handler(Handler["NoticeInbox"]):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(204)
        self.end_headers()
        self.owner._keep({name.lower(): value for name, value in self.headers.items()})


class NoticeInbox(Loopback):
    """`with NoticeInbox() as inbox: …; inbox.wait(2)`"""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self._posted: list[Mapping[str, str]] = []
        self._arrived = threading.Condition()

    @property
    def address(self) -> str:
        return f"{self.root}/notices"

    def wait(self, least: int) -> Sequence[Mapping[str, str]]:
        """Headers (lower-case names) in the order of arrival, as soon as there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._posted) >= least, PATIENCE), self._posted
            return tuple(self._posted)

    def _keep(self, headers: Mapping[str, str]) -> None:
        with self._arrived:
            self._posted.append(headers)
            self._arrived.notify_all()
