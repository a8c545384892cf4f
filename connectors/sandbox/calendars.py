"""What a channel's calendar has in it at one moment: its own stays, what it closes, what it read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox import personal, writing
from connectors.sandbox.manners import Echo, Manner
from connectors.sandbox.personal import Series
from connectors.sandbox.reading import Imported
from connectors.sandbox.stays import DAY, Kind, Slot, Stay, edges, slots, spans, taken, whole_days
from connectors.sandbox.writing import Told, Written, digest, event
from hub.domain.periods import Nights, Span


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a calendar is made from. `name` tells channels of one manner apart; `now` is aware UTC."""

    name: str
    manner: Manner
    stays: tuple[Stay, ...]
    imported: tuple[Imported, ...]
    series: tuple[Series, ...]
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def takes(self, span: Span) -> frozenset[Slot]:
        """What the channel has for sale no more because of this."""
        return slots(whole_days(span, self.zone) if self.manner.whole_days else span)

    def taken(self, stays: Iterable[Stay]) -> frozenset[Slot]:
        return frozenset(slot for stay in stays for slot in self.takes(stay.span))


def closed_by_policy(manner: Manner, stays: Iterable[Stay], today: date) -> Mapping[str, frozenset[Slot]]:
    """Nights that the channel closes by itself, under the name of the rule; without those of its stays."""
    policy = manner.policy
    first, last = today + policy.horizon * DAY, today + (policy.horizon + policy.closed) * DAY
    stays = tuple(stays)
    prepared = (
        Nights(stay.span.departure, stay.span.departure + policy.preparation * DAY)
        for stay in stays
        if policy.preparation and stay.kind is Kind.STAY and isinstance(stay.span, Nights)
    )
    closed: list[tuple[str, frozenset[Slot]]] = [
        (policy.rules[0], slots(Nights(today, today + policy.lead * DAY)) if policy.lead else frozenset()),
        (policy.rules[1], slots(Nights(first, last)) if policy.horizon else frozenset()),
        (policy.rules[2], frozenset(slot for span in prepared for slot in slots(span))),
    ]
    own = taken(stays)
    return {rule: nights - own for rule, nights in closed if nights - own}


def events(scene: Scene) -> list[Written]:
    """In the order of time."""
    told = [*_own(scene), *_closed(scene), *_echoes(scene)]
    written = [event(scene.manner, one, scene.now, scene.zone) for one in told]
    if scene.manner.personal:
        written += personal.events(scene.manner, scene.series, scene.stays, scene.now, scene.zone)
    return sorted(written, key=lambda one: tuple(map(str, edges(one.span))))


def entry(scene: Scene, stay: Stay) -> dict[str, str]:
    """A stay as the calendar names it now, with its dates."""
    told = _of_stay(scene, stay)
    said = writing.said(told, scene.now, scene.zone)
    first, after = (edge.isoformat() for edge in edges(stay.span))
    return {"uid": said["uid"], "summary": said["summary"], "first": first, "after": after} | {
        "description": said["description"]
    }


def head(scene: Scene, prodid: str) -> tuple[str, ...]:
    """What stands before the events."""
    zones = personal.time_zone(scene.manner.zone_name) if scene.manner.defines_zone else ()
    return (prodid, *scene.manner.header, *zones)


def _own(scene: Scene) -> Iterator[Told]:
    manner = scene.manner
    for stay in scene.stays:
        if (
            stay.series
            or not _still_shown(scene, stay.span)
            or (manner.echo is Echo.MERGED and _is_block(stay))
        ):
            continue
        told = _of_stay(scene, stay)
        yield told
        if manner.turnover and not _is_block(stay) and isinstance(stay.span, Nights):
            for day, summary in zip((stay.span.arrival, stay.span.departure), manner.turnover, strict=True):
                code = digest(stay.id, summary)
                yield replace(told, code=code, span=Nights(day, day + DAY), summary=summary, description="")


def _of_stay(scene: Scene, stay: Stay) -> Told:
    manner, block = scene.manner, _is_block(stay)
    words = manner.blocks if block else manner.stays
    span = stay.span
    if manner.begun_begins_today and isinstance(span, Nights) and span.arrival < scene.today < span.departure:
        span = Nights(scene.today, span.departure)
    uid = manner.block_uid if block else manner.uid
    told = Told(
        code=stay.id,
        span=span,
        summary=_literal(stay.summary) or words[int(stay.id[:4], 16) % len(words)],
        uid=uid,
        description="" if block else manner.description,
        guest=stay.guest,
        made=stay.changed_at,
        timed=stay.timed,
    )
    return _marked(scene, told, uid.format(code=stay.id), ()) if manner.echo is Echo.MARKED else told


def _closed(scene: Scene) -> Iterator[Told]:
    """What the channel's policy closes; for one that merges, with all else that is not available."""
    manner = scene.manner
    closed = closed_by_policy(manner, scene.stays, scene.today)
    if manner.echo is Echo.MERGED:
        stays = [stay for stay in scene.stays if not _is_block(stay)]
        blocked = taken(stay for stay in scene.stays if _is_block(stay) and _still_shown(scene, stay.span))
        read = (slots(one.span) for one in scene.imported if _still_shown(scene, one.span))
        together = blocked.union(*closed.values(), *read)
        for span in spans(together - taken(stays)):
            yield _closure(scene, digest(scene.name, span), span, manner.blocks[0])
        return
    for rule, nights in closed.items():
        for span in spans(nights):
            told = _closure(scene, digest(scene.name, rule, span), span, manner.policy.summary)
            yield replace(told, rule=rule, uid=manner.policy.uid)


def _echoes(scene: Scene) -> Iterator[Told]:
    """What it read elsewhere, as it shows it."""
    manner = scene.manner
    shown = [one for one in scene.imported if _still_shown(scene, one.span)]
    if manner.echo is Echo.MARKED:
        for one in shown:
            code = digest(scene.name, one.uid)
            told = _closure(scene, code, one.span, manner.blocks[0])
            yield _marked(scene, told, one.origin or one.uid, one.via)
    if manner.echo is Echo.APART:
        own = scene.taken(scene.stays)
        seen = set[object]()
        for one in shown:
            for span in spans(slots(one.span) - own):
                if span not in seen:
                    seen.add(span)
                    yield _closure(scene, digest(scene.name, "read", span), span, manner.blocks[0])


def _closure(scene: Scene, code: str, span: Span, words: str) -> Told:
    made = datetime.combine(scene.today, time(), UTC)
    return Told(code=code, span=span, summary=words, uid=scene.manner.block_uid, made=made)


def _marked(scene: Scene, told: Told, origin: str, via: tuple[str, ...]) -> Told:
    """As hubs mark what they say: where it came from, and by which way."""
    hop = f"{digest(scene.name, 'ref')[:16]}.{digest(scene.name, origin)[:16]}"
    return replace(told, origin=_literal(origin), via=",".join((*via, hop)))


def _still_shown(scene: Scene, span: Span) -> bool:
    kept = timedelta(days=scene.manner.past_days)
    last = edges(whole_days(span, scene.zone) if scene.manner.whole_days else span)[1]
    return last > scene.now - kept if isinstance(last, datetime) else last > scene.today - kept


def _is_block(stay: Stay) -> bool:
    return stay.kind is Kind.BLOCK


def _literal(words: str) -> str:
    """Somebody's own words, in which braces mean nothing."""
    return words.replace("{", "{{").replace("}", "}}")
