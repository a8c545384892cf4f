"""What `hub doctor` looks at: one function a check, each with what to do about what it finds."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import redis
from kombu.exceptions import OperationalError
from sqlalchemy.exc import SQLAlchemyError

from hub import clock
from hub.config import GENERATED, Settings
from hub.embedded import redis_url
from hub.errors import Misconfigured
from hub.vault import Vault
from sync.planning import draining
from sync.runtime import Runtime
from workers import alerted, examined, exposed
from workers.app import build

OLDEST_PYTHON = (3, 11)
ROOM = 500 * 1024 * 1024
"""Bytes"""
STALE_AFTER = 3
"""Intervals without a good answer"""
SECONDS = 3
"""How long Redis may take to answer"""
ANSWER_WITHIN = 1.5
"""Seconds that are waited for workers, however many answer"""


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    state: str
    """ok, warning or failed"""
    words: str
    hint: str = ""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


Found = Iterator[tuple[str, str, str]]
"""(state, what was found, what to do about it)"""


def python(_: Settings) -> Found:
    words = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield "failed", f"Python {words}", "install Python 3.11 or newer"
    else:
        yield "ok", f"Python {words}", ""


def data_dir(settings: Settings) -> Found:
    folder = settings.data_dir
    if not folder.is_dir():
        needed = settings.embedded_database or settings.embedded_redis
        hint = "run `hub up`; it makes it" if needed else ""
        yield "failed" if needed else "ok", f"{folder} is not there", hint
        return
    if folder.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield "failed", f"{folder} is open to other users of this machine", f"chmod o-rwx,g-w {folder}"
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        yield "failed", f"{free // 1024 // 1024} MB are left on the disk of {folder}", "make room"
    else:
        yield "ok", f"{folder}, {free // 1024 // 1024 // 1024} GB free", ""


def keys(settings: Settings) -> Found:
    try:
        Vault(settings.vault_keys(), settings.signing_key())
    except Misconfigured as error:
        yield "failed", str(error), "set it, or run `hub up`, which generates it"
        return
    files = [settings.data_dir / name for name in (GENERATED, "servers.env")]
    for file in files:
        if file.is_file() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield "failed", f"{file} can be read by others", f"chmod 600 {file}"
            return
    yield "ok", "the keys are set and nobody else's", ""


def database(settings: Settings) -> Found:
    with _opened(settings) as runtime:
        yield from examined.database(runtime.database)


def schema(settings: Settings) -> Found:
    yield from examined.schema(settings)


def redis_server(settings: Settings) -> Found:
    url = settings.redis_url or redis_url(settings.data_dir)
    try:
        with redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            found: dict[str, Any] = client.info()
    except (redis.RedisError, OSError) as error:
        yield (
            "failed",
            f"Redis does not answer ({type(error).__name__})",
            "run `hub up`, or set HUB_REDIS_URL",
        )
        return
    version = found.get("valkey_version") or found.get("redis_version")
    if found.get("aof_enabled") or int(found.get("rdb_last_save_time", 0)):
        yield "ok", f"version {version}, keeps what it holds", ""
    else:
        hint = "set appendonly yes; nothing is lost without it, but a restart takes longer to catch up"
        yield "warning", f"version {version}, forgets everything at a restart", hint


def workers(settings: Settings) -> Found:
    yield from _at_work(settings, "worker", "nothing is done in time: holds, conflicts, what is due")


def pullers(settings: Settings) -> Found:
    yield from _at_work(settings, "puller", "no calendar is read")


def _at_work(settings: Settings, kind: str, otherwise: str) -> Found:
    alive = [name for name in _answering(settings) if name.startswith(f"{kind}@")]
    if alive:
        yield "ok", f"{len(alive)} alive: {', '.join(alive)}", ""
    else:
        hint = f"run `hub up`, or `hub {kind}` beside `hub web`"
        yield "failed", f"no {kind} answers: {otherwise}", hint


def beat(settings: Settings) -> Found:
    if any(name.startswith("celerybeat@") for name in _answering(settings)):
        yield "ok", "keeps the timetable", ""
    else:
        yield "failed", "beat does not answer: nothing is pulled by itself", "run `hub up`, or `hub beat`"


def links(settings: Settings) -> Found:
    with _opened(settings) as runtime:
        rows = examined.importing_links(runtime.database)
    now = clock.now()
    stale = [
        row
        for row in rows
        if now - (row.verified_at or row.created_at) > STALE_AFTER * timedelta(seconds=row.interval_seconds)
    ]
    for row in stale:
        since = f"since {row.verified_at:%Y-%m-%d %H:%M} UTC" if row.verified_at else "ever"
        words = f"link {row.id} ({row.channel}) was not verified {since}: {row.state}"
        yield "warning", words, row.reason or "see `hub runs --link ID`"
    overdue = [row for row in rows if draining.overdue(row.draining_since, now)]
    for row in overdue:
        words = f"link {row.id} ({row.channel}) shows what we took back {row.draining_since:%Y-%m-%d} still"
        yield "warning", words, "look at the channel: does it still read our feed?"
    if not stale and not overdue:
        yield "ok", f"{len(rows)} import, all of them fresh", ""


def hosts(settings: Settings) -> Found:
    with _opened(settings) as runtime:
        rows = examined.spared_hosts(runtime.database, clock.now())
    for name, until, why in rows:
        yield (
            "warning",
            f"{name} is not asked before {until:%Y-%m-%d %H:%M} UTC: {why}",
            "it is tried again then",
        )
    if not rows:
        yield "ok", "none is spared", ""


def outbox(settings: Settings) -> Found:
    with _opened(settings) as runtime:
        aside, waiting = examined.outbox(runtime.database, clock.now())
    if aside:
        yield "failed", f"{aside} facts failed three times and were set aside", "see the worker's log"
    elif waiting:
        yield "warning", f"{waiting} facts wait for longer than a minute", "is a worker running?"
    else:
        yield "ok", "nothing waits, nothing was set aside", ""


def alerts(settings: Settings) -> Found:
    with _opened(settings) as runtime:
        yield from alerted.alerts(runtime)


@contextmanager
def _opened(settings: Settings) -> Iterator[Runtime]:
    runtime = Runtime.open(settings)
    try:
        yield runtime
    finally:
        runtime.close()


@lru_cache(maxsize=1)
def _answering(settings: Settings) -> tuple[str, ...]:
    """Names of the workers and beats that answer a ping; asked once of each examination."""
    built = build(settings)
    try:
        with built.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=SECONDS)
            replies = built.control.ping(timeout=ANSWER_WITHIN, connection=connection) or []
    except (OSError, OperationalError):
        return ()
    finally:
        built.close()
    return tuple(sorted(name for reply in replies for name in reply))


CHECKS: Mapping[str, Callable[[Settings], Found]] = {
    "python": python,
    "data-dir": data_dir,
    "keys": keys,
    "secrets": exposed.secrets,
    "database": database,
    "schema": schema,
    "redis": redis_server,
    "workers": workers,
    "pullers": pullers,
    "beat": beat,
    "links": links,
    "hosts": hosts,
    "outbox": outbox,
    "alerts": alerts,
}


def examine(settings: Settings, names: Sequence[str]) -> list[Finding]:
    """Every check says something, also where another one's trouble is in its way."""
    findings = []
    _answering.cache_clear()
    for name in names:
        try:
            findings += [Finding(name, *found) for found in CHECKS[name](settings)]
        except Misconfigured as error:
            findings.append(Finding(name, "failed", str(error), "run `hub up`"))
        except SQLAlchemyError:
            hint = "run `hub up`, or set HUB_DATABASE_URL" if name == "database" else "see the database above"
            findings.append(Finding(name, "failed", "the database does not answer", hint))
    return findings
