"""Runs of many links: the hub that does them, the hosts of the calendars, and how such a run stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.embedded import redis_url
from hub.queries.selected import Criteria
from sync import bulk
from sync.bulk import Shown
from sync.runtime import Runtime
from sync.selecting import Mode
from tests import servers
from tests.concurrency import programs
from tests.concurrency.place import Place
from tests.fakes.counting_server import CountingServer

MOST = 4
"""Requests that a host is asked at once"""


@contextmanager
def hub(database: servers.Database, valkey_dir: Path, folder: Path, **more: Any) -> Iterator[Runtime]:
    usual = {
        "redis_url": redis_url(valkey_dir),
        "allowed_private_hosts": "127.0.0.0/8",
        "worker_concurrency": 1,
        "pull_concurrency": 12,
        "host_concurrency": MOST,
    }
    with programs.runtime_of(programs.settings_for(database.app_url, folder, **usual, **more)) as opened:
        yield opened


@contextmanager
def hosts(number: int, body: bytes, latency: float) -> Iterator[list[CountingServer]]:
    """Hosts of their own on this machine; 127.0.0.1 is us, whom nobody spares."""
    with ExitStack() as closing:
        yield [
            closing.enter_context(CountingServer(body, latency, f"127.0.0.{host + 2}"))
            for host in range(number)
        ]


def ask(runtime: Runtime, hostel: Place) -> UUID:
    """A run of all its links."""

    def work(session: Session) -> UUID:
        return bulk.ask(session, Criteria(property_ids=[hostel.property_id]), Mode.PULL).id

    return runtime.database.transact(hostel.organization_id, work)


def stands(runtime: Runtime, hostel: Place, run_id: UUID) -> Shown:
    with runtime.database.unit_of_work(hostel.organization_id) as session:
        return bulk.one(session, run_id)
