"""The iCal connector: pulls a channel's feed, renders ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator

from connectors.addresses import LONGEST, target
from connectors.contract import Feed, Pulled, Window
from connectors.errors import Unavailable
from connectors.ical import reading, render
from connectors.ical.client import Fetched, fetch
from connectors.ical.content import NotACalendar, TooComplex
from connectors.ical.frames import Request
from connectors.ical.options import FeedOptions
from connectors.ical.process import ReaderLost
from connectors.ical.understand import Understood
from connectors.transport import Network
from hub import clock

READER = "5"
"""Goes up when the same bytes come to be read differently: stored cursors then expand anew."""


class _Address(BaseModel):
    url: str = Field(
        repr=False, max_length=LONGEST, title="Calendar address", examples=["https://…/calendar.ics"]
    )

    @field_validator("url")
    @classmethod
    def _callable(cls, value: str) -> str:
        scheme, colon, rest = value.strip().partition(":")
        url = ("https" if scheme.lower() in ("webcal", "webcals") else scheme) + colon + rest
        target(url)
        return url


class IcalSettings(FeedOptions, _Address):
    """
    Where the calendar is, and how to understand it (docs/channels.md). Whoever has the address can read the
    calendar: it is a secret.
    """


class IcalConnector:
    slug = "ical"
    title = "iCal feed"
    settings_model: type[BaseModel] = IcalSettings
    secret_fields = frozenset({"url"})

    def check(self, settings: BaseModel, network: Network) -> None:
        """Fetch the feed once and read it; raises a ConnectorError when it is none."""
        own = _own(settings)
        fetched = fetch(network, own.url, {})
        today = clock.today("UTC")
        if fetched is not None:
            _read(fetched, Window(today, today + timedelta(days=1)), ZoneInfo("UTC"), own)

    def pull(
        self,
        settings: BaseModel,
        cursor: Mapping[str, str] | None,
        window: Window,
        zone: ZoneInfo,
        network: Network,
    ) -> Pulled:
        """All events of the window; `unchanged` when neither the feed nor, by over a day, the window moved.

        Without a cursor the request is unconditional: a remote that answers 304 to a spoilt cache cannot
        confirm itself.
        """
        own = _own(settings)
        options = own.digest()
        known = dict(cursor) if cursor is not None and _still_covers(cursor, window, zone, options) else {}
        fetched = fetch(network, own.url, known)
        if fetched is None:
            return Pulled(events=(), cursor=known, full=True, unchanged=True)

        validators = {"etag": fetched.etag, "last_modified": fetched.last_modified, "sha256": fetched.sha256}
        if known.get("sha256") == fetched.sha256:
            return Pulled(events=(), cursor={**known, **validators}, full=True, unchanged=True)
        understood = _read(fetched, window, zone, own)
        return Pulled(
            events=understood.events,
            cursor={**_expansion(window, zone, options), **validators},
            full=True,
            unchanged=False,
            problems=understood.problems,
            title=understood.title,
            source=understood.source,
            returns_ours=understood.returns_ours,
            whole_days=understood.whole_days,
            payload=fetched.body,
        )

    def render(self, feed: Feed) -> bytes:
        return render.render(feed)


def _own(settings: BaseModel) -> IcalSettings:
    if not isinstance(settings, IcalSettings):
        raise TypeError(f"the iCal connector was given {type(settings).__name__}")
    return settings


def _read(fetched: Fetched, window: Window, zone: ZoneInfo, options: FeedOptions) -> Understood:
    said = FeedOptions.of(options).model_dump(mode="json", exclude_defaults=True)
    try:
        return reading.read(fetched.body, Request(window, zone, fetched.host, fetched.sha256, said))
    except TooComplex as error:
        message = f"{fetched.host} answered a calendar that cannot be read: {error}"
        raise _unread(message, error.code, fetched) from error
    except NotACalendar as error:
        message = f"{fetched.host} answered something that is not a calendar: {error}"
        raise _unread(message, error.code, fetched) from error
    except ReaderLost as error:
        raise Unavailable(str(error), code="no_reader") from error


def _unread(message: str, code: str, fetched: Fetched) -> Unavailable:
    return Unavailable(message, code=code).showing(fetched.body)


def _expansion(window: Window, zone: ZoneInfo, options: str) -> dict[str, str]:
    """What the stored events depend on besides the bytes."""
    return {
        "first": window.first.isoformat(),
        "after": window.after.isoformat(),
        "zone": zone.key,
        "options": options,
        "reader": READER,
    }


def _still_covers(cursor: Mapping[str, str], window: Window, zone: ZoneInfo, options: str) -> bool:
    """Whether what was expanded for the cursor serves this window: neither end moved by more than a day."""
    depends = {"zone": zone.key, "options": options, "reader": READER}
    if any(cursor.get(name) != value for name, value in depends.items()):
        return False
    try:
        first, after = date.fromisoformat(cursor["first"]), date.fromisoformat(cursor["after"])
    except (KeyError, ValueError):
        return False
    moved = max(abs(window.first - first), abs(window.after - after))
    return moved <= timedelta(days=1)
