"""Watch channels: what is posted to whom when a calendar changes, and what goes wrong on the way."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random
from urllib.parse import quote

import httpx

from tests.fakes.google_calendar import errors
from tests.fakes.google_calendar.errors import Refusal
from tests.fakes.google_calendar.world import Calendar, Resource, World
from tests.fakes.loopback import NO_TLS

LIFE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=30)
_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")


class Delivery(StrEnum):
    COLLECTED = "collected"
    """Notices wait until `deliver` is called"""
    AT_ONCE = "at once"
    """Posted before the answer to the request that caused them"""
    BEHIND = "behind"
    """Posted by a thread of their own"""


@dataclass
class Channel:
    id: str
    token: str
    address: str
    calendar: str
    resource: str
    uri: str
    expires: datetime
    owner: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    address: str
    headers: Mapping[str, str]


def post(notice: Notice) -> None:
    """One attempt; Google tries again for a while, which is another notice for us."""
    try:
        httpx.post(notice.address, headers=dict(notice.headers), timeout=5, trust_env=False, verify=NO_TLS)
    except httpx.TransportError:
        return


class Watching:
    def __init__(self, world: World, root: Callable[[], str]) -> None:
        self._world = world
        self._root = root
        self._random = Random(1)
        self._lock = threading.Lock()
        self._behind: queue.SimpleQueue[Notice | None] | None = None
        self._thread: threading.Thread | None = None
        self.channels: dict[str, Channel] = {}
        self.pending: list[Notice] = []
        self.delivery = Delivery.COLLECTED
        self.post: Callable[[Notice], None] = post
        self.plain_http = False
        """Whether addresses without TLS are taken"""
        self.lost = 0
        """So many of the next notices never leave"""
        self.doubled = 0
        """So many of the next notices are posted twice"""
        world.changed.append(self._changed)

    def open(self, calendar: Calendar, account: str, body: Resource) -> Resource:
        channel_id, address = str(body.get("id", "")), str(body.get("address", ""))
        if not _ID.fullmatch(channel_id):
            raise Refusal(400, "channelIdInvalid", "Channel id must match [A-Za-z0-9\\-_\\+/=]+, 64 at most.")
        if body.get("type") not in ("web_hook", "webhook"):
            raise Refusal(400, "channelUnknown", "Unknown channel type.")
        if not address.startswith("https://") and not (self.plain_http and address.startswith("http://")):
            raise Refusal(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")
        if len(str(body.get("token", ""))) > 256:
            raise errors.invalid("The token is longer than 256 characters.")
        with self._lock:
            if self._living(channel_id) is not None:
                raise Refusal(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
            channel = self.channels[channel_id] = Channel(
                id=channel_id,
                token=str(body.get("token", "")),
                address=address,
                calendar=calendar.id,
                resource=f"res-{quote(calendar.id, safe='')[:60]}",
                uri=f"{self._root()}/calendar/v3/calendars/{quote(calendar.id, safe='')}/events?alt=json",
                expires=self._expiry(body),
                owner=account,
            )
            self._tell(channel, "sync")
        told = {"kind": "api#channel", "id": channel.id, "resourceId": channel.resource}
        told |= {"resourceUri": channel.uri, "expiration": str(int(channel.expires.timestamp() * 1000))}
        return told | ({"token": channel.token} if channel.token else {})

    def stop(self, account: str, body: Resource) -> None:
        channel_id = str(body.get("id", ""))
        with self._lock:
            channel = self._living(channel_id)
            known = channel is not None and channel.resource == body.get("resourceId")
            if channel is None or not known or channel.owner != account:
                raise Refusal(404, "notFound", f"Channel '{channel_id}' not found for project")
            del self.channels[channel_id]

    def living(self) -> list[Channel]:
        with self._lock:
            return [channel for name in list(self.channels) if (channel := self._living(name)) is not None]

    # On the way

    def deliver(self, most: int | None = None, reordered: bool = False) -> int:
        """Post what has been collected; how many notices."""
        with self._lock:
            chosen = self.pending[:most]
            del self.pending[:most]
            if reordered:
                self._random.shuffle(chosen)
        for notice in chosen:
            self.post(notice)
        return len(chosen)

    def flush(self) -> None:
        """After a request: post now, or hand over to the thread, as it is ordered."""
        if not self.pending or self.delivery is Delivery.COLLECTED:
            return
        if self.delivery is Delivery.AT_ONCE:
            self.deliver()
            return
        with self._lock:
            chosen, self.pending = self.pending, []
            if self._behind is None:
                self._behind = queue.SimpleQueue()
                self._thread = threading.Thread(target=self._post_behind, args=(self._behind,), daemon=True)
                self._thread.start()
        for notice in chosen:
            self._behind.put(notice)

    def close(self) -> None:
        """End the thread, after what it has been given."""
        if self._behind is not None and self._thread is not None:
            self._behind.put(None)
            self._thread.join(10)
            self._behind = self._thread = None

    def _post_behind(self, given: queue.SimpleQueue[Notice | None]) -> None:
        while (notice := given.get()) is not None:
            self.post(notice)

    # Within the lock

    def _expiry(self, body: Resource) -> datetime:
        now = self._world.now()
        if body.get("expiration") is not None:
            wanted = datetime.fromtimestamp(int(body["expiration"]) / 1000, UTC)
        elif (seconds := (body.get("params") or {}).get("ttl")) is not None:
            wanted = now + timedelta(seconds=int(seconds))
        else:
            wanted = now + LIFE
        if wanted <= now:
            raise errors.invalid("The expiration is in the past.")
        return min(wanted, now + LONGEST_LIFE)

    def _living(self, channel_id: str) -> Channel | None:
        channel = self.channels.get(channel_id)
        if channel is not None and channel.expires <= self._world.now():
            del self.channels[channel_id]
            return None
        return channel

    def _changed(self, calendar: Calendar) -> None:
        if not self.channels:
            return
        with self._lock:
            for name in list(self.channels):
                channel = self._living(name)
                if channel is not None and channel.calendar == calendar.id:
                    self._tell(channel, "exists")

    def _tell(self, channel: Channel, state: str) -> None:
        channel.number += 1 if state == "sync" else self._random.randint(1, 9)
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Message-Number": str(channel.number),
            "X-Goog-Resource-ID": channel.resource,
            "X-Goog-Resource-State": state,
            "X-Goog-Resource-URI": channel.uri,
            "X-Goog-Channel-Expiration": f"{channel.expires:%a, %d %b %Y %H:%M:%S} GMT",
        }
        if channel.token:
            headers["X-Goog-Channel-Token"] = channel.token
        if self.lost:
            self.lost -= 1
            return
        self.pending.append(Notice(channel.address, headers))
        if self.doubled:
            self.doubled -= 1
            self.pending.append(Notice(channel.address, headers))
