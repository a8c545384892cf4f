"""The calls of google-api-python-client, made from its own discovery document: nothing is fetched for it."""

from __future__ import annotations

import functools
import importlib.resources
import json
from dataclasses import dataclass
from typing import Any

_DOCUMENT = "discovery_cache/documents/calendar.v3.json"


@dataclass(frozen=True, slots=True)
class Service:
    """Collections of calls; each call is given its http when it is executed. Threads share them."""

    events: Any
    calendars: Any
    calendar_list: Any
    channels: Any
    free_busy: Any


@functools.lru_cache(maxsize=8)
def service(root: str | None) -> Service:
    """
    The calls to Google, or to the server that `root` names, batches included.

    Kept for the process: each collection costs 1.5 ms to make, and the library half a second and 41 MB.
    """
    from googleapiclient.discovery import build_from_document

    found = importlib.resources.files("googleapiclient") / _DOCUMENT
    document = json.loads(found.read_text(encoding="utf-8"))
    if root:
        document["rootUrl"] = root.rstrip("/") + "/"
    made = build_from_document(document, http=_NoHttp())
    return Service(made.events(), made.calendars(), made.calendarList(), made.channels(), made.freebusy())


class _NoHttp:
    """Whoever forgets to say by which http a call goes learns it at once."""

    def request(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a call to Google without an http of its own")

    def close(self) -> None:
        """There is nothing to close."""
