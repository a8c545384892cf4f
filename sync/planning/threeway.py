"""
What is to be done about one item: base, here and there compared, one table for each kind. PURE.

`same` and `changed` are against what both sides last agreed on, each by its own words; `absent` is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sync.planning.content import GROUPS, Groups

RESTORES = 2
"""How often a deleted event is put back before only the question to a person is left"""


class Change(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    ABSENT = "absent"


class Act(StrEnum):
    NOTHING = "nothing"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    DELETE_EDITED = "delete an event that was edited there meanwhile"
    REBASE = "both sides say the same"
    RESOLVE = "what was changed there is accepted, merged or put back, group by group"
    RECREATE = "it was deleted there, and changed here"
    GONE = "it was deleted there"
    RESTORE = "put back, and ask"
    RELEASE = "give up what it stood for"
    TOMBSTONE = "remember that it is gone"
    WAIT = "the guard holds it"
    REVIEW = "a person decides"


_S, _C, _A = Change.SAME, Change.CHANGED, Change.ABSENT

OURS: Mapping[tuple[Change, Change], Act] = {
    (_S, _S): Act.NOTHING,
    (_C, _S): Act.UPDATE,
    (_S, _C): Act.RESOLVE,
    (_C, _C): Act.RESOLVE,
    (_A, _S): Act.DELETE,
    (_A, _C): Act.DELETE_EDITED,
    (_S, _A): Act.GONE,
    (_C, _A): Act.RECREATE,
    (_A, _A): Act.TOMBSTONE,
}
"""(here, there)"""

OURS_WITHOUT_BASE: Mapping[tuple[bool, bool], Act] = {
    (True, False): Act.CREATE,
    (False, True): Act.DELETE,
    (True, True): Act.UPDATE,
    (False, False): Act.TOMBSTONE,
}
"""(is here, is there); a late orphan is deleted"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """An item of ours as it stands. None: not there; of the bases: nothing agreed on."""

    base_local: Groups | None
    base_remote: Groups | None
    local: Groups | None
    remote: Groups | None
    restorable: bool = False
    """A deletion there must not end it"""
    releasable: bool = False
    """A deletion there ends it"""
    restores: int = 0
    agreed: bool = True
    """That it is gone may have consequences: the guard holds nothing back"""
    tombstoned: bool = False
    ended: bool = False
    """What it stands for is over"""
    one_way: bool = False
    """Nobody's word there counts: what differs is put back"""


def plan(sides: Sides) -> Act:
    """What to do about an item of ours."""
    if sides.base_local is None or sides.base_remote is None:
        return _without_base(sides)
    here = change(sides.base_local, sides.local)
    there = change(sides.base_remote, sides.remote)
    if here is Change.CHANGED and there is Change.CHANGED and equal(sides.local, sides.remote):
        return Act.REBASE
    act = OURS[here, there]
    if act is Act.RECREATE and sides.tombstoned and sides.ended and _same_time(sides):
        return Act.REBASE  # as when a guest is forgotten: other words bring nothing back that was let go
    return _gone(sides) if act is Act.GONE else act


def change(base: Groups, now: Groups | None) -> Change:
    if now is None:
        return Change.ABSENT
    return Change.SAME if all(base.get(group) == said for group, said in now.items()) else Change.CHANGED


def _same_time(sides: Sides) -> bool:
    return (sides.base_local or {}).get("time") == (sides.local or {}).get("time")


def equal(one: Groups | None, other: Groups | None) -> bool:
    """Whether both are there and say the same; looks are ours alone."""
    if one is None or other is None:
        return False
    return all(one[group] == other[group] for group in GROUPS)


def _without_base(sides: Sides) -> Act:
    if equal(sides.local, sides.remote):
        return Act.REBASE
    return OURS_WITHOUT_BASE[sides.local is not None, sides.remote is not None]


def _gone(sides: Sides) -> Act:
    """A paid stay is never cancelled by a deleted event; what is over, or nobody's, is let go."""
    if sides.tombstoned:
        return Act.NOTHING
    if sides.restorable or (sides.one_way and sides.releasable):
        return Act.RESTORE if sides.restores < RESTORES else Act.REVIEW
    if sides.releasable:
        return Act.RELEASE if sides.agreed else Act.WAIT
    return Act.TOMBSTONE


class Verdict(StrEnum):
    """Of one group that was changed there."""

    EQUAL = "both changed it to the same"
    THEIRS = "only they changed it"
    BOTH = "both changed it: ours wins, and it is logged"


def resolve(sides: Sides) -> Mapping[str, Verdict]:
    """For RESOLVE, where both are there and have a base: each group that was changed there."""
    base_local, base_remote = sides.base_local or {}, sides.base_remote or {}
    local, remote = sides.local or {}, sides.remote or {}
    found: dict[str, Verdict] = {}
    for group in GROUPS:
        if remote[group] == base_remote.get(group):
            continue
        if local[group] == remote[group]:
            found[group] = Verdict.EQUAL
        elif local[group] == base_local.get(group):
            found[group] = Verdict.THEIRS
        else:
            found[group] = Verdict.BOTH
    return found


class TheirAct(StrEnum):
    NOTHING = "nothing"
    IMPORT = "import"
    DROP = "drop"
    WAIT = "wait"


def plan_theirs(base: Groups | None, remote: Groups | None, *, agreed: bool) -> TheirAct:
    """What to do about an item of theirs: a fact, which never changes here."""
    if remote is None:
        if base is None:
            return TheirAct.NOTHING
        return TheirAct.DROP if agreed else TheirAct.WAIT
    if base is not None and change(base, remote) is Change.SAME:
        return TheirAct.NOTHING
    return TheirAct.IMPORT
