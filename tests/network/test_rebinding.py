"""Names that lead outside when they are checked and inside when they are called, in a network of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.network.inside import INSIDE, PUBLIC

ROOT = Path(__file__).parents[2]


def namespaces() -> list[str]:
    """The command that runs another in a network and mount namespace of its own; skips where none can."""
    for tool in ("unshare", "ip", "mount"):
        if not shutil.which(tool):
            pytest.skip(f"REBINDING IS NOT TESTED ON THIS MACHINE: it has no `{tool}`")
    mapped = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", *mapped, "--net", "--mount"]
    tried = subprocess.run([*command, "ip", "link", "set", "lo", "up"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"REBINDING IS NOT TESTED ON THIS MACHINE: no namespaces: {tried.stderr.strip()}")
    return command


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    done = subprocess.run(
        [*namespaces(), sys.executable, "-m", "tests.network.inside"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_public_name_is_called(seen: dict[str, Any]) -> None:
    assert (seen["steady"]["said"], seen["steady"]["reached"]) == ("200", [PUBLIC])


def test_a_name_is_called_where_it_led_when_it_was_checked(seen: dict[str, Any]) -> None:
    """Resolved once for each call; when it has turned private, the call is refused."""
    found = seen["rebinding"]

    assert (found["said"], found["reached"]) == (["200", "address_refused", "address_refused"], [PUBLIC])
    assert found["asked"] == 3


def test_whoever_checks_and_then_calls_by_name_is_led_inside(seen: dict[str, Any]) -> None:
    """The control: the names really change their mind between two looks."""
    assert (seen["naive"]["said"], seen["naive"]["reached"]) == ("200", [INSIDE])


@pytest.mark.parametrize(
    ("scenario", "reached"),
    [("redirected", [PUBLIC]), ("retried", []), ("half", []), ("alias", []), ("loopback", [])],
)
def test_neither_redirects_nor_retries_nor_aliases_lead_inside(
    seen: dict[str, Any], scenario: str, reached: list[str]
) -> None:
    assert (seen[scenario]["said"], seen[scenario]["reached"]) == ("address_refused", reached)


def test_a_name_server_that_says_nothing_costs_a_thread_and_no_more(seen: dict[str, Any]) -> None:
    assert seen["silent"]["said"] == [1]
    assert seen["silent"]["seconds"] < 30
