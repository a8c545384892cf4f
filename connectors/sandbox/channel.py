"""
One channel with its people: it changes as time passes, answers whoever asks, and reads other calendars.

Everything in it comes from a seed and from the instants that it is given: no clock, no I/O.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from connectors.sandbox import calendars, people
from connectors.sandbox.calendars import Scene
from connectors.sandbox.channels import CHANNELS
from connectors.sandbox.faults import CALENDAR, FAULTS, Reply
from connectors.sandbox.manners import Manner, Validator
from connectors.sandbox.people import Act
from connectors.sandbox.personal import Series
from connectors.sandbox.reading import Imported, read
from connectors.sandbox.stays import Slot, Stay, slots, spans, taken, whole_days
from connectors.sandbox.writing import Written, calendar, digest
from hub.domain.periods import Span

ACTS_A_DAY = 1.2
CACHED_FOR = timedelta(days=1)
MOST_ANSWERS = 1_000


@dataclass(frozen=True, slots=True)
class Question:
    """One request for the calendar; header names are lower-case."""

    at: datetime
    headers: Mapping[str, str]
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said, and what was so at that moment. `true`: the answer told all of it."""

    at: datetime
    status: int
    fault: str
    true: bool
    taken: frozenset[Slot]
    policy: frozenset[Slot]


@dataclass(slots=True)
class _Armed:
    """A fault that waits for the first question from `since` on, or lasts `until`."""

    name: str
    since: datetime
    seed: str
    until: datetime | None = None
    etag: str = ""
    cached_until: datetime | None = None


class Channel:
    """`name` sets it apart from others of its `kind`; `started` is aware UTC."""

    def __init__(
        self,
        kind: str,
        seed: object,
        started: datetime,
        zone: ZoneInfo,
        *,
        name: str = "",
        acts_a_day: float = ACTS_A_DAY,
        remembers: int = MOST_ANSWERS,
    ) -> None:
        self.kind = kind
        self.name = name or kind
        self.manner: Manner = CHANNELS[kind]
        self.zone = zone
        self.stays: dict[str, Stay] = {}
        self.series: tuple[Series, ...] = ()
        self.imported: tuple[Imported, ...] = ()
        self.acts: list[Act] = []
        self.met: Counter[str] = Counter()
        """How many questions met which fault"""
        self.answered: deque[Answered] = deque(maxlen=remembers)
        self._seed = f"{seed} {self.name}"
        self._rng = Random(self._seed)  # noqa: S311 -- a game, from a seed
        self._prodid = self._rng.choice(self.manner.prodids)
        self._armed: list[_Armed] = []
        self._acts_a_day = acts_a_day
        self._next_act_at = started
        self._wait(started)

    @property
    def title(self) -> str:
        """Of several at one platform each has its own."""
        return self.manner.title if self.name == self.kind else f"{self.manner.title}, {self.name}"

    @property
    def taken(self) -> frozenset[Slot]:
        """The truth: by its own stays and blocks, and by nothing that it read."""
        stays = self.stays.values()
        if self.manner.whole_days:
            return frozenset(slot for stay in stays for slot in slots(whole_days(stay.span, self.zone)))
        return taken(stays)

    def policy(self, now: datetime) -> frozenset[Slot]:
        """What it closes by itself, apart from what is taken."""
        scene = self.scene(now)
        closed = calendars.closed_by_policy(self.manner, scene.stays, scene.today)
        return frozenset(slot for nights in closed.values() for slot in nights)

    @property
    def read_slots(self) -> frozenset[Slot]:
        """What it takes for taken because another calendar says so."""
        return frozenset(slot for one in self.imported for slot in slots(one.span))

    def prepared(self, now: datetime) -> tuple[Span, ...]:
        """What of its policy belongs to its stays, and does not move with the days."""
        scene = self.scene(now)
        closed = calendars.closed_by_policy(self.manner, scene.stays, scene.today)
        return spans(closed.get(self.manner.policy.rules[2], frozenset()))

    def windows(self, now: datetime) -> tuple[Span, ...]:
        """What of its policy moves on with the days."""
        scene = self.scene(now)
        closed = calendars.closed_by_policy(self.manner, scene.stays, scene.today)
        return tuple(span for rule in self.manner.policy.rules[:2] for span in spans(closed.get(rule, ())))

    def scene(self, now: datetime) -> Scene:
        stays = tuple(self.stays.values())
        return Scene(self.name, self.manner, stays, self.imported, self.series, now, self.zone)

    def live(self, until: datetime) -> list[Act]:
        """Let people act until then: what they did."""
        done = []
        while self._acts_a_day and self._next_act_at <= until:
            act = people.act(self._rng, self.scene(self._next_act_at))
            if act is not None:
                self.do(act)
                done.append(act)
            self._wait(self._next_act_at)
        return done

    def do(self, act: Act) -> None:
        self.acts.append(act)
        if act.before is not None:
            self.stays.pop(act.before.id, None)
        for stay in (act.after, *act.more):
            if stay is not None:
                self.stays[stay.id] = stay
        if act.series is not None:
            self.series = (*self.series, act.series)

    def waken(self, since: datetime, acts_a_day: float) -> None:
        """From then on people act so often; 0: nobody does."""
        self._acts_a_day = acts_a_day
        self._wait(since)

    def rest(self) -> None:
        """Nobody acts, and nothing goes wrong, any more."""
        self._acts_a_day = 0.0
        self._armed.clear()

    def arm(self, fault: str, since: datetime) -> None:
        """From then on the next question meets this fault; KeyError where there is none of that name."""
        if fault not in FAULTS:
            raise KeyError(f"there is no fault {fault!r}; there are: {', '.join(FAULTS)}")
        self._armed.append(_Armed(fault, since, f"{self._seed} {fault} {since.isoformat()}"))

    def disarm(self) -> None:
        self._armed.clear()

    def armed(self, now: datetime) -> tuple[str, ...]:
        """The faults that the next question may meet."""
        due = (one for one in self._armed if one.since <= now)
        return tuple(one.name for one in due if one.until is None or now < one.until)

    @property
    def last_answer(self) -> Answered | None:
        return self.answered[-1] if self.answered else None

    def consume(self, body: bytes) -> None:
        """Take over another calendar; Unreadable leaves what was known."""
        manner = self.manner
        self.imported = read(body, self.zone, hourly=manner.hourly, whole_days=manner.whole_days)

    def calendar(self, now: datetime) -> bytes:
        """As it would be without any fault."""
        return self._written(calendars.events(self.scene(now)), now)

    def answer(self, question: Question) -> Reply:
        """What goes over the wire; `answered` keeps what there was to tell."""
        now = question.at
        known = question.headers.get("if-none-match", "")
        if any(one.etag == known and one.cached_until and now < one.cached_until for one in self._armed):
            return self._noted(Reply(304, b"", {"ETag": known}), now, "cached", true=False)
        if self.manner.wants_agent and not question.headers.get("user-agent"):
            return self._noted(Reply(403, b"", {}), now, "nameless", true=False)
        fault = self._fault(question)  # not before: what a cache answers meets none, and none begins by it
        if fault is None:
            return self._noted(self._validated(self.calendar(now), known), now, "", true=True)

        what = FAULTS[fault.name]
        rng = Random(fault.seed)  # noqa: S311 -- the same at every question, so that the answers agree
        events = calendars.events(self.scene(now))
        body = self._written([*what.events(events, rng)] if what.events else events, now)
        reply = self._validated(what.body(body, rng) if what.body else body, known)
        if what.cached:
            fault.etag = f'"{digest(fault.seed)[:32]}"'
            fault.cached_until = fault.cached_until or now + CACHED_FOR
            reply = replace(reply, headers={**reply.headers, "ETag": fault.etag})
        if what.reply is not None and reply.status == 200:
            reply = what.reply(reply, rng)
        return self._noted(reply, now, fault.name, true=what.true)

    def _written(self, events: list[Written], now: datetime) -> bytes:
        return calendar(calendars.head(self.scene(now), self._prodid), events)

    def _validated(self, body: bytes, known: str) -> Reply:
        if self.manner.validator is Validator.NONE:
            return Reply(200, body)
        weak = "W/" if self.manner.validator is Validator.WEAK else ""
        etag = f'{weak}"{digest(body)[:32]}"'
        headers = {"ETag": etag, "Content-Type": CALENDAR}
        return Reply(304, b"", headers) if known == etag else Reply(200, body, headers)

    def _noted(self, reply: Reply, now: datetime, fault: str, *, true: bool) -> Reply:
        true = true and reply.status in (200, 304)
        if fault:
            self.met[fault] += 1
        self.answered.append(Answered(now, reply.status, fault, true, self.taken, self.policy(now)))
        return reply

    def _fault(self, question: Question) -> _Armed | None:
        """The first that is due; from its first question on its time runs."""
        now = question.at
        for one in self._armed:
            if one.since > now or (question.redirected and one.name == "moved"):
                continue
            what = FAULTS[one.name]
            if one.until is None:
                if what.lies and self._lied_last:
                    continue  # two lies in a row would be a longer one than any that is told
                shortest, longest = what.lasting
                rng = Random(one.seed)  # noqa: S311 -- a game, from a seed
                one.until = now + shortest + rng.random() * (longest - shortest)
            if now < one.until:
                return one
        return None

    @property
    def _lied_last(self) -> bool:
        """Whether the last whole calendar that was given lacked something."""
        for one in reversed(self.answered):
            if one.true or one.fault == "cached":
                return False
            if one.fault in FAULTS and FAULTS[one.fault].lies:
                return True
        return False

    def _wait(self, since: datetime) -> None:
        if self._acts_a_day:
            self._next_act_at = since + timedelta(days=self._rng.expovariate(self._acts_a_day))
