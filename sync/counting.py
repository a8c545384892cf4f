"""
What the steps of a sync did, in numbers: written on its runs with each step itself, so that nothing that was
done is done uncounted, however the sync ends, and whoever goes on with it counts on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.models.records import SyncRun
from hub.queries import runs
from sync.planning import headline, told

_DID = "did, in numbers"


def did(session: Session, counts: Mapping[str, int]) -> None:
    """This transaction did so much."""
    if found := {name: number for name, number in counts.items() if number}:
        session.info.setdefault(_DID, Counter()).update(found)


def done(session: Session) -> Counter[str]:
    """What was done since the last time."""
    found: Counter[str] = session.info.pop(_DID, Counter())
    return found


def keep(session: Session, link_id: UUID, counts: Mapping[str, int]) -> None:
    """
    The runs that the pull which holds the link's lease is answering have come to so much more, which is what
    they tell if nobody ends them: who cancels one does not know what it had done.
    """
    if any(counts.values()):
        for run in runs.begun(session, link_id):
            run.counts = joined(run.counts, counts)
            run.headline = headline.going_on(run.counts, headline.NOTHING)
            run.changed = headline.has_changed(run.counts)
        session.flush()


def joined(counts: Mapping[str, Any], more: Mapping[str, int]) -> dict[str, Any]:
    return {name: counts.get(name, 0) + more.get(name, 0) for name in {**counts, **more}}


def left(counts: Mapping[str, int], kept: Mapping[str, int]) -> dict[str, int]:
    """What of it is not kept yet."""
    return {name: number - kept.get(name, 0) for name, number in counts.items()}


def tell(
    run: SyncRun, counts: Mapping[str, int], kept: Mapping[str, int], said: str, summary: tuple[str, ...]
) -> None:
    """
    What a run came to, in numbers and in words: that of the sync that ends it, of which some is kept already,
    and before it what others did that were lost.
    """
    before = {name: number for name, number in left(run.counts, kept).items() if number}
    run.counts = joined(run.counts, left(counts, kept))
    run.summary = [*told.written(before), *summary]
    run.headline, run.changed = headline.going_on(before, said), headline.has_changed(run.counts)
