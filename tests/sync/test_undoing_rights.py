"""Undoing a sync where whoever asks may not do all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync import undoing, undoing_reading
from sync.planning import undoing as planning
from sync.planning.undone import Asks
from sync.undoing import Undo
from tests.conftest import FrozenClock
from tests.sync.calendars import day, nights
from tests.sync.importing import Importer
from tests.sync.planning import undone as a_plan
from tests.sync.undone import closed


def left(found: Undo) -> list[str | None]:
    return [one.left.code if one.left else None for one in found.steps]


def test_what_somebody_may_not_do_keeps_nothing_else_from_being_undone(
    importer: Importer, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no turn of what is done at a time."""
    stays = nights("d", day(50), day(60))
    importer.says(nights("a", day(20), day(23)), nights("b", day(30), day(31)), stays)
    link = importer.link()
    importer.pull(link)
    importer.says(stays)
    importer.pull(link)
    clock.advance(timedelta(hours=1))
    importer.says(nights("c", day(40), day(42)), stays)
    run = importer.pull(link).run_id
    assert run is not None
    monkeypatch.setattr(planning, "MOST", 1)

    done = importer.do(lambda session: undoing.undo(session, run, may=lambda asks: asks is not Asks.CLOSE))

    assert (done.headline, done.more) == ("1 event ignored, 2 left", 0)
    assert left(done) == ["not_allowed", None]
    assert closed(importer) == []


def test_a_series_of_which_one_step_is_not_allowed_is_left_as_a_whole(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To ignore it for another of its events would free what nobody may hold again."""
    link = importer.link()
    run = importer.pull(link).run_id
    series = [replace(a_plan.HERE, id=one, item_id=a_plan.SERIES) for one in (a_plan.EVENT, a_plan.SECOND)]
    rows = (a_plan.moved(2, a_plan.EVENT), a_plan.came(1, a_plan.SECOND))
    monkeypatch.setattr(undoing_reading, "there", lambda *_: a_plan.there(*series))
    monkeypatch.setattr(undoing, "_rows", lambda *_: rows)
    assert run is not None

    planned = importer.do(lambda session: undoing.plan(session, run, may=lambda asks: asks is not Asks.CLOSE))

    assert left(planned) == ["not_allowed", "not_allowed"]
