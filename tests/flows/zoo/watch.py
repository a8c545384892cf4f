"""Who looks on: what the hub may not free, sell or keep, judged by the truth of the channels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from connectors.sandbox.channel import Answered, Channel
from connectors.sandbox.people import Act
from connectors.sandbox.stays import Kind, Slot, Stay, edges, slots
from hub.domain.periods import Nights, Span
from sync.attempts import Outcome
from tests.flows.zoo.house import MADRID, House, Standing, today
from tests.flows.zoo.windows import Windows

AHEAD = timedelta(days=400)
REMEMBERED = timedelta(days=8)
"""How long what we said may come back"""
_NOTICE = re.compile(r"(\+|~|-) ")
_DAYS = re.compile(r"(?:\+|~ .* is now|~|-) (?P<first>\S{10}) to (?P<after>\d{4}-\d\d-\d\d)(?: on|$|,)")
_NOTHING = re.compile(r"\+ .*:\d\d$")
"""Something that takes no unit: told once, if at all"""


@dataclass(slots=True)
class Report:
    """What was seen. Each violation is a sentence; the tests want none."""

    freed: list[str] = field(default_factory=list)
    sold_twice: list[str] = field(default_factory=list)
    echoes: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    """Every pull, and what came of it"""
    untrue: list[str] = field(default_factory=list)
    """People were told that something came or moved that there is not"""
    notices: Counter[str] = field(default_factory=Counter)
    """How often people were told that something came, changed or went, by channel"""
    real: Counter[str] = field(default_factory=Counter)
    """How often something did; what moves is told twice, the second time when its nights are free"""
    pulls: Counter[str] = field(default_factory=Counter)
    """By how they ended"""
    faults: Counter[str] = field(default_factory=Counter)
    guarded: int = 0
    tripped: int = 0
    """How often a reading was told that most of a calendar had gone"""
    unclear: int = 0
    """Nights of which nobody could tell whose they are, each as often as it was told"""
    sales: int = 0
    refusals: int = 0

    def violations(self) -> dict[str, list[str]]:
        """Sentences by their kind; empty where all went well."""
        churn = [
            f"{name}: {number} notices of {self.real[name]} changes"
            for name, number in self.notices.items()
            if number > self.real[name]
        ]
        found = {
            "freed": self.freed,
            "sold twice": self.sold_twice,
            "echoes": self.echoes,
            "ghosts": self.ghosts,
            "lost": self.lost,
            "unexplained": self.unexplained,
            "stopped": self.stopped,
            "untrue": self.untrue,
            "churn": churn,
        }
        return {kind: sentences for kind, sentences in found.items() if sentences}

    def words(self) -> str:
        counted = f"{self.guarded} while something waited, {self.tripped} guards tripped, {self.sales} sales"
        counted += f", {self.unclear} nights unclear"
        told = f"notices {dict(self.notices)} of {dict(self.real)} changes"
        return f"pulls {dict(self.pulls)}, {counted}, {told}, violations {self.violations()}"


class Watch:
    """Follows the game: is told of everything that people do and of every pull."""

    def __init__(self, house: House, channels: Mapping[str, Channel]) -> None:
        self.house = house
        self.channels = channels
        self.report = Report()
        self.known: dict[str, frozenset[Slot]] = {name: frozenset() for name in channels}
        """What was taken when a channel last told the truth to us, and has been ever since"""
        self._told: dict[str, Mapping[str, Span]] = {name: {} for name in channels}
        """By the id of a stay, as it was when the channel last told the truth"""
        self._counted: dict[str, Mapping[str, Span]] = {name: {} for name in channels}
        """As it was when the channel last told anything"""
        self._tripped = dict.fromkeys(channels, False)
        self._given_up = dict.fromkeys(channels, 0)
        """Stays that went, or became others, between the last two answers"""
        self._prepared: dict[str, frozenset[Span]] = {name: frozenset() for name in channels}
        self._windows = {name: Windows(channel) for name, channel in channels.items()}
        self._told_before: set[tuple[str, str]] = set()
        self._seen: set[tuple[str, Slot]] = set()
        self._said: dict[str, dict[Slot, datetime]] = {name: {} for name in channels}
        """What each channel read in our calendar, and when it did last"""
        self._unclear: dict[str, frozenset[Slot]] = {}
        """By the id of a stay"""
        self._contested: dict[str, frozenset[Slot]] = {name: frozenset() for name in channels}
        """Once taken there and elsewhere at once: whose word a closure is, nobody can tell"""

    def read(self, name: str, now: datetime) -> None:
        """The channel has read our calendar."""
        channel = self.channels[name]
        self._said[name].update(dict.fromkeys(channel.read_slots, now))
        own = channel.taken | channel.policy(now)
        told = [*self._prepared[name], *(self._counted[name].values() if self._alike(name) else ())]
        own = own.union(*map(slots, told))  # what it has given up meanwhile, nobody was told
        self._contested[name] |= own & channel.read_slots

    def acted(self, name: str, acts: Iterable[Act]) -> None:
        """What a channel's people gave up may be free here as well."""
        for act in acts:
            if act.before is not None:
                left = slots(act.after.span) if act.after is not None else frozenset()
                self.known[name] -= slots(act.before.span) - left

    def pulled(self, name: str, outcome: Outcome, answered: Answered | None, now: datetime) -> None:
        state = outcome.state
        self.report.pulls[state] += 1
        told = f"{answered.status} {answered.fault}" if answered else "nothing"
        if answered is not None and state == "changed":
            self._hear(name, outcome.summary, answered, now)
        self.report.story.append(f"{now:%m-%d %H:%M} {name}: {told} -> {state}; {'; '.join(outcome.summary)}")
        if state in ("failed", "busy") or answered is None:
            return
        self._count_real(name, now)
        came, went = self._windows[name].changes(answered)
        self.report.real[name] += came + went
        self._given_up[name] += went
        if not answered.true:
            return
        self._weigh(name, answered, now)
        if state == "changed":
            self._look_for_echoes(name, answered, now)

    def _weigh(self, name: str, answered: Answered, now: datetime) -> None:
        """
        Nights that two have sold before either could know. Where the channel calls its own and our word the
        same, and told its own only after it had ours, nobody can tell whose they are.
        """
        channel = self.channels[name]
        said = {slot for slot, read_at in self._said[name].items() if now - read_at < REMEMBERED}
        alike = self._alike(name)
        for stay in channel.stays.values():
            if self._told[name].get(stay.id) != stay.span:
                shown = channel.scene(now).takes(stay.span)
                both = shown & said
                alone = alike and both < shown
                tells = alone or not (alike or stay.kind is Kind.BLOCK)
                self._unclear[stay.id] = frozenset() if tells else both
        unclear = frozenset(slot for stay_id in channel.stays for slot in self._unclear.get(stay_id, ()))
        self.known[name] = answered.taken - unclear
        self._contested[name] |= (answered.taken | answered.policy) & said
        self.report.unclear += len(unclear)
        self._told[name] = {stay.id: stay.span for stay in channel.stays.values() if _to_come(stay, now)}

    def guarded(self, name: str, standing: Standing, answered: Answered | None, now: datetime) -> None:
        """Something waits: that must be explained; most of a calendar goes in a fault, or because it went."""
        self.report.guarded += 1
        guard = standing.guard
        if guard is None:
            self._tripped[name] = False
            return
        told = f"{now:%m-%d %H:%M} {name}: {guard['why']}"
        if not all(guard[said] for said in ("why", "freed", "readings", "again_at")):
            self.report.unexplained.append(told)
        if guard["tripped"] and not self._tripped[name]:
            self.report.tripped += 1
            if answered is not None and answered.true and not self._given_up[name]:
                self.report.unexplained.append(f"{told}, though nothing went")
        self._tripped[name] = guard["tripped"]

    def look(self, now: datetime) -> None:
        """Is anything for sale that a channel's guests have, as far as we were told?"""
        busy = self.house.busy(now, now + AHEAD)
        wanted = Counter(slot for known in self.known.values() for slot in known)
        wanted.update(self.house.taken())
        units, unplaced = len(self.house.units), self._unplaced()
        for slot in self._to_come(wanted, now):
            if busy[slot] + unplaced[slot] < min(units, wanted[slot]):
                who = ", ".join(name for name, known in self.known.items() if slot in known) or "our own"
                if (who, slot) not in self._seen:
                    self._seen.add((who, slot))
                    self.report.freed.append(f"{now:%m-%d %H:%M} {slot} of {who}")

    def sold(self, span: Span, now: datetime) -> None:
        self.report.sales += 1
        units = len(self.house.units)
        wanted = self.house.taken() + Counter(slot for known in self.known.values() for slot in known)
        for slot in slots(span):
            if wanted[slot] > units:
                self.report.sold_twice.append(f"{now:%m-%d %H:%M} {slot}")

    def ended(self, now: datetime) -> None:
        """All is quiet, and everybody has read everybody: what is taken here is what is taken."""
        units, unplaced = len(self.house.units), self._unplaced()
        busy = self.house.busy(now, now + AHEAD)
        wanted = self.house.taken()
        for channel in self.channels.values():
            wanted.update(channel.taken | channel.policy(now))
        for slot in self._to_come({*busy, *wanted}, now):
            if busy[slot] > min(units, wanted[slot]) and not self._of_a_day(slot):
                self.report.ghosts.append(f"{slot}: {busy[slot]} instead of {wanted[slot]}")
            if busy[slot] + unplaced[slot] < min(units, wanted[slot]):
                self.report.lost.append(f"{slot}: {busy[slot]} instead of {wanted[slot]}")
        for name, channel in self.channels.items():
            self.report.faults.update(channel.met)
            standing = self.house.standing(name)
            if standing.guard is not None or standing.missing:
                self.report.unexplained.append(f"{name} is still guarded at the end")

    def _look_for_echoes(self, name: str, answered: Answered, now: datetime) -> None:
        placed, unplaced = self.house.blocked(name)
        surplus = (placed | unplaced) - answered.taken - answered.policy
        ours = self.channels[name].read_slots - self._contested[name]
        for slot in self._to_come(surplus & ours, now):
            self.report.echoes.append(f"{now:%m-%d %H:%M} {slot} by {name}")

    def _hear(self, name: str, lines: Iterable[str], answered: Answered, now: datetime) -> None:
        """What people are told must be of the channel's own, and no word of ours."""
        true = answered.taken | answered.policy
        unclear = self._contested[name]
        if not self._alike(name):  # of a guest's stay it is clear
            guests = (one for one in self.channels[name].stays.values() if one.kind is Kind.STAY)
            unclear = unclear.difference(*(slots(one.span) for one in guests))
        for line in filter(_NOTICE.match, lines):
            again = (name, line) in self._told_before
            if _NOTHING.match(line) and not again:
                self._told_before.add((name, line))
                continue
            if (days := _DAYS.match(line)) and not self.house.hourly:
                nights = slots(Nights(date.fromisoformat(days["first"]), date.fromisoformat(days["after"])))
                if nights <= unclear:
                    continue
                again = not line.startswith("-") and not nights & true
            self.report.notices[name] += 1
            if again:
                self.report.untrue.append(f"{now:%m-%d %H:%M} {name}: {line}")

    def _count_real(self, name: str, now: datetime) -> None:
        channel = self.channels[name]
        told = {stay.id: stay.span for stay in channel.stays.values() if _to_come(stay, now)}
        before = {id: span for id, span in self._counted[name].items() if id in told or _ahead(span, now)}
        for stay_id in before.keys() | told.keys():
            if before.get(stay_id) != told.get(stay_id):
                self.report.real[name] += 1 + (stay_id in before and stay_id in told)
        self._given_up[name] = sum(told.get(stay_id) != span for stay_id, span in before.items())
        self._counted[name] = told
        prepared = frozenset(span for span in channel.prepared(now) if _ahead(span, now))
        gone = (span for span in self._prepared[name] - prepared if _ahead(span, now))
        self.report.real[name] += len(prepared - self._prepared[name]) + len([*gone])
        self._prepared[name] = prepared

    def _alike(self, name: str) -> bool:
        """The channel calls stays and closures the same."""
        manner = self.channels[name].manner
        return bool(set(manner.stays) & set(manner.blocks))

    def _of_a_day(self, slot: Slot) -> bool:
        """
        A channel shows all of the day because of some hour that we told it, and once had that day itself: it
        looks as before, and nobody can tell that its own is gone.
        """
        return any(
            channel.manner.whole_days and slot in self._contested[name] & channel.read_slots
            for name, channel in self.channels.items()
        )

    def _unplaced(self) -> Counter[Slot]:
        """How many channels' words found no unit, night by night."""
        if len(self.house.units) == 1:
            return Counter()
        return Counter(slot for name in self.channels for slot in self.house.blocked(name)[1])

    def _to_come(self, found: Iterable[Slot], now: datetime) -> list[Slot]:
        """Not begun yet: the past is over, and of tonight nobody can say whose word came first."""
        edge: Slot = now if self.house.hourly else today(now)
        return sorted((slot for slot in found if str(slot) > str(edge)), key=str)


def _to_come(stay: Stay, now: datetime) -> bool:
    return _ahead(stay.span, now)


def _ahead(span: Span, now: datetime) -> bool:
    last = edges(span)[1]
    return last > now if isinstance(last, datetime) else last > now.astimezone(MADRID).date()
