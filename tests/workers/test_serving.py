"""Commands that become a program: which one, and what is said before it where it could not work."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import pytest

from tests.workers.conftest import Run

COMMANDS = ("web", "worker", "puller", "beat")


class Became(Exception):
    """Nothing comes after becoming another program."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The command lines of what this process would have become."""
    found: list[Sequence[str]] = []

    def become(_program: str, command: Sequence[str]) -> None:
        found.append(command)
        raise Became

    monkeypatch.setattr(os, "execv", become)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_each_becomes_a_program_of_this_python(hub: Run, became: list[Sequence[str]], command: str) -> None:
    with pytest.raises(Became):
        hub(command)
    (line,) = became
    assert line[:2] == (sys.executable, "-m")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_setting_that_makes_no_sense_is_told_in_a_sentence(
    hub: Run, became: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("HUB_DATABASE_POOL", "many")
    done = hub(command)
    assert (done.code, done.out, became) == (1, "", [])
    assert done.err.startswith("hub: HUB_DATABASE_POOL: ")
    assert done.err.count("\n") == 1
