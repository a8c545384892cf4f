"""The hourly second look at what may be our own word come back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from hub.ids import new_id
from hub.models.links import Link
from hub.queries import external
from sync import sweeps
from sync.restanding import restand
from sync.runtime import Runtime
from tests.servers import Database
from tests.sync.exporting import Place, another_process


@pytest.fixture
def runtime(empty_database: Database) -> Iterator[Runtime]:
    """Of a hub with one organization: a sweep goes through all of them."""
    opened = another_process(empty_database)
    yield opened
    opened.close()


def test_one_link_that_fails_holds_up_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    link, gone = place.link("two_way", unit_id=place.units[0]), new_id()
    looked_at: list[UUID] = []

    def seen(session: Session, row: Link, now: datetime) -> int:
        looked_at.append(row.id)
        return restand(session, row, now)

    monkeypatch.setattr(external, "links_to_restand", lambda *_: (gone, link))
    monkeypatch.setattr("sync.sweeps.restand", seen)

    with caplog.at_level(logging.ERROR):
        swept = sweeps.sweep(place.runtime)

    assert looked_at == [link]
    assert str(gone) in caplog.text
    assert "remote_hosts" in swept, "what comes after is done as well"
