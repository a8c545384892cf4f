"""The clock: it tells the time of a place, and moves only in hubs that say they are tests'."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub import clock as hub_clock
from hub.config import Settings
from hub.errors import Misconfigured
from sync.runtime import Runtime
from tests import factories
from tests.conftest import FrozenClock


def settings(data_dir: Path) -> Settings:
    return Settings(
        data_dir=data_dir,
        database_url="postgresql+psycopg://hub_app@/nowhere",
        secret_key=factories.SIGNING_KEY.decode(),
        encryption_keys=factories.FERNET_KEY,
        test_clock=True,
    )


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_clock, "_moved_by", None)


def test_a_place_has_its_own_date(clock: FrozenClock) -> None:
    clock.at(datetime(2026, 11, 21, 23, 30, tzinfo=UTC))

    assert hub_clock.today("America/New_York") == date(2026, 11, 21)
    assert hub_clock.today("Pacific/Auckland") == date(2026, 11, 22)


def test_the_clock_of_a_hub_that_is_no_test_cannot_be_moved(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="HUB_TEST_CLOCK"):
        Runtime.open(settings(tmp_path))


def test_a_test_hub_is_ahead_by_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / hub_clock.TEST_HUB).touch()
    Runtime.open(settings(tmp_path)).close()
    assert abs(hub_clock.now() - datetime.now(UTC)) < timedelta(seconds=5)

    (tmp_path / hub_clock.OFFSET).write_text("86400")

    ahead = hub_clock.now() - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < ahead <= timedelta(days=1)
