"""What every test may ask for: servers, databases, a clock that stands still, and no way out."""

from __future__ import annotations

import gc
import ipaddress
import os
import secrets
import socket
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, is_hypothesis_test, settings

from hub import clock as hub_clock
from hub.services import passwords
from tests.factories import PASSWORD
from tests.servers import Database, Keeper, Servers, ask

_KEEPER = pytest.StashKey[Keeper]()
_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    given = os.environ.get("HUB_TEST_DATABASE_URL")
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        del os.environ[name]
    if (workerinput := getattr(config, "workerinput", None)) is not None:
        folder = Path(workerinput["servers"])
    else:
        keeper = config.stash[_KEEPER] = Keeper(given)
        folder = keeper.folder
    config.stash[_FOLDER] = folder
    os.environ["HUB_DATA_DIR"] = str(folder / "no-hub-here")  # never the developer's own
    # A busy machine is slow, which refutes no law; the usual run tries the same examples each time.
    calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("usual", calm, max_examples=30, derandomize=True)
    settings.register_profile("soak", calm, max_examples=100, derandomize=False)
    settings.load_profile("soak" if _soaks(config) else "usual")
    config.addinivalue_line("markers", "long: ten seconds or more, so it begins before all the short ones")


def _soaks(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "soak")


def pytest_itemcollected(item: pytest.Item) -> None:
    """The laws of Hypothesis are tried in either run, and more often in the long one."""
    if _soaks(item.config) and is_hypothesis_test(getattr(item, "obj", None)):
        item.add_marker("soak")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded with the tests stays: garbage is looked for neither meanwhile nor in it later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_report_header() -> str:
    return f"games from the seed {os.environ.get('ZOO_SEED', '1')} (ZOO_SEED)"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """
    Those that take long come first, or at the end one worker works at the last of them and the others rest.

    They are begun by half of the workers, one after the other: most are several programs already. xdist deals
    out a quarter of all tests at first, to each worker a run of them, and keeps the rest for who has time.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    starters, dealt = max(1, workers // 2), len(items) // workers // 4
    items[:] = []
    for number in range(starters):
        first = long[number::starters]
        rest = max(0, dealt - len(first))
        items += first + short[:rest]
        del short[:rest]
    items += short


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist, in the controlling process, for each of its workers."""
    node.workerinput["servers"] = str(node.config.stash[_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if keeper := config.stash.get(_KEEPER, None):
        keeper.close()


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """PostgreSQL and Valkey of this run, started when the first test asks."""
    return ask(pytestconfig.stash[_FOLDER])


@pytest.fixture(scope="session")
def database(servers: Servers, worker_id: str) -> Database:
    """A migrated database that this worker's tests share: give each test an organization of its own."""
    return servers.copy_template(worker_id)


@pytest.fixture(scope="session")
def _emptied(servers: Servers, worker_id: str) -> Database:
    return servers.copy_template(f"{worker_id}_emptied")


@pytest.fixture
def empty_database(servers: Servers, _emptied: Database) -> Iterator[Database]:
    """A migrated database with nothing in it, for one test alone, which leaves the schema as it is."""
    yield _emptied
    servers.empty(_emptied)


@pytest.fixture
def own_database(servers: Servers, worker_id: str) -> Iterator[Database]:
    """A migrated database for one test alone, which may do anything to it; making one takes a while."""
    own = servers.copy_template(f"{worker_id}_{secrets.token_hex(4)}")
    yield own
    servers.drop(own)


@pytest.fixture(scope="session")
def new_data_dir(pytestconfig: pytest.Config) -> Callable[[], Path]:
    """For hubs of a test's own: not there yet, short enough for sockets, open to the servers' account."""
    return lambda: pytestconfig.stash[_FOLDER] / f"own-{secrets.token_hex(4)}"


@pytest.fixture
def data_dir(new_data_dir: Callable[[], Path]) -> Path:
    return new_data_dir()


@pytest.fixture
def redis_url(servers: Servers, worker_id: str) -> str:
    """An empty Valkey database, for redis-py."""
    url = servers.redis_url(_number(worker_id))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def broker_url(servers: Servers, worker_id: str, redis_url: str) -> str:
    """The same empty database, for kombu and Celery."""
    return servers.broker_url(_number(worker_id))


class FrozenClock:
    """`hub.clock.now`, standing still until it is told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.instant = hub_clock.now()
        monkeypatch.setattr(hub_clock, "now", lambda: self.instant)

    def at(self, instant: datetime) -> None:
        """`instant` is aware."""
        assert instant.tzinfo is not None, "an instant without a zone is no instant"
        self.instant = instant.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.instant += by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    return FrozenClock(monkeypatch)


@pytest.fixture(autouse=True, scope="session")
def _one_hash_for_one_password() -> Iterator[None]:
    """Argon2 is slow on purpose: the factories' password is hashed once, not for each of their members."""
    hashed = passwords.hashed
    kept = cache(lambda: hashed(PASSWORD))
    patch = pytest.MonkeyPatch()
    patch.setattr(
        passwords, "hashed", lambda given, *field: kept() if given == PASSWORD else hashed(given, *field)
    )
    yield
    patch.undo()


class LeftTheMachine(RuntimeError):
    """A test reached beyond loopback; no OSError, because the code under test would answer that."""


@pytest.fixture(autouse=True, scope="session")
def _no_way_out() -> Iterator[None]:
    """Connections to loopback and to sockets of the file system alone; other names are not resolved."""
    patch = pytest.MonkeyPatch()
    for method in ("connect", "connect_ex"):
        patch.setattr(socket.socket, method, _guarded(getattr(socket.socket, method)))
    patch.setattr(socket, "getaddrinfo", _offline(socket.getaddrinfo))
    yield
    patch.undo()


def _guarded(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _here(address[0]):
            raise LeftTheMachine(f"a test tried to connect to {address[0]}")
        return connect(self, address)

    return guarded


def _offline(getaddrinfo: Any) -> Any:
    def offline(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name != "localhost" and _address(name) is None:
            raise socket.gaierror(socket.EAI_NONAME, "tests resolve no names")
        return getaddrinfo(host, *args, **kwargs)

    return offline


def _here(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return None


def _number(worker_id: str) -> int:
    """0 without workers, else 1 for gw0 and so on."""
    return int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
