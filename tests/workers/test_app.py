"""The Celery app: what survives a killed worker is a matter of these settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.config import Settings
from hub.errors import Misconfigured
from workers import app as module
from workers.app import HARD_LIMIT, VISIBILITY_TIMEOUT, build, kombu_address


def settings(tmp_path: Path, **given: Any) -> Settings:
    usual: dict[str, Any] = {
        "data_dir": tmp_path,
        "secret_key": "a key of the tests",
        "redis_url": "redis://127.0.0.1:1/0",
    }
    return Settings(**(usual | given))


def test_what_survives_a_killed_worker(tmp_path: Path) -> None:
    conf = build(settings(tmp_path)).conf
    expected = {
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_time_limit": 600,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "broker_connection_retry_on_startup": True,
        "timezone": "UTC",
        "enable_utc": True,
    }
    assert {name: conf[name] for name in expected} == expected
    assert conf.task_soft_time_limit < conf.task_time_limit
    assert conf.worker_max_memory_per_child > 0


def test_an_abandoned_message_is_found_within_seconds_once_its_time_is_up(tmp_path: Path) -> None:
    options = build(settings(tmp_path)).conf.broker_transport_options
    assert options["visibility_timeout"] == 900
    assert options["unacked_restore_interval"] == 2
    assert options["unacked_restore_throttle"] == 1
    assert options["unacked_mutex_expire"] == 5


def test_no_task_may_outlast_the_visibility_of_its_message() -> None:
    assert HARD_LIMIT < VISIBILITY_TIMEOUT


@pytest.mark.parametrize(
    ("redis", "kombu"),
    [
        ("unix://:secret@/run/v.sock?db=3", "redis+socket://:secret@/run/v.sock?virtual_host=3"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock"),
        ("unix:///run/v.sock?password=a/b&db=1", "redis+socket://:a%2Fb@/run/v.sock?virtual_host=1"),
        ("redis://user:p%40ss@cache:6379/2", "redis://user:p%40ss@cache:6379/2"),
        ("rediss://cache:6379/2", "rediss://cache:6379/2"),
        ("amqp://user:secret@rabbit:5672/hub", "amqp://user:secret@rabbit:5672/hub"),
    ],
)
def test_addresses_are_translated_for_kombu(redis: str, kombu: str) -> None:
    assert kombu_address(redis) == kombu


def test_the_broker_is_the_one_that_was_named_else_redis(tmp_path: Path) -> None:
    both = settings(tmp_path, broker_url="amqp://guest@rabbit//")
    assert build(both).conf.broker_url == "amqp://guest@rabbit//"
    assert build(settings(tmp_path)).conf.broker_url == "redis://127.0.0.1:1/0"


def test_rabbitmq_gets_no_option_that_only_redis_knows(tmp_path: Path) -> None:
    conf = build(settings(tmp_path, broker_url="amqp://guest@rabbit//")).conf
    assert conf.broker_transport_options == {"confirm_publish": True}


def test_hubs_that_share_a_redis_do_not_take_each_others_messages(tmp_path: Path) -> None:
    prefixes = {
        build(settings(tmp_path, secret_key=key)).conf.broker_transport_options["global_keyprefix"]
        for key in ("one hub", "another hub")
    }
    assert len(prefixes) == 2


def test_without_any_broker_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="hub up"):
        build(settings(tmp_path, redis_url=None))


def test_importing_reads_no_settings() -> None:
    """HUB_WORKER_CONCURRENCY is nonsense here: whoever read it would fail."""
    program = "import workers.app, workers.tasks; print(sorted(vars(workers.app)).count('app'))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": "/usr/bin:/bin", "HUB_WORKER_CONCURRENCY": "nonsense"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0"


def test_the_app_appears_when_celery_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_REDIS_URL", "redis://127.0.0.1:1/7")
    monkeypatch.setenv("HUB_SECRET_KEY", "a key of the tests")
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    try:
        assert module.app is module.app
        assert module.app.conf.broker_url == "redis://127.0.0.1:1/7"
    finally:
        vars(module).pop("app")
