"""
The Celery app, built from the settings; `celery -A workers.app` builds it from the environment.

What is here was tried against killed workers, killed pool processes and a flushed Redis: PostgreSQL is the
truth, a message is only a nudge, and losing all of them costs nothing but time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from celery import Celery

from hub.config import Settings
from hub.embedded import broker_url
from hub.keyspace import key_prefix
from workers.schedule import BEAT_SCHEDULE, PULLS, QUEUES, TIMELY

if TYPE_CHECKING:
    app: Celery

TASKS = ("workers.tasks", "workers.listening")

HARD_LIMIT = 600
"""Seconds until a task's process is killed; below the visibility timeout, or every long task runs twice"""
SOFT_LIMIT = 570
VISIBILITY_TIMEOUT = 900
"""Seconds after which Redis hands a message to another worker, because the first never answered"""

CONFIGURATION: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "task_ignore_result": True,
    "result_expires": None,  # nothing is kept, so beat has nothing to clean up
    # A message is gone when its task is done, not when it begins; a killed process gives it back.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_time_limit": HARD_LIMIT,
    "task_soft_time_limit": SOFT_LIMIT,
    # A pull that is under way finishes although the broker blinks: the lease keeps a second one out,
    # and being killed would count as an attempt of the link's.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_max_memory_per_child": 400_000,  # KiB
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_connection_timeout": 4,
    "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2},
    "enable_utc": True,
    "timezone": "UTC",
    "task_default_queue": TIMELY,
    "task_queues": QUEUES,
    "task_routes": {"pull": {"queue": PULLS}, "tend_watch": {"queue": PULLS}},
    "beat_schedule": BEAT_SCHEDULE,
    "beat_scheduler": "workers.beat:Timetable",
    "beat_max_loop_interval": 1,
    "beat_enable_remote_control": True,  # answers `celery inspect ping` while it ticks
}

REDIS_TRANSPORT: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_TIMEOUT,
    # Look for abandoned messages every two seconds instead of every hundred.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 5,
    # Longer than the one second for which a worker's read blocks.
    "socket_timeout": 10,
    "socket_connect_timeout": 4,
    "socket_keepalive": True,
    "health_check_interval": 10,
    # What must be timely goes first, whatever is waiting to be pulled.
    "queue_order_strategy": "priority",
}

AMQP_TRANSPORT: dict[str, Any] = {"confirm_publish": True}


def build(settings: Settings, does: Sequence[str] = TASKS) -> Celery:
    """The app of one hub, with the modules of what it does; nothing is connected yet."""
    broker = broker_address(settings)
    built = Celery("hub", broker=broker, include=list(does))
    built.conf.update(CONFIGURATION)
    built.conf.broker_transport_options = transport_options(broker, key_prefix(settings))
    built.conf.beat_schedule_filename = str(settings.data_dir / "beat-schedule")
    return built


def broker_address(settings: Settings) -> str:
    """HUB_BROKER_URL, else HUB_REDIS_URL, else the embedded Valkey, in kombu's words."""
    given = settings.broker_url or settings.redis_url
    return kombu_address(given) if given else broker_url(settings.data_dir)


def kombu_address(url: str) -> str:
    """redis-py's `unix://:secret@/path?db=2` is kombu's `redis+socket://:secret@/path?virtual_host=2`."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    query = {("virtual_host" if name == "db" else name): value for name, value in parse_qsl(parts.query)}
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    if parts.username is None and parts.password is None and "password" in query:
        login = f":{quote(query.pop('password'), safe='')}@"
    return f"redis+socket://{login}{parts.path}" + (f"?{urlencode(query)}" if query else "")


def transport_options(broker: str, prefix: str) -> dict[str, Any]:
    """RabbitMQ keeps hubs apart by virtual host, and restores what a killed worker held by itself."""
    if urlsplit(broker).scheme.startswith(("amqp", "pyamqp")):
        return dict(AMQP_TRANSPORT)
    return REDIS_TRANSPORT | {"global_keyprefix": prefix}


def __getattr__(name: str) -> Any:
    """`app`, built when somebody first asks for it: importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = built = build(Settings())
    return built
