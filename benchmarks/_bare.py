"""The least that a server can do under uvicorn: answer each path with bytes that were made beforehand."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

REPLIES = "BENCH_REPLIES"
"""The environment's name for the file that `write` made"""

Reply = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers, body"""

_UNKNOWN: Reply = (404, [(b"content-length", b"0")], b"")


def write(path: Path, replies: dict[str, Reply]) -> None:
    """What to answer, by path, for the servers started from now on."""
    path.write_bytes(pickle.dumps(replies))
    os.environ[REPLIES] = str(path)


def create() -> ASGIApp:
    replies: dict[str, Reply] = pickle.loads(Path(os.environ[REPLIES]).read_bytes())

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        status, headers, body = replies.get(scope["path"], _UNKNOWN)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
