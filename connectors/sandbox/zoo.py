"""All channels that are played at one place, and their time: what is served, and what a test drives."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.channel import Channel, Question
from connectors.sandbox.faults import Reply
from connectors.sandbox.people import Act


class Zoo:
    """Safe to be used by several threads; `ahead` is by how much its time is ahead of everybody else's."""

    def __init__(self, channels: Iterable[Channel], zone: ZoneInfo) -> None:
        self.zone = zone
        self.ahead = timedelta()
        self._lock = threading.RLock()
        self._channels = {channel.name: channel for channel in channels}

    @classmethod
    def of(
        cls, kinds: Iterable[str], seed: object, started: datetime, zone: ZoneInfo, *, acts_a_day: float = 1.2
    ) -> Zoo:
        """One channel of each kind: the same seed and instant make the same zoo."""
        return cls((Channel(kind, seed, started, zone, acts_a_day=acts_a_day) for kind in kinds), zone)

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Only to be changed under `held`."""
        return self._channels

    @contextmanager
    def held(self) -> Iterator[Mapping[str, Channel]]:
        with self._lock:
            yield self._channels

    def live(self, until: datetime) -> list[Act]:
        """Everybody acts until then."""
        with self._lock:
            return [act for channel in self._channels.values() for act in channel.live(until)]

    def answer(self, name: str, question: Question) -> Reply:
        """KeyError where there is no such channel."""
        with self._lock:
            return self._channels[name].answer(question)

    def quieten(self) -> None:
        """People go away, and nothing goes wrong any more."""
        with self._lock:
            for channel in self._channels.values():
                channel.rest()
