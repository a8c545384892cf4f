"""Schemathesis against a running hub: what the OpenAPI document says of every operation, and no defect.

It lives in an environment of its own, because it wants other versions of what we pin; so it is a long run
for `./dev soak tests/contract`, and needs a package index.
"""

from __future__ import annotations

import os
import signal
import subprocess
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import Running, a_free_port

VERSION = "schemathesis==4.32.5"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SEED = "20261121"
MOST_SECONDS = os.environ.get("CONTRACT_SECONDS", "800")
"""Less than an access token lives"""
ENDING = ("/api/v1/auth/logout", "/api/v1/auth/me")
"""What would sign it out, or change the password with which it came"""
ADMIN, PASSWORD = "admin@example.com", "a password of the contract"


@pytest.fixture
def hub(new_data_dir: Callable[[], Path]) -> Iterator[Running]:
    limits = {"HUB_RATE_CALLER": "0", "HUB_RATE_AUTH_ADDRESS": "0", "HUB_RATE_AUTH_ACCOUNT": "0"}
    who = {"HUB_ADMIN_EMAIL": ADMIN, "HUB_ADMIN_PASSWORD": PASSWORD, "HUB_RATE_PUBLIC": "0"}
    running = Running(new_data_dir(), a_free_port(), **limits, **who)
    yield running
    running.end(signal.SIGTERM)


@pytest.fixture
def schemathesis(tmp_path: Path) -> Path:
    """The program, in a new environment."""
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / "bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "-q", VERSION], check=True, timeout=600)
    return programs / "schemathesis"


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_operation_keeps_to_its_description(hub: Running, schemathesis: Path) -> None:
    hub.line("Channel Hub is ready")
    base = f"http://127.0.0.1:{hub.port}"
    login = {"email": ADMIN, "password": PASSWORD}
    answer = httpx.post(f"{base}/api/v1/auth/login", json=login, timeout=30)
    assert answer.status_code == 200, answer.text
    command: list[str | Path] = [
        *(schemathesis, "run", f"{base}/api/v1/openapi.json", "--url", base),
        *("--header", f"Authorization: Bearer {answer.json()['access_token']}"),
        *("--checks", CHECKS, "--max-examples", "25", "--seed", SEED, "--request-timeout", "30"),
        *("--continue-on-failure", "--no-color", "--workers", "1", "--max-time", MOST_SECONDS),
        *(part for path in ENDING for part in ("--exclude-path", path)),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout
