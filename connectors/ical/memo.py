"""What was read of a component before, by what it was read from; the least used go first. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")

_OVERHEAD = 300
"""Bytes of an entry besides its value: the digest and its places"""


class Memo(Generic[V]):
    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        found = self._known.get(key)
        if found is None:
            return None
        self._known.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: V, size: int) -> None:
        """`size` of the value in bytes, about."""
        if (former := self._known.pop(key, None)) is not None:
            self._bytes -= former[1]
        size += _OVERHEAD
        self._known[key] = value, size
        self._bytes += size
        while self._bytes > self._most_bytes:
            _, (_, freed) = self._known.popitem(last=False)
            self._bytes -= freed

    def __len__(self) -> int:
        return len(self._known)
