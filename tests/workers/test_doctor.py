"""`hub doctor`: finds what is wrong, says what to do, and gets over what is in its way."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from celery.app.control import Control
from sqlalchemy import create_engine, text, update
from sqlalchemy.pool import NullPool

from connectors.sandbox import harbour
from hub import clock
from hub.database import Database
from hub.ids import new_id
from hub.models.external import ExternalEvent
from hub.models.links import Link
from hub.models.records import Fact
from hub.queries import hosts
from sync.runtime import Runtime
from tests import factories, servers
from tests.filled import a_full_organization
from tests.workers.conftest import Run
from workers import demo, doctor

QUIET = tuple(name for name in doctor.CHECKS if name not in ("workers", "pullers", "beat", "secrets"))
"""What is well although nothing runs, with keys that are the tests' own"""


def states(hub: Run, *names: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in hub("doctor", *names, "--json").json:
        found.setdefault(row["check"], set()).add(row["state"])
    return found


def finding(hub: Run, check: str) -> Any:
    """The one that is not well."""
    (row,) = (row for row in hub("doctor", check, "--json").json if row["state"] != "ok")
    return row


def test_a_hub_that_is_well_passes(hub: Run) -> None:
    done = hub("doctor", *QUIET)
    assert done.code == 0, done.out
    assert states(hub, *QUIET) == {name: {"ok"} for name in QUIET}


def test_without_workers_and_beat_it_fails_and_says_how_to_get_them(
    hub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "ANSWER_WITHIN", 0.1)
    done = hub("doctor", "workers", "pullers", "beat")
    assert done.code == 1
    assert "hub worker" in done.out
    assert "hub puller" in done.out
    assert "hub beat" in done.out


def test_workers_pullers_and_beat_are_asked_once_and_anew_each_time(
    hub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def ping(_: Control, timeout: float, **__: Any) -> list[dict[str, Any]]:
        asked.append(timeout)
        return [{"worker@here": {}}, {"puller@here": {}}, {"celerybeat@here": {}}][: 4 - len(asked)]

    monkeypatch.setattr(Control, "ping", ping)
    assert hub("doctor", "workers", "pullers", "beat").code == 0
    assert len(asked) == 1
    assert hub("doctor", "workers", "pullers", "beat").code == 1, "what answered before is not taken for now"
    assert len(asked) == 2


def test_an_unknown_check_is_a_usage_error(hub: Run) -> None:
    refused = hub("doctor", "weather")
    assert refused.code == 2
    assert "there are python, data-dir" in re.sub(r"\s+", " ", refused.err)


def test_every_check_speaks_although_nothing_answers(hub: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://hub:hush-hush@127.0.0.1:1/hub")
    monkeypatch.setenv("HUB_OWNER_DATABASE_URL", "postgresql+psycopg://hub:hush-hush@127.0.0.1:1/hub")
    monkeypatch.setenv("HUB_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("HUB_BROKER_URL", "redis://127.0.0.1:1/0")
    done = hub("doctor", "--json")
    assert done.code == 1
    assert {row["check"] for row in done.json} == set(doctor.CHECKS)
    failed = {row["check"] for row in done.json if row["state"] == "failed"}
    of_the_database = {"database", "schema", "links", "hosts", "outbox", "alerts"}
    assert failed == of_the_database | {"redis", "workers", "pullers", "beat"}
    assert "hush" not in done.out


def test_an_embedded_hub_that_was_never_started_is_told_apart(
    hub: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUB_DATABASE_URL")
    monkeypatch.delenv("HUB_OWNER_DATABASE_URL")
    assert "hub up" in finding(hub, "database")["words"]


def test_keys_that_others_can_read_are_found(hub: Run, tmp_path: Path) -> None:
    (tmp_path / "hub.env").write_text("HUB_ADMIN_EMAIL=a@example.com\n")
    (tmp_path / "hub.env").chmod(0o644)
    assert finding(hub, "keys")["hint"] == f"chmod 600 {tmp_path / 'hub.env'}"


def test_missing_keys_are_named(hub: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_ENCRYPTION_KEYS")
    assert "HUB_ENCRYPTION_KEYS" in finding(hub, "keys")["words"]


def test_a_data_dir_that_is_open_to_others_is_found(hub: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert finding(hub, "data-dir")["state"] == "failed"


def test_a_login_with_a_superusers_powers_is_found(
    hub: Run, empty_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", empty_database.superuser_url)
    assert "superuser" in finding(hub, "database")["words"]


def test_an_old_schema_is_found(
    hub: Run, own_database: servers.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", own_database.app_url)
    monkeypatch.setenv("HUB_OWNER_DATABASE_URL", own_database.owner_url)
    engine = create_engine(own_database.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert finding(hub, "schema")["hint"] == "run `hub migrate`"


def test_links_that_went_stale_are_listed_with_their_reason(hub: Run, runtime: Runtime) -> None:
    organization_id = factories.an_organization(runtime.database).organization_id
    settings = runtime.settings.model_copy(update={"demo_feeds_url": "http://127.0.0.1:1"})
    demo.seed(Runtime(settings, runtime.database, runtime.network), organization_id)
    assert states(hub, "links") == {"links": {"ok"}}
    long_ago = clock.now() - timedelta(hours=1)
    with runtime.database.unit_of_work(organization_id) as session:
        session.execute(update(Link).values(verified_at=long_ago, state_reason="it answered 500"))
    rows = hub("doctor", "links", "--json").json
    assert [row["state"] for row in rows] == ["warning"] * (len(demo.EVERY_CHANNEL) + len(harbour.CALENDARS))
    assert {row["hint"] for row in rows} == {"it answered 500"}
    assert hub("doctor", "links").code == 0


@pytest.mark.parametrize(("days", "told"), [(6, 0), (8, 1)])
def test_a_channel_that_shows_for_a_week_what_we_took_back_is_found(
    hub: Run, runtime: Runtime, days: int, told: int
) -> None:
    organization_id = a_full_organization(runtime.database).organization_id
    since = clock.now() - timedelta(days=days)
    with runtime.database.unit_of_work(organization_id) as session:
        session.execute(update(ExternalEvent).values(draining_since=since))
        session.execute(update(Link).values(verified_at=clock.now(), state="active"))

    rows = hub("doctor", "links", "--json").json

    assert len([row for row in rows if "what we took back" in row["words"]]) == told


def test_facts_that_were_set_aside_are_found(hub: Run, runtime: Runtime) -> None:
    organization_id = factories.an_organization(runtime.database).organization_id
    a_fact(runtime.database, organization_id, "ready")
    assert finding(hub, "outbox")["state"] == "warning"
    a_fact(runtime.database, organization_id, "quarantined")
    assert finding(hub, "outbox")["state"] == "failed"


def test_hosts_that_are_spared_are_named(hub: Run, runtime: Runtime) -> None:
    now = clock.now()
    with runtime.database.unit_of_work(None) as session:
        hosts.spare(session, "asking.example", 1, None, now + timedelta(hours=1), now)
        hosts.spare(session, "failing.example", 3, now + timedelta(minutes=1), None, now)
        hosts.spare(session, "was.example", 1, now - timedelta(minutes=1), None, now)
    rows = hub("doctor", "hosts", "--json").json
    assert [(row["state"], row["words"].split()[0]) for row in rows] == [
        ("warning", "asking.example"),
        ("warning", "failing.example"),
    ]
    assert "it asked for that" in rows[0]["words"]
    assert "failed 3 times" in rows[1]["words"]


def a_fact(database: Database, organization_id: UUID, state: str) -> None:
    long_ago = clock.now() - timedelta(hours=1)
    with database.unit_of_work(organization_id) as session:
        session.add(
            Fact(
                organization_id=organization_id,
                id=new_id(),
                kind="inventory_changed",
                payload={},
                state=state,
                not_before=long_ago,
                created_at=long_ago,
            )
        )
