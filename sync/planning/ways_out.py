"""
What staff can do about a conflict, from what is known of both sides and of what is free. PURE.

Only what is possible is offered, the best first. Whoever takes a way out is asked for it again by the service
that does it: between the offer and the word of a person the world moves on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from zoneinfo import ZoneInfo

from connectors.contract import AllDay
from hub.domain import same_stay
from hub.domain.availability import Taken
from hub.domain.lifecycle import Status, may_become
from hub.domain.offers import Offer
from hub.domain.periods import Hours, LetBy, Nights, Period, Span, nights_touched, occupied
from sync.planning import placing, vacancies
from sync.planning import words as worded
from sync.planning.stakes import ACTIONS, Action, Closure, Facts, Kind, Stay, Told
from sync.planning.vacancies import Wanted

MOST_UNITS = 5
"""Units that are offered for one thing"""
MOST_LOOKED_AT = 60
"""Units of which it is asked whether they are free for it"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way out: what to say, what it does, and the values to say with it."""

    action: Action
    words: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def offered(facts: Facts) -> tuple[Way, ...]:
    """Every way out that is possible, the best first."""
    if facts.state == "closed":
        return _undoing(facts)
    found: list[Way] = []
    for action in ACTIONS[facts.kind]:
        if action in _WAYS:
            found += _WAYS[action](facts)
        elif action in _ALWAYS:
            found.append(Way(action, _ALWAYS[action]))
    best = {
        Action.SAME_STAY: surely_same(facts),
        Action.REMOVE_BLACKOUT: told_again(facts),
    }
    return tuple(sorted(found, key=lambda way: not best.get(way.action, False)))


def places_for_stay(stay: Stay, offers: Sequence[Offer]) -> Iterator[tuple[Offer, Wanted]]:
    """Where the item of a booking could go if that were free, the best first."""
    roomy = (one for one in offers if one.capacity >= stay.least_capacity)
    for offer in vacancies.alike_first(roomy, stay.offer)[:MOST_LOOKED_AT]:
        yield offer, Wanted(offer.unit, occupied(stay.span, offer.zone, offer.turnaround))


def places_for_closure(closure: Closure, offers: Sequence[Offer]) -> Iterator[tuple[Offer, Wanted]]:
    """The same of a blackout: what is repaired stays where it is, all else takes any unit of the type."""
    if closure.kind == "maintenance":
        return
    same = (one for one in offers if one.unit.unit_type_id == closure.offer.unit.unit_type_id)
    for offer in vacancies.alike_first(same, closure.offer)[:MOST_LOOKED_AT]:
        yield offer, Wanted(offer.unit, occupied(closure.span, offer.zone))


def places_for_event(event: Told) -> Iterator[tuple[Offer, Wanted]]:
    """The same of an event: another single unit of which its calendar speaks."""
    by_name = sorted(event.scope, key=lambda one: (len(one.unit.name), one.unit.name, one.unit.id))
    for offer in by_name[: MOST_LOOKED_AT + len(event.leaves)]:
        if wanted := place_for_event(event, offer):
            yield offer, wanted


def place_for_event(event: Told, offer: Offer) -> Wanted | None:
    """What it would take of a unit; None where it can never be put there."""
    movable = event.whole and len(event.leaves) <= 1 and offer in event.scope
    if not movable or offer.composite or offer.unit.leaves & event.leaves:
        return None
    taken = placing.block(event.when, offer)
    return Wanted(offer.unit, Period(taken.period.starts_at, taken.free_at)) if taken is not None else None


def asked(facts: Facts) -> Iterator[Wanted]:
    """All of which it matters whether it is free."""
    if facts.state == "closed":
        return
    if facts.stay is not None and facts.stay.movable:
        yield from facts.stay.others
        yield from (wanted for _, wanted in places_for_stay(facts.stay, facts.offers))
    if (closure := facts.closure) is not None:
        yield Wanted(closure.offer.unit, vacancies.around(closure.span, closure.offer))
        yield from (wanted for _, wanted in places_for_closure(closure, facts.offers))
    for event in facts.events:
        yield from (wanted for _, wanted in places_for_event(event))


def nearly_same(facts: Facts) -> bool:
    """Whether the two could be one stay."""
    stay = facts.stay
    return stay is not None and same_stay.nearly(stay.span, stay.offer.zone, _theirs(facts))


def surely_same(facts: Facts) -> bool:
    """The same span, and the booking says that it came from this very channel."""
    stay, event = facts.stay, facts.event
    if stay is None or event is None or stay.source != event.connector:
        return False
    return occupied(stay.span, stay.offer.zone) == _theirs(facts)


def told_again(facts: Facts) -> bool:
    """
    The blackout came of undoing a sync, and the channel tells an event that takes all of it: without the
    blackout nothing more is free, and anywhere else it would close what nobody asked for.
    """
    closure, event = facts.closure, facts.event
    if closure is None or event is None or not closure.held_again or event.untold:
        return False
    wanted = Wanted(closure.offer.unit, occupied(closure.span, closure.offer.zone))
    return facts.reading.covers(wanted, event.id)


def _theirs(facts: Facts) -> Period | None:
    """From when to when the event is, in the terms on which the booking's unit is let."""
    if facts.stay is None or facts.event is None:
        return None
    when, offer = facts.event.when, facts.stay.offer
    if isinstance(when, AllDay):
        return same_stay.told(when.first, when.after, None, offer)
    return same_stay.told(None, None, Period(when.starts_at, when.ends_at), offer)


def _undoing(facts: Facts) -> tuple[Way, ...]:
    stay, event = facts.stay, facts.event
    if stay is None or event is None or event.same_as != stay.id:
        return ()
    words = f"say that {stay.reference} and the event at {event.channel} are two stays after all"
    return (Way(Action.SEPARATE, words),)


def _move_booking(facts: Facts) -> Iterator[Way]:
    stay = facts.stay
    if stay is None or not stay.movable:
        return
    if any(not facts.reading.free(one, stay.items) for one in stay.others):
        return
    free = (
        offer
        for offer, wanted in places_for_stay(stay, facts.offers)
        if facts.reading.free(wanted, {stay.id})
    )
    for offer in islice(free, MOST_UNITS):
        yield Way(Action.MOVE_BOOKING, f"move {stay.reference} to {_place(offer, stay.offer)}", _unit(offer))


def _move_blackout(facts: Facts) -> Iterator[Way]:
    closure = facts.closure
    if closure is None:
        return
    if there := vacancies.nearest(closure.span, closure.offer, facts.reading, {closure.id}, facts.now):
        said = span_words(there, facts.zone)
        yield Way(
            Action.MOVE_BLACKOUT,
            f"move the blackout to {said}, when {closure.offer.unit.name} is free",
            span_values(there),
        )
    free = (
        offer
        for offer, wanted in places_for_closure(closure, facts.offers)
        if facts.reading.free(wanted, {closure.id})
    )
    for offer in islice(free, MOST_UNITS):
        yield Way(Action.MOVE_BLACKOUT, f"move the blackout to {_place(offer, closure.offer)}", _unit(offer))


def _move_event(facts: Facts) -> Iterator[Way]:
    for event in facts.events:
        free = (offer for offer, wanted in places_for_event(event) if facts.reading.free(wanted, {event.id}))
        for offer in islice(free, MOST_UNITS):
            words = (
                f"count the event at {event.channel} against {offer.unit.name}, which is free for all of it"
            )
            yield Way(Action.MOVE_EVENT, words, {**_unit(offer), "event_id": str(event.id)})


def _same_stay(facts: Facts) -> Iterator[Way]:
    if facts.stay is not None and facts.event is not None and nearly_same(facts):
        yield Way(
            Action.SAME_STAY,
            f"say that {facts.stay.reference} and the event at {facts.event.channel} are the same stay",
        )


def _cancel(facts: Facts) -> Iterator[Way]:
    if facts.stay is not None and may_become(facts.stay.status, Status.CANCELLED):
        yield Way(Action.CANCEL_BOOKING, f"cancel {facts.stay.reference}")


def _remove_blackout(facts: Facts) -> Iterator[Way]:
    if facts.closure is not None:
        words = f"remove the blackout of {facts.closure.offer.unit.name}"
        if told_again(facts):
            words = f"{words}: the channel tells again what it holds"
        yield Way(Action.REMOVE_BLACKOUT, words)


def _ignore_event(facts: Facts) -> Iterator[Way]:
    for event in facts.events:
        if event.by_event or not event.untold:
            words = f"leave the event at {event.channel} out: it takes nothing any more"
            if not event.by_event:
                words = f"{words} until it changes there"
            yield Way(Action.IGNORE_EVENT, words, {"event_id": str(event.id)})


def _accept(facts: Facts) -> Iterator[Way]:
    if facts.state != "accepted":
        yield Way(
            Action.ACCEPT,
            _ACCEPTING.get(facts.kind, "accept the overbooking, and live with it while it lasts"),
        )


def _ignore(facts: Facts) -> Iterator[Way]:
    if facts.state != "ignored":
        yield Way(Action.IGNORE, "put it aside until one of the sides changes")


def _keep(facts: Facts) -> Iterator[Way]:
    if facts.keeps:
        yield Way(Action.KEEP, "keep what the channel no longer tells: it stays taken")


_ALWAYS: Mapping[Action, str] = {
    Action.RELEASE: "believe the channel, and free what it no longer tells",
    Action.SHOW: "show our event there, again if need be",
    Action.HIDE: "leave our event out of that calendar; what it stands for is untouched",
}
"""What is possible whatever is known"""
_ACCEPTING = {
    Kind.UNPLACED: "accept that it has no unit",
    Kind.UNPARSEABLE: "accept that it is kept as it was understood",
}
_WAYS: Mapping[Action, Callable[[Facts], Iterator[Way]]] = {
    Action.MOVE_EVENT: _move_event,
    Action.MOVE_BOOKING: _move_booking,
    Action.MOVE_BLACKOUT: _move_blackout,
    Action.SAME_STAY: _same_stay,
    Action.REMOVE_BLACKOUT: _remove_blackout,
    Action.CANCEL_BOOKING: _cancel,
    Action.IGNORE_EVENT: _ignore_event,
    Action.ACCEPT: _accept,
    Action.IGNORE: _ignore,
    Action.KEEP: _keep,
}


def taken_words(found: Taken, offer: Offer) -> str:
    """What takes a unit, and when: nights as dates, hours by the clocks of the place."""
    if offer.let_by == LetBy.NIGHT:
        nights = nights_touched(found.period, offer.zone)
        return f"{found.label}, {nights.arrival} to {nights.departure}"
    return f"{found.label}, {worded.times(found.period.starts_at, found.period.ends_at, offer.zone)}"


def span_words(span: Span, zone: ZoneInfo) -> str:
    """As people of the place say it."""
    if isinstance(span, Nights):
        return f"{span.arrival} to {span.departure}"
    return worded.times(span.starts_at, span.ends_at, zone)


def span_values(span: Span) -> dict[str, str]:
    """As clients send it back."""
    if isinstance(span, Hours):
        return {"starts_at": span.starts_at.isoformat(), "ends_at": span.ends_at.isoformat()}
    return {"arrival": span.arrival.isoformat(), "departure": span.departure.isoformat()}


def _unit(offer: Offer) -> dict[str, str]:
    return {"unit_id": str(offer.unit.id)}


def _place(offer: Offer, like: Offer) -> str:
    kind = "" if offer.unit.unit_type_id == like.unit.unit_type_id else f" ({offer.type_name})"
    return f"{offer.unit.name}{kind}, which is free for all of it"
