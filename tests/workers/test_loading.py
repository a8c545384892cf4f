"""The table of commands says what the commands say, and a command loads no more than it needs."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hub.config import Settings
from workers import programs
from workers.commands import entries, failing, hub
from workers.commands.loading import Entry, function, loaded

WIDTHS = range(20, 130)
"""Of what lists show of a command, for narrow and wide terminals"""


def each(commands: dict[str, Any], entry: Entry, path: str) -> Iterator[tuple[str, Any, Entry]]:
    """(how it is called, what stands for it in lists, its entry)"""
    for name, one in entry.commands.items():
        yield f"{path} {name}", commands[name], one
        if one.commands:
            yield from each(loaded(commands[name]).commands, one, f"{path} {name}")


EVERY = list(each(dict(hub.commands), entries.HUB, "hub"))


@pytest.mark.parametrize(("name", "unloaded", "entry"), EVERY, ids=[name for name, _, _ in EVERY])
def test_a_list_shows_of_a_command_what_the_command_says(name: str, unloaded: Any, entry: Entry) -> None:
    command = loaded(unloaded)
    assert command.name == name.rpartition(" ")[2]
    assert entry.help.split()[0] == command.help.split()[0]
    for width in WIDTHS:
        assert unloaded.get_short_help_str(width) == command.get_short_help_str(width)


def test_a_command_that_the_table_describes_wrongly_is_found() -> None:
    """What the test above relies on: another sentence is another text in lists."""
    (told,) = [unloaded for name, unloaded, _ in EVERY if name == "hub backup"]
    (other,) = [unloaded for name, unloaded, _ in EVERY if name == "hub restore"]
    assert loaded(other).get_short_help_str(60) != told.get_short_help_str(60)


def test_what_a_command_has_loaded_is_no_longer_looked_through_for_garbage_and_all_else_is() -> None:
    asked = (
        "import gc, sys, workers.commands.loading as loading\n{}print(gc.isenabled(), gc.get_freeze_count())"
    )
    on, before = said(asked.format("")).split()
    assert (on, before) == ("True", "0")
    on, first = said(asked.format("loading.function('mails:mail')\n")).split()
    assert on == "True"
    assert int(first) > 10_000
    off, _ = said(asked.format("gc.disable()\nloading.function('mails:mail')\n")).split()
    assert off == "False"


def test_a_command_that_is_loaded_already_is_found_without_ado() -> None:
    assert function("failing:in_words") is failing.in_words
    frozen = gc.get_freeze_count()
    assert function("failing:in_words") is failing.in_words
    assert gc.get_freeze_count() <= frozen  # no more; some may have ended since


def said(program: str) -> str:
    """By a fresh Python."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout


def after(program: str, *modules: str) -> list[str]:
    """Which of the modules a fresh Python has loaded when it has done this."""
    asked = f"import sys\n{program}\nprint(*[one for one in {modules!r} if one in sys.modules])"
    return said(asked).split("\n")[-2].split()


def calling(*arguments: str) -> str:
    called = f"workers.commands.main({arguments!r})"
    return f"import contextlib, workers.commands\nwith contextlib.suppress(SystemExit): {called}"


HEAVY = ("sqlalchemy", "psycopg", "httpx", "redis", "celery", "kombu", "alembic", "fastapi", "uvicorn")


def test_the_help_and_a_typing_error_load_nothing_of_the_hub() -> None:
    for asked in (("--help",), ("link", "--help"), ("link", "lst"), ("nothing",)):
        assert after(calling(*asked), *HEAVY) == [], asked


def test_a_command_loads_no_other_and_no_server_or_worker() -> None:
    found = after(calling("mail", "--help"), "workers.commands.mails", "workers.commands.conflicts", *HEAVY)
    assert found == ["workers.commands.mails", "sqlalchemy", "psycopg", "httpx"]


NEED_MORE = {"running", "serving", "preparing", "backups", "restores", "reports"}
"""Modules of commands that run programs or look whether they run, or bring the schema"""


def test_no_command_loads_migrations_celery_or_the_web_without_need() -> None:
    every = {entry.at.partition(":")[0] for _, _, entry in EVERY if entry.at}
    assert every > NEED_MORE
    asked = "\n".join(f"import workers.commands.{module}" for module in sorted(every - NEED_MORE))
    assert after(asked, "alembic", "celery", "kombu", "redis", "fastapi", "uvicorn") == []


def test_a_program_of_its_own_is_started_without_what_it_does() -> None:
    found = after(calling("web", "--help"), *HEAVY)
    assert {"sqlalchemy", "psycopg", "httpx", "alembic", "fastapi"}.isdisjoint(found)


@pytest.mark.usefixtures("environment")
def test_beat_loads_none_of_the_tasks_that_workers_load() -> None:
    assert "workers.beat" in programs.beat().command
    assert "workers.app" in programs.worker(Settings()).command
    begin = "import workers.beat; workers.beat.app.loader.import_default_modules()"
    needed = ["workers.beat", "workers.process"]  # the second says where its log goes
    assert after(begin, *needed, "workers.tasks", "workers.listening", "alembic") == needed
    begin = "import workers.app; workers.app.app.loader.import_default_modules()"
    assert after(begin, "workers.tasks", "workers.listening") == ["workers.tasks", "workers.listening"]
