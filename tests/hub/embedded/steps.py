"""Small steps on a private server: write a row, read it back, look at a process."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import make_url

from hub.embedded import database_url


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def write(data_dir: Path, row: int) -> None:
    with connect(database_url(data_dir, "owner")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (row int)")
        connection.execute("INSERT INTO kept VALUES (%s)", (row,))


def rows(data_dir: Path) -> list[object]:
    with connect(database_url(data_dir, "owner")) as connection:
        return [row for (row,) in connection.execute("SELECT row FROM kept ORDER BY row")]


def setting(data_dir: Path, name: str) -> object:
    with connect(database_url(data_dir, "superuser")) as connection:
        found = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert found is not None
    return found[0]


def gone(pid: int) -> bool:
    """Dead, or dead and waiting for an init that does not reap."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen within ten seconds")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
