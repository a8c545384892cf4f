"""
What becomes of one item of ours: planned, and what follows here done at once; what follows there is an op.

One transaction of the caller's, which holds the link's row. What people did to our event there is put to the
inventory: accepted, or put back with an explanation; either way both sides have agreed on it afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from hub import clock
from hub.database import vault_of
from hub.errors import Reason
from hub.models.links import Link
from hub.models.sync import SyncItem
from hub.queries import sync as query
from sync import accepting, disputes, mirrors, observing, orders, shadows, signing
from sync.calendars import LinkedCalendar
from sync.mirrors import Mirror
from sync.orders import Order
from sync.planning import content, threeway
from sync.planning.content import Content
from sync.planning.threeway import Act, Sides, Verdict

STEPS = 8
"""Decisions that one item may take in a row; each leads closer to both sides being equal"""
DIFFERS = ""
"""A hash that nothing has: it is to be written again"""


@dataclass(slots=True)
class Deciding:
    """One item in one transaction. `counts` is what it did, for the run."""

    session: Session
    link: Link
    calendar: LinkedCalendar
    item: SyncItem
    now: datetime = field(default_factory=lambda: clock.now())
    counts: Counter[str] = field(default_factory=Counter)

    def decide(self) -> Order | None:
        """Everything about it that can be settled here; what must be written there, if anything."""
        if (op := query.open_op(self.session, self.item.id)) is not None and op.state == "inflight":
            return None  # nobody knows yet whether that was done
        for _ in range(STEPS):
            mirror = self._mirror()
            act = threeway.plan(self._sides(mirror))
            if act in _ENDS:
                self.item.touched = False
                if op is not None:
                    orders.close(op, "settled", "not needed any more", self.now)
                _ENDS[act](self, mirror)
                return None
            if act in _WRITES:
                if act in _BEFORE:
                    _BEFORE[act](self, mirror)
                said = (self._content(mirror), mirror.colour) if mirror else None
                return orders.place(
                    self.session, self.item, op, _WRITES[act], said, self._local(mirror), self.now
                )
            _STEPS[act](self, mirror)
            self.session.flush()
        raise RuntimeError(f"item {self.item.id} does not come to rest")

    # What there is

    def _mirror(self) -> Mirror | None:
        """What is to be seen there; None where nothing is."""
        item = self.item
        if item.hidden or self.link.emptying or item.local_id is None or item.local_kind is None:
            return None
        wanted = (item.local_kind, item.local_id)
        return mirrors.of(self.session, self.link, self.calendar.options, [wanted], self.now).get(wanted)

    def _content(self, mirror: Mirror) -> Content:
        """With a person's words for it, as long as we would say what we would have said then."""
        item = self.item
        if item.text_sealed is None:
            return mirror.content
        if item.text_of != self._our_text(mirror):
            item.text_sealed, item.text_of = None, ""
            return mirror.content
        said = vault_of(self.session).open(item.text_sealed)
        return replace(mirror.content, summary=said["summary"], description=said["description"])

    def _our_text(self, mirror: Mirror) -> str:
        return content.groups(mirror.content, self._key)["text"]

    def _local(self, mirror: Mirror | None) -> dict[str, str] | None:
        return content.shown(self._content(mirror), mirror.colour, self._key) if mirror else None

    def _sides(self, mirror: Mirror | None) -> Sides:
        item = self.item
        return Sides(
            base_local=item.base_local,
            base_remote=item.base_remote,
            local=self._local(mirror),
            remote=item.remote if item.remote_state == "present" else None,
            restorable=bool(mirror and mirror.restorable),
            releasable=bool(mirror and mirror.releasable),
            restores=item.restores,
            agreed=item.gone_agreed,
            tombstoned=item.tombstoned_at is not None,
            ended=bool(mirror and mirror.ended),
            one_way=self.calendar.one_way,
        )

    @property
    def _key(self) -> bytes:
        return signing.content_key(self.session)

    def _there(self) -> Content | None:
        """What was last seen there, in words."""
        event = shadows.of_item(self.session, self.item)
        return content.of_event(event) if event is not None else None

    def _in_words(self, there: Content) -> bool:
        """Whether the shadow still has the words that were seen: an erasure leaves the hash alone."""
        seen = (self.item.remote or {}).get("text")
        return content.groups(there, self._key)["text"] == seen

    # What is written there

    def create(self, mirror: Mirror | None) -> None:
        """What was deleted there, and not by us, was there before anybody here had heard of it."""
        if self.item.remote_state != "deleted":
            return
        if self.item.tombstoned_at is None and not query.removed(self.session, self.item):
            self._dispute(
                "DELETE_VS_EDIT", mirror, None, resolution="deleted before it was known; written again"
            )
            self.counts["recreated"] += 1
        self._next_incarnation()

    def recreate(self, mirror: Mirror | None) -> None:
        self._dispute("DELETE_VS_EDIT", mirror, None, resolution="created again, as it was changed here")
        self.counts["recreated"] += 1
        self._next_incarnation()

    def delete(self, _mirror: Mirror | None) -> None:
        """Whatever of it is neither agreed on nor our own word is told."""
        known = self.item.base_remote or observing.sent(self.session, self.item)
        if not threeway.equal(known, self.item.remote):
            self._dispute("DELETE_VS_EDIT", None, self._there(), resolution="deleted, as it is gone here")

    def _next_incarnation(self) -> None:
        """
        Ids of deleted events are taken for ever. So are those of strays: a hub that was put back from a
        backup meets events that it made since.
        """
        item, calendar = self.item, self.calendar
        incarnation = item.incarnation + 1
        while query.by_remote(self.session, self.link.id, [calendar.event_id(item.id, incarnation)]):
            incarnation += 1
        item.incarnation, item.remote_id = incarnation, calendar.event_id(item.id, incarnation)
        item.remote_state, item.remote_etag, item.remote_updated = "none", "", None
        item.base_local = item.base_remote = item.gone_at = None
        item.gone_agreed = False

    # What follows here

    def rebase(self, mirror: Mirror | None) -> None:
        self.item.base_local = self._local(mirror)
        self.item.base_remote = self.item.remote

    def resolve(self, mirror: Mirror | None) -> None:
        assert mirror is not None
        item, there, remote = self.item, self._there(), dict(self.item.remote or {})
        assert there is not None
        for group, verdict in threeway.resolve(self._sides(mirror)).items():
            local = self._local(mirror) or {}
            here = local[group]
            if verdict is Verdict.BOTH:
                self._dispute("BOTH_CHANGED", mirror, there, resolution="ours was kept")
                here = DIFFERS
                self.counts["reverted"] += 1
            elif verdict is Verdict.THEIRS:
                if reasons := self._accept(group, mirror, there):
                    why = "; ".join(reason.message for reason in reasons)
                    self._dispute("REMOTE_MOVE_REJECTED", mirror, there, why=why, resolution="put back")
                    here = DIFFERS
                    self.counts["reverted"] += 1
                else:
                    mirror = self._mirror()
                    here = (self._local(mirror) or {}).get(group, DIFFERS)
                    here = here if here == remote[group] else DIFFERS
                    self.counts["accepted"] += 1
            item.base_local = {**(item.base_local or {}), group: here}
            item.base_remote = {**(item.base_remote or {}), group: remote[group]}
            if mirror is None:
                return

    def _accept(self, group: str, mirror: Mirror, there: Content) -> tuple[Reason, ...]:
        """Why not, if not."""
        if self.calendar.one_way:
            words = "this link only shows what the hub has; it takes no changes from there"
            return (Reason("export_only", words, "direction"),)
        if group == "text":
            if not self._in_words(there):
                return (Reason("forgotten", "what was written there has been forgotten since", "text"),)
            self.item.text_of = self._our_text(mirror)
            self.item.text_sealed = vault_of(self.session).seal(
                {"summary": there.summary, "description": there.description}
            )
            return ()
        if group == "busy":
            return (Reason("stays_busy", "what is taken cannot be shown as free", "busy"),)
        if there.recurrence or there.when is None:
            return (Reason("once_only", "a booking takes place once: it cannot recur", "recurrence"),)
        kind, was = mirror.kind, mirror.content.when
        return accepting.move(self.session, self.link, kind, mirror.local_id, there.when, self.now, was=was)

    def restore(self, mirror: Mirror | None) -> None:
        self._dispute("MIRROR_DELETED", mirror, None, why="deleted there; put back")
        self.item.restores += 1
        self.item.review = True
        self.counts["restored"] += 1
        self._next_incarnation()

    def release(self, mirror: Mirror | None) -> None:
        assert mirror is not None
        kind, local_id = mirror.kind, mirror.local_id
        if reasons := accepting.release(self.session, self.link, kind, local_id, self.now):
            why = "; ".join(reason.message for reason in reasons)
            self._dispute("DELETE_VS_EDIT", mirror, None, why=why, resolution="put back")
            self._next_incarnation()
            return
        self.counts["released"] += 1

    # Where it rests

    def rest(self, _mirror: Mirror | None) -> None: ...
    def tombstone(self, mirror: Mirror | None) -> None:
        """What is here still, though over, keeps its base: only a change of it is shown again."""
        item = self.item
        item.tombstoned_at = item.tombstoned_at or self.now
        if mirror is None:
            item.base_local = item.base_remote = None
        if item.review:
            item.review = False
            disputes.settle(self.session, item, "its cause is gone")

    def _dispute(
        self,
        kind: str,
        mirror: Mirror | None,
        there: Content | None,
        *,
        why: str = "",
        resolution: str | None = None,
    ) -> None:
        disputes.record(
            self.session,
            self.link,
            self.item,
            kind,
            channel=self.calendar.name,
            zone=self.calendar.zone,
            here=self._content(mirror) if mirror else None,
            there=there,
            booking_id=mirror.booking_id if mirror else None,
            why=why,
            resolution=resolution,
        )


Step = Callable[[Deciding, Mirror | None], None]

_WRITES: Mapping[Act, str] = {
    Act.CREATE: "create",
    Act.RECREATE: "create",
    Act.UPDATE: "update",
    Act.DELETE: "delete",
    Act.DELETE_EDITED: "delete",
}
_BEFORE: Mapping[Act, Step] = {
    Act.CREATE: Deciding.create,
    Act.RECREATE: Deciding.recreate,
    Act.DELETE: Deciding.delete,
    Act.DELETE_EDITED: Deciding.delete,
}
_STEPS: Mapping[Act, Step] = {
    Act.REBASE: Deciding.rebase,
    Act.RESOLVE: Deciding.resolve,
    Act.RESTORE: Deciding.restore,
    Act.RELEASE: Deciding.release,
}
_ENDS: Mapping[Act, Step] = {
    Act.NOTHING: Deciding.rest,
    Act.WAIT: Deciding.rest,
    Act.REVIEW: Deciding.rest,
    Act.TOMBSTONE: Deciding.tombstone,
}
