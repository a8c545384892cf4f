"""Tasks: due links are handed out one message each, and a failure names what it was about."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from celery import Celery, signals
from sqlalchemy import func, select

from hub import clock
from hub.config import Settings
from hub.ids import new_id
from hub.models.links import Link
from hub.models.privacy import Mail
from hub.services import mails
from sync.runtime import Runtime
from tests import factories
from tests.conftest import FrozenClock
from workers import demo, process, tasks
from workers.app import build
from workers.schedule import PULLS


@pytest.fixture
def app(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    built = build(Settings())
    monkeypatch.setattr("celery._state._tls.current_app", built)
    signals.worker_process_init.send(sender=None)
    yield built
    signals.worker_process_shutdown.send(sender=None)
    built.close()


def messages(app: Celery) -> list[Any]:
    """All that wait to be pulled, taken."""
    found = []
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        while message := channel.basic_get(PULLS, no_ack=True):
            found.append(message)
    return found


def seeded(runtime: Runtime) -> UUID:
    organization_id = factories.an_organization(runtime.database).organization_id
    settings = runtime.settings.model_copy(update={"demo_feeds_url": "http://127.0.0.1:1"})
    demo.seed(Runtime(settings, runtime.database, runtime.network), organization_id)
    return organization_id


def test_each_due_link_is_handed_out_once(app: Celery, runtime: Runtime) -> None:
    organization_id = seeded(runtime)
    with runtime.database.unit_of_work(organization_id) as session:
        due = select(Link.id).where(Link.next_pull_at <= clock.now())
        links = {str(link_id) for link_id in session.scalars(due)}
    assert len(links) == len(demo.EVERY_CHANNEL), "the many links of the harbour have their first pull later"
    tasks.pull_due()
    tasks.pull_due()
    waiting = messages(app)
    assert [message.headers["task"] for message in waiting] == ["pull"] * len(links)
    assert {message.decode()[0][1] for message in waiting} == links
    assert {message.decode()[0][0] for message in waiting} == {str(organization_id)}
    assert all(message.headers["expires"] for message in waiting)


def test_a_pull_that_nobody_answers_is_no_error_of_the_task(app: Celery, runtime: Runtime) -> None:
    organization_id = seeded(runtime)
    with runtime.database.unit_of_work(organization_id) as session:
        link_id = session.scalars(select(Link.id).limit(1)).one()
    tasks.pull(str(organization_id), str(link_id))
    with runtime.database.unit_of_work(organization_id) as session:
        assert session.get_one(Link, (organization_id, link_id)).failures == 1


def test_the_demos_calendar_is_asked_again_within_seconds_should_its_server_not_be_up_yet(
    app: Celery, runtime: Runtime
) -> None:
    organization_id = seeded(runtime)
    with runtime.database.unit_of_work(organization_id) as session:
        link_id = session.scalars(select(Link.id).where(Link.calendar_key.is_not(None))).one()
    tasks.pull(str(organization_id), str(link_id))
    with runtime.database.unit_of_work(organization_id) as session:
        link = session.get_one(Link, (organization_id, link_id))
        assert (link.state, link.failures) == ("active", 1)
        assert link.next_pull_at <= clock.now() + timedelta(seconds=15)


def test_each_watch_that_is_due_is_handed_out_once_to_those_who_talk_to_channels(
    app: Celery, runtime: Runtime
) -> None:
    organization_id = seeded(runtime)
    with runtime.database.unit_of_work(organization_id) as session:
        link = session.scalars(select(Link).where(Link.calendar_key.is_not(None))).one()
        known = [str(organization_id), str(link.id)]
    tasks.watch()
    tasks.watch()
    (message,) = messages(app)
    assert (message.headers["task"], message.decode()[0]) == ("tend_watch", known)
    assert message.headers["expires"]

    tasks.tend_watch(*known)

    with runtime.database.unit_of_work(organization_id) as session:
        looked_after = session.get_one(Link, (organization_id, link.id))
        assert looked_after.watch_failures == 1
        assert looked_after.watch_at > clock.now()


def test_housekeeping_runs_on_an_empty_hub_any_number_of_times(app: Celery) -> None:
    for _ in range(2):
        for task in (tasks.pull_due, tasks.watch, tasks.expire_holds, tasks.relay, tasks.sweep):
            task()
    assert messages(app) == []


def test_a_failure_names_the_task_and_the_ids_and_nothing_else(
    app: Celery, caplog: pytest.LogCaptureFixture
) -> None:
    link_id = str(new_id())
    with caplog.at_level(logging.ERROR, logger=process.__name__):
        signals.task_failure.send(
            sender=tasks.pull, args=("an organization", link_id), exception=ValueError("Mrs. Smith")
        )
    (record,) = caplog.records
    assert link_id in record.getMessage()
    assert "ValueError" in record.getMessage()
    assert "Smith" not in record.getMessage()


def test_what_is_kept_too_long_goes_by_the_timetable(
    app: Celery, runtime: Runtime, clock: FrozenClock
) -> None:
    organization_id = factories.an_organization(runtime.database).organization_id
    with runtime.database.unit_of_work(organization_id) as session:
        mails.keep(session, "news", "ada@example.com", "Hello", "Dear Ada")
    tasks.retention()
    with runtime.database.unit_of_work(organization_id) as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 1
    clock.advance(timedelta(days=91))
    tasks.retention()
    with runtime.database.unit_of_work(organization_id) as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_backups_are_written_by_the_timetable_where_a_folder_is_set(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    kept = Path(environment["HUB_DATA_DIR"]) / "kept"
    monkeypatch.setenv("HUB_BACKUP_DIR", str(kept))
    request.getfixturevalue("app")
    tasks.back_up()
    tasks.back_up()
    assert len(list(kept.glob("db-*.dump.enc"))) == 1
    assert (kept / "keys.enc").stat().st_mode & 0o777 == 0o600
