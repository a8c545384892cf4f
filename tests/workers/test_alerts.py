"""`hub alerts`, what `hub doctor` says of them, and beat's pulse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from connectors import webhooks_out
from hub import clock
from hub.config import Settings
from hub.ids import new_id
from hub.queries import alert_deliveries, alerts
from sync.alerting import delivering, hearts
from sync.runtime import Runtime
from tests import factories
from tests.fakes.webhook_receiver import Reaction, WebhookReceiver
from tests.workers.conftest import Run
from workers import pulse, tasks, up

SECRET = webhooks_out.new_secret()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as served:
        yield served


@pytest.fixture
def told(receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> WebhookReceiver:
    """Where this hub's alerts go."""
    monkeypatch.setenv("HUB_MONITORING_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("HUB_MONITORING_WEBHOOK_SECRET", SECRET)
    return receiver


def an_alert(
    runtime: Runtime, key: str, organization_id: UUID | None = None, destinations: tuple[str, ...] = ()
) -> None:
    now = clock.now()
    row = {"cause": "beat_silent", "severity": "critical", "subject": key, "words": "Look."}
    with runtime.database.unit_of_work(organization_id) as session:
        alerts.see(session, id=new_id(), key=key, about={}, property=None, now=now, **row)
        alerts.take_step(session, "open", key, now, destinations)


def the_check(hub: Run) -> list[tuple[str, str]]:
    return [(row["state"], row["words"]) for row in hub("doctor", "alerts", "--json").json]


def test_alerts_of_the_hub_and_of_the_organization_are_shown(hub: Run, runtime: Runtime) -> None:
    here = factories.an_organization(runtime.database).organization_id
    assert "No alert stands." in hub("alerts").out
    an_alert(runtime, "of the hub")
    an_alert(runtime, "of the house", here)
    assert {row["subject"] for row in hub("alerts", "--json").json} == {"of the hub", "of the house"}
    assert "of the house" in hub("alerts").out

    with runtime.database.unit_of_work(None) as session:
        alerts.take_step(session, "recover", "of the hub", clock.now(), [])
    assert [row["subject"] for row in hub("alerts", "--json").json] == ["of the house"]
    assert len(hub("alerts", "--all", "--json").json) == 2


def test_a_test_is_sent_and_signed(hub: Run, told: WebhookReceiver) -> None:
    done = hub("alerts", "test")
    assert (done.code, done.out) == (0, "webhook: taken\n")
    (posted,) = told.posted
    assert posted.told["type"] == "alert.test"
    assert posted.headers["webhook-signature"].startswith("v1,")


def test_a_test_that_is_not_taken_says_why(hub: Run, told: WebhookReceiver) -> None:
    told.react(Reaction(500))
    done = hub("alerts", "test")
    assert done.code == 1
    assert "500" in done.err


def test_a_test_without_anybody_to_tell_says_what_to_set(hub: Run) -> None:
    done = hub("alerts", "test")
    assert done.code == 1
    assert "HUB_MONITORING_WEBHOOK_URL" in done.err


def test_the_doctor_says_who_is_told(hub: Run, told: WebhookReceiver) -> None:
    assert the_check(hub) == [("ok", "told by webhook")]


def test_the_doctor_names_what_is_missing(
    hub: Run, told: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_MONITORING_WEBHOOK_SECRET", "")
    monkeypatch.setenv("HUB_ALERT_EMAIL", "ops@example.com")
    (webhook, mail) = the_check(hub)
    assert webhook[0] == mail[0] == "failed"
    assert "HUB_MONITORING_WEBHOOK_SECRET is not set" in webhook[1]
    assert "HUB_SMTP_URL is not" in mail[1]


@pytest.fixture
def telling(told: WebhookReceiver, environment: dict[str, str]) -> Iterator[Runtime]:
    """A worker that knows where this hub's alerts go."""
    opened = Runtime.open(Settings())
    yield opened
    opened.close()


def test_the_doctor_tells_what_nobody_took(hub: Run, told: WebhookReceiver, telling: Runtime) -> None:
    an_alert(telling, "first", destinations=("webhook",))
    told.react(Reaction(500))
    delivering.deliver(telling)
    ((state, words),) = the_check(hub)
    assert state == "warning"
    assert words.startswith("1 deliveries by webhook wait: 127.0.0.1 answered")
    with telling.database.unit_of_work(None) as session:
        later = clock.now() + timedelta(seconds=1)
        assert len(alert_deliveries.give_up(session, later, clock.now())) == 1
    ((state, words),) = the_check(hub)
    assert (state, words.split(":")[0]) == ("warning", "1 deliveries by webhook were given up within a week")


def test_beat_is_alive_as_long_as_it_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    said = threading.Semaphore(0)
    monkeypatch.setattr(pulse, "EVERY", 0.0)
    monkeypatch.setattr(pulse, "runtime", lambda: None)
    monkeypatch.setattr(hearts, "beat", lambda _runtime, name: said.release() if name == "beat" else None)
    beating = pulse.Pulse()
    beating.ticked()
    assert said.acquire(timeout=10)
    assert not said.acquire(timeout=0.2), "a timetable that stands still is silent"
    beating.ticked()
    assert said.acquire(timeout=10)


def test_beat_goes_on_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = threading.Semaphore(0)

    def beat(*_: object) -> None:
        failed.release()
        raise ConnectionError

    monkeypatch.setattr(pulse, "EVERY", 0.0)
    monkeypatch.setattr(pulse, "runtime", lambda: None)
    monkeypatch.setattr(hearts, "beat", beat)
    beating = pulse.Pulse()
    for _ in range(3):
        beating.ticked()
        assert failed.acquire(timeout=10)
    assert len([record for record in caplog.records if "cannot say" in record.message]) == 1


def test_a_look_of_a_worker_is_a_sign_of_its_life(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "runtime", lambda: runtime)
    tasks.look()
    with runtime.database.unit_of_work(None) as session:
        assert set(alert_deliveries.hearts(session)) == {"worker"}


def test_a_secret_is_made_once_and_never_over_one_that_somebody_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up._remember_webhook_secret(tmp_path)
    made = Settings(data_dir=tmp_path).monitoring_webhook_secret
    assert made is not None
    assert webhooks_out.key_of(made.get_secret_value())
    up._remember_webhook_secret(tmp_path)
    assert Settings(data_dir=tmp_path).monitoring_webhook_secret == made
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("HUB_MONITORING_WEBHOOK_SECRET", SECRET)
    up._remember_webhook_secret(other)
    assert list(other.iterdir()) == []
