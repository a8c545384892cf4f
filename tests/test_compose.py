"""docker-compose.yml names settings that exist, commands that exist and checks that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hub.config import Settings
from hub.embedded.roles import ROLES
from workers import doctor
from workers.commands import hub
from workers.commands.loading import loaded

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
INIT = (ROOT / "deploy" / "postgres-init.sh").read_text(encoding="utf-8")

CALLS = [
    json.loads(found)
    for text in (COMPOSE, DOCKERFILE)
    for found in re.findall(r'(?:command:|CMD) (\["hub".*\])', text)
]
HEALTH_CALLS = [
    json.loads(f'["hub", {found}]') for found in re.findall(r'test: \["CMD", "hub", (.*)\]', COMPOSE)
]


def test_every_setting_exists() -> None:
    named = set(re.findall(r"\bHUB_[A-Z_]+", COMPOSE + DOCKERFILE))
    assert len(named) > 5
    assert {name.removeprefix("HUB_").lower() for name in named} <= set(Settings.model_fields)


def test_every_number_can_be_set_and_is_else_what_it_is_without() -> None:
    offered = dict(re.findall(r'HUB_([A-Z_]+): "\$\{HUB_\1:-(\d+)\}"', COMPOSE))
    assert {name.lower(): int(number) for name, number in offered.items()} == {
        name: field.default for name, field in Settings.model_fields.items() if field.annotation is int
    }


def test_every_service_is_there_and_the_lasting_ones_are_looked_after() -> None:
    services = COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]
    blocks = re.split(r"^  (\w+):\n", services, flags=re.MULTILINE)[1:]
    found = dict(zip(blocks[::2], blocks[1::2], strict=True))
    assert set(found) == {"postgres", "redis", "migrate", "web", "worker", "puller", "beat"}
    for name, block in found.items():
        assert ("healthcheck:" in block) == (name != "migrate"), name


@pytest.mark.parametrize("call", [*CALLS, *HEALTH_CALLS], ids=" ".join)
def test_every_call_of_hub_is_understood(call: list[str]) -> None:
    """Parsed as it would be, and not run."""
    unloaded: Any = hub.commands[call[1]]
    command = loaded(unloaded)
    command.make_context(call[1], call[2:])
    if call[1] == "doctor":
        assert set(call[2:]) <= set(doctor.CHECKS)


def test_every_program_is_called() -> None:
    assert {call[1] for call in CALLS} == {"migrate", "web", "worker", "puller", "beat"}
    assert HEALTH_CALLS


def test_the_roles_have_the_powers_that_embedded_ones_have() -> None:
    for role, powers in ROLES.items():
        assert f"CREATE ROLE {role} {powers} PASSWORD" in INIT


def test_the_image_holds_what_is_installed_and_runs_as_nobody_in_particular() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    packages = re.findall(r'"(\w+)\*"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert packages
    assert {f"!{package}" for package in packages} <= set(ignored)
    assert re.search(r"^USER hub$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
