"""
The windows of a channel's booking policy that nobody can tell from a stay while its answers are faulty. Pure.

They move on every day, and a reader tells people nothing of them as long as it knows them by their names or
by their words. A fault that takes these away makes an event of each: it comes with every day that moves it,
and goes when the channel names it again or it has moved once more. To say so is the reader's duty, for it may
be a stay, and so they are counted among the real changes. A window that can be known is no change at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.channel import Answered, Channel
from hub.domain.periods import Span

NAMELESS = frozenset({"renamed", "shared_uids"})
"""Faults by which names are lost"""
WORDLESS = frozenset({"broken"})


@dataclass(slots=True)
class Windows:
    """Those of one channel, as its last whole and true answer told them."""

    channel: Channel
    told: frozenset[Span] = frozenset()
    nameless: frozenset[Span] = frozenset()
    """Those of them that were told so that they could be a stay"""

    def changes(self, answered: Answered) -> tuple[int, int]:
        """How many of them came, and how many went, as events, by this answer."""
        if answered.status != 200 or not answered.true:
            return 0, 0
        told = frozenset(self.channel.windows(answered.at))
        nameless = told if answered.fault in self._faults() else frozenset()
        came, went = nameless - self.told, self.nameless - told
        self.told, self.nameless = told, nameless
        return len(came), len(went)

    def _faults(self) -> frozenset[str]:
        """By its names where they tell of the rule, else by its words."""
        return NAMELESS if self.channel.manner.policy.uid else WORDLESS
