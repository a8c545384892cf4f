"""Writing what was decided about a reading: events, the time they take, and the change log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.contract import When
from hub.domain.offers import Offer
from hub.domain.periods import Period, difference
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.records import Change
from hub.queries import external as query
from hub.queries import rows
from hub.services import changes
from sync import blocks, citing, holding
from sync.holding import Held
from sync.planning import logged, words
from sync.planning.differences import Difference, Kind, Pair
from sync.planning.echoes import Standing
from sync.planning.guard import Gone, Remainder, Verdict
from sync.planning.known import Missing, Received
from sync.planning.measure import Measure
from sync.planning.placing import Blocked
from sync.standings import NEWS, Standings

UNDONE = frozenset({"changed", "removed", "placed"})
"""Of these the log says what the event took, or nobody could give it back (`sync/undoing.py`)"""
ACTIONS = {Kind.CHANGED: "changed", Kind.SLID: "slid"}
"""In the change log; other names and other words are no change of the inventory"""


def _freed(gone: Gone) -> bool:
    """What took nothing, as our own word come back and what a person left out, frees nothing when it goes."""
    return bool(gone.known.pieces) and (gone.agreed or not gone.known.remainder)


class _Asked(NamedTuple):
    id: UUID
    when: When
    ours: tuple[Period, ...]
    muted: tuple[Period, ...]


@dataclass(slots=True)
class Writing:
    """What one reading of a link's calendar changes; `placed` and `gone` are filled while it is written."""

    session: Session
    link: Link
    held: Held
    found: Difference
    verdict: Verdict
    standings: Standings
    measure: Measure
    now: datetime
    items: Mapping[str, UUID] = field(default_factory=dict)
    """By key, the sync items that new events are occurrences of"""
    added: dict[str, UUID] = field(default_factory=dict)
    """By key, the ids of new events that take something"""
    asking: list[_Asked] = field(default_factory=list)
    """Events whose time must be put on units anew"""
    fresh: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    """The rows of new events, by their ids"""
    log: list[dict[str, Any]] = field(default_factory=list)
    before: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    gone: list[UUID] = field(default_factory=list)
    other: list[UUID] = field(default_factory=list)
    """Events that take what they took and are something else to others: told again, or of another nature"""

    @property
    def nothing(self) -> bool:
        """Whether all is as it was."""
        return not (
            self.found.new
            or self.verdict.gone
            or self.verdict.remainders
            or any(True for _ in self._pairs())
            or any(True for _ in self._waits())
        )

    @property
    def takes_other_time(self) -> bool:
        """Whether anything may come to units or leave them."""
        return bool(
            self.found.new
            or self.verdict.gone
            or self.verdict.remainders
            or any(self._asks(pair) or self._is_other(pair) for pair in self.found.pairs)
        )

    @property
    def touched(self) -> frozenset[UUID]:
        return frozenset((*(one.id for one in self.asking), *self.gone))

    @property
    def in_question(self) -> frozenset[UUID]:
        """The events whose conflicts may be others now."""
        return self.touched.union(self.other)

    def write(self, offers: Sequence[Offer]) -> dict[UUID, tuple[Blocked, ...]]:
        """All of it; the units in scope are locked if it takes other time. What each event asked got."""
        for pair in self._pairs():
            self._change(pair)
        for one in self.found.new:
            self._add(one)
        for remainder in self.verdict.remainders:
            self._leave(remainder)
        for gone in self.verdict.gone:
            self._go(gone)
        for row, missing in self._waits():
            if (row.missing_since is None) != (missing is None):
                holding.cite(self.session, row)
            holding.wait(row, missing)
        rows.insert_values(self.session, {ExternalEvent: tuple(self.fresh.values()), Change: self.log})
        placed = self._place(offers)
        self._tell_placed(placed)
        query.drop_events(self.session, self.gone)
        return placed

    def units(self, placed: dict[UUID, tuple[Blocked, ...]]) -> frozenset[UUID]:
        """The leaf units on which something came or went."""
        had = (self.held.leaves(event_id) for event_id in self.touched)
        return frozenset().union(*had, *(blocks.leaves(found) for found in placed.values()))

    def counts(self) -> dict[str, int]:
        quiet = self.standings.quiet
        kinds = [pair.kind for pair in self.found.pairs if pair.event.key not in quiet]
        return {
            "added": len(self.added),
            "changed": kinds.count(Kind.CHANGED),
            "removed": sum(1 for gone in self.verdict.gone if _freed(gone)),
            "slid": kinds.count(Kind.SLID),
            "back": sum(1 for _ in self.found.back),
            "counted": sum(1 for pair in self.found.pairs if self._counts_again(pair)),
            "missing": sum(1 for one in self.verdict.waiting if one.known.missing is None)
            + sum(1 for one in self.verdict.remainders if one.missing is not None),
            "renamed": sum(1 for pair in self.found.pairs if pair.renamed),
            "reworded": kinds.count(Kind.REWORDED),
        }

    def _pairs(self) -> Iterator[Pair]:
        """Those of which anything is to be written."""
        for pair in self.found.pairs:
            row = self.held.rows[pair.known.id]
            if (
                pair.kind is not Kind.SAME
                or pair.back
                or self._asks(pair)
                or self.standings.differs(row, pair.event.key)
            ):
                yield pair

    def _asks(self, pair: Pair) -> bool:
        """It takes other time than it did, or found no unit so far."""
        ours = self.standings.ours.get(pair.event.key, ())
        takes = difference((pair.takes,), ours) if pair.takes is not None else ()
        waits = not pair.known.leaves and pair.known.id in self.held.blocks
        muted = holding.muted_of(self.held.rows[pair.known.id]) != self.standings.of(pair.event.key).muted
        return waits or bool(takes and muted) or tuple(takes) != pair.known.pieces

    def _is_other(self, pair: Pair) -> bool:
        """To what stands against it, though it may take what it took."""
        row = self.held.rows[pair.known.id]
        if pair.kind is Kind.SAME and not pair.back:
            return False
        return pair.back or (row.nature, row.problem) != (pair.event.nature.value, pair.event.problem)

    def _counts_again(self, pair: Pair) -> bool:
        """A person left it out, and it is not any more what they left out."""
        return pair.known.left_out and self.standings.of(pair.event.key).standing is not Standing.IGNORED

    def _waits(self) -> Iterator[tuple[ExternalEvent, Missing | None]]:
        """What is missing now, and what was and is not any more; what is told again comes with its pair."""
        waiting = {one.known.id: one.missing for one in self.verdict.waiting}
        for known in self.found.missing:
            if known.missing != waiting.get(known.id):
                yield self.held.rows[known.id], waiting.get(known.id)

    def _add(self, one: Received) -> None:
        slide = self.found.slides.get(one.key)
        row = holding.new(self.session, self.link, one, slide, self.measure, self.now)
        verdict, when = self.standings.of(one.key), one.event.when
        self.fresh[row["id"]] = row | self.standings.values(one.key) | {"item_id": self.items.get(one.key)}
        self.asking.append(_Asked(row["id"], when, verdict.ours, verdict.muted))
        if verdict.standing in NEWS and one.takes:
            self._record(row["id"], "added", None, when)
            if one.span.ends_at > self.measure.cut(self.now):
                self.added[one.key] = row["id"]  # what is over is kept, and is no news

    def _change(self, pair: Pair) -> None:
        row, asks = self.held.rows[pair.known.id], self._asks(pair)
        if self._is_other(pair):
            self.other.append(row.id)
        holding.change(self.session, row, pair, self.measure, self.now)
        self.standings.put(row)
        if asks or pair.back or pair.kind in ACTIONS:
            holding.cite(self.session, row)
        if asks:
            self._ask(row, pair.when, pair.known.leaves)
        action = ACTIONS.get(pair.kind) or ("back" if pair.back else None)
        if self._counts_again(pair):
            self._record(row.id, "counted", None, pair.when)
        elif action is not None:
            self._record(row.id, action, pair.known.when, pair.when)

    def _leave(self, remainder: Remainder) -> None:
        of = self.held.rows[remainder.of.id]
        row = holding.add_remainder(self.session, self.link, of, remainder.when, self.measure, self.now)
        if remainder.of.kept_at is not None and remainder.missing is not None:
            row.kept_at = remainder.of.kept_at  # a person's word on the whole holds for what is left of it
        else:
            holding.wait(row, remainder.missing)
        self._ask(row, remainder.when, remainder.of.leaves)
        if remainder.missing is not None:
            self._record(row.id, "missing", remainder.when, remainder.when)

    def _go(self, gone: Gone) -> None:
        row = self.held.rows[gone.known.id]
        if gone.known.pieces:
            self._record(row.id, "removed", gone.known.when, gone.past)
        elif gone.known.left_out:
            citing.run_of(self.session)  # it may be all that this reading has to tell
            self._record(row.id, "lapsed", gone.known.when, None)
        if gone.past is None:
            self.gone.append(row.id)
        else:
            holding.shorten(row, gone.past, self.measure, self.now)
            holding.cite(self.session, row)
            self._ask(row, gone.past, gone.known.leaves)

    def _ask(self, row: ExternalEvent, when: When, had: frozenset[UUID] = frozenset()) -> None:
        self.asking.append(_Asked(row.id, when, holding.ours_of(row), holding.muted_of(row)))
        if had:
            self.before[row.id] = had

    def _place(self, offers: Sequence[Offer]) -> dict[UUID, tuple[Blocked, ...]]:
        if not self.asking:
            return {}
        placed = blocks.place(
            self.session,
            [(one.id, one.when) for one in self.asking],
            offers,
            self.measure.zone,
            self.before,
            self.touched,
            self.now,
            {one.id: one.ours for one in self.asking if one.ours},
        )
        muted = {one.id: one.muted for one in self.asking if one.muted}
        blocks.write(self.session, self.link, placed, muted, new=self.fresh.keys())
        return placed

    def _tell_placed(self, placed: Mapping[UUID, Sequence[Blocked]]) -> None:
        """What is told as it was and takes other units now, since it waited for one: nothing else says so."""
        told = {values["entity_id"] for values in self.log}
        self.log = []
        for event_id, found in placed.items():
            row = self.held.rows.get(event_id)
            if row is None or event_id in told:
                continue
            if logged.by_unit(self.held.blocks.get(event_id, ())) != logged.by_unit(found):
                when = holding.when_of(row)
                self._record(event_id, "placed", when, when)
        rows.insert_values(self.session, {Change: self.log})

    def _record(self, event_id: UUID, action: str, before: When | None, after: When | None) -> None:
        self.log.append(
            changes.values(
                self.session,
                "external_event",
                event_id,
                action,
                before=self._side(before, event_id if action in UNDONE else None),
                after=self._side(after),
                property_id=self.link.property_id,
            )
        )

    def _side(self, when: When | None, taking: UUID | None = None) -> dict[str, Any] | None:
        """With what this event takes by now."""
        if when is None:
            return None
        said = {"link_id": str(self.link.id), "span": words.stretch(when, self.measure.zone)}
        if taking is None:
            return said
        return said | {logged.TAKES: logged.values(self.held.blocks.get(taking, ()))}
