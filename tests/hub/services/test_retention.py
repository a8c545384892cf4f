"""What is kept of people is kept as long as the settings say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from api.schemas.links import EventOut
from hub import clock
from hub.config import Settings
from hub.database import Database, vault_of
from hub.models.external import ExternalEvent
from hub.models.privacy import Mail
from hub.models.records import IdempotencyKey
from hub.services import keys, mails, retention
from tests import factories
from tests.conftest import FrozenClock
from tests.filled import a_full_organization
from tests.hub.services.sealing import House, a_house, book, names, rotate

NOTHING = {name: 0 for name in Settings.model_fields if name.startswith("retention_")}
"""All of it is kept for ever"""


@pytest.fixture
def house(alone: Database) -> House:
    return a_house(alone)


def settings(**days: int) -> Settings:
    return Settings().model_copy(update=NOTHING | days)


def carry_out(alone: Database, **days: int) -> dict[str, int]:
    """What was removed, but for what was not."""
    return {what: n for what, n in retention.carry_out(alone, settings(**days)).items() if n}


def test_guests_are_forgotten_so_many_days_after_their_last_stay(
    alone: Database, house: House, clock: FrozenClock
) -> None:
    clock.at((clock.instant + timedelta(days=1)).replace(hour=12))  # far from anybody's midnight
    for day in (1, 2, 30):
        book(alone, house, day, f"Guest {day}")
    clock.advance(timedelta(days=13))
    assert carry_out(alone, retention_guest_days=10) == {"guests": 1}
    assert names(alone, house.organization_id) == {"Guest 2", "Guest 30"}
    assert carry_out(alone, retention_guest_days=10) == {}
    clock.advance(timedelta(days=60))
    assert carry_out(alone, retention_guest_days=0) == {}
    assert carry_out(alone, retention_guest_days=10) == {"guests": 2}
    with alone.unit_of_work(house.organization_id) as session:
        assert session.scalar(text("SELECT count(*) FROM bookings")) == 3
        assert session.scalar(text("SELECT count(*) FROM erasures")) == 3


def test_mails_and_answers_go_after_their_own_times(
    alone: Database, house: House, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        with alone.unit_of_work(house.organization_id) as session:
            mails.keep(session, "news", "ada@example.com", "Hello", "Dear Ada")
            session.add(an_answer(house))
    clock.advance(timedelta(hours=30))
    assert carry_out(alone, retention_mail_days=2, retention_idempotency_hours=31) == {}
    assert carry_out(alone, retention_mail_days=2, retention_idempotency_hours=29) == {"answered requests": 3}
    clock.advance(timedelta(hours=30))
    assert carry_out(alone, retention_mail_days=2) == {"mails": 3}
    with alone.unit_of_work(house.organization_id) as session:
        assert session.query(Mail).count() == 0


def an_answer(house: House) -> IdempotencyKey:
    return IdempotencyKey(
        organization_id=house.organization_id,
        caller_id=house.organization_id,
        key=str(clock.now().timestamp()) + factories.an_email(),
        request_hash=b"hash",
        status=201,
        body=b"sealed",
        headers={},
        created_at=clock.now(),
    )


def test_what_a_channel_wrote_of_a_stay_goes_and_that_there_was_one_stays(
    alone: Database, clock: FrozenClock
) -> None:
    here = a_full_organization(alone).organization_id
    clock.advance(timedelta(days=50))
    assert carry_out(alone, retention_event_text_days=90) == {}
    clock.advance(timedelta(days=50))
    assert carry_out(alone, retention_event_text_days=90) == {"event texts": 1}
    assert carry_out(alone, retention_event_text_days=90) == {}
    with alone.unit_of_work(here) as session:
        event = session.scalars(select(ExternalEvent)).one()
        told = EventOut.of(event, None, vault_of(session))
    assert (told.summary, told.starts_at) == ("", event.starts_at)


def test_runs_and_ways_in_go_after_their_own_times(alone: Database, clock: FrozenClock) -> None:
    here = a_full_organization(alone).organization_id
    with alone.unit_of_work(here) as session:
        session.execute(text("UPDATE sync_runs SET finished_at = :now"), {"now": clock.instant})
    clock.advance(timedelta(days=20))
    assert carry_out(alone, retention_run_days=19) == {"sync runs": 2}, "that of many links too"
    clock.advance(timedelta(days=20))
    gone = {"invitations": 1, "registrations": 1, "password resets": 1}
    assert carry_out(alone, retention_way_in_days=30) == gone


def test_a_retired_key_stays_as_long_as_backups_that_need_it(
    alone: Database, house: House, clock: FrozenClock
) -> None:
    book(alone, house, 1, "Grace")
    rotate(alone)
    clock.advance(timedelta(days=29))
    assert carry_out(alone) == {}
    clock.advance(timedelta(days=1) + keys.LINGER + timedelta(seconds=1))
    assert carry_out(alone) == {"data keys": 1}
    assert names(alone, house.organization_id) == {"Grace"}


def test_every_period_is_a_setting_and_every_setting_a_period() -> None:
    assert {period.setting for period in retention.PERIODS} == set(NOTHING)
