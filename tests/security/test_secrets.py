"""`hub doctor` on secrets, and settings that come from files."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from hub.config import Settings
from workers import exposed
from workers.doctor import CHECKS

GOOD: dict[str, Any] = {
    "secret_key": secrets.token_urlsafe(48),
    "encryption_keys": Fernet.generate_key().decode(),
}


def said(**given: Any) -> list[tuple[str, str]]:
    """(state, words) of settings that are good but for these."""
    return [(state, words) for state, words, _ in CHECKS["secrets"](Settings(**GOOD | given))]


def test_good_secrets_are_well() -> None:
    assert [state for state, _ in said()] == ["ok"]
    for _ in range(200):
        assert exposed.weak_key(Fernet.generate_key().decode()) is None
        assert exposed.weak_key(secrets.token_urlsafe(48)) is None
        assert exposed.weak_key(secrets.token_hex(32)) is None


@pytest.mark.parametrize(
    "key",
    [
        "change-me",
        "CHANGEME",
        "short",
        "a" * 64,
        "ab" * 40,
        "Y" * 43 + "=",
        "A" * 43 + "=",
        "dGhpcyBrZXkgb3BlbnMgbm90aGluZyBidXQgdGVzdHM=",
        "c29tZWJvZHkgdHlwZWQgdGhpcyBrZXkgYnkgaGFuZC4=",
        "a signing key that signs nothing but tests",
        "somebody thought that a long sentence will do",
    ],
)
def test_a_key_that_can_be_guessed_is_told_of_and_not_shown(key: str) -> None:
    for name in ("secret_key", "encryption_keys"):
        ((state, words),) = said(**{name: key})
        assert state == "warning"
        assert words.startswith(f"HUB_{name.upper()} ")
        assert key not in words


def test_each_of_several_keys_is_looked_at() -> None:
    assert said(encryption_keys=f"{GOOD['encryption_keys']}, {'A' * 43}=")[0][0] == "warning"


@pytest.mark.parametrize("password", ["admin", "Password", "hub", "eleven-char", "aaaaaaaaaaaaaaaa"])
def test_a_password_that_can_be_guessed_is_told_of_wherever_it_is(password: str) -> None:
    assert said(admin_password=password)[0][1].startswith("HUB_ADMIN_PASSWORD ")
    ((_, words),) = said(database_url=f"postgresql+psycopg://hub:{password}@db.example.com/hub")
    assert words.startswith("HUB_DATABASE_URL ")
    assert password not in words or password == "hub"


def test_a_secret_that_serves_twice_is_told_of() -> None:
    assert (
        said(secret_key=GOOD["encryption_keys"])[0][1] == "HUB_ENCRYPTION_KEYS is the same as HUB_SECRET_KEY"
    )


@pytest.mark.parametrize(
    ("mode", "states"), [(0o600, ["ok"]), (0o640, ["ok"]), (0o660, ["warning"]), (0o644, ["warning"])]
)
def test_a_file_that_others_can_read_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, states: list[str]
) -> None:
    file = tmp_path / "key"
    file.write_text(GOOD["secret_key"])
    file.chmod(mode)
    monkeypatch.setenv("HUB_SECRET_KEY_FILE", str(file))

    assert [state for state, _ in said()] == states


def test_a_file_that_is_not_there_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(**GOOD)
    monkeypatch.setenv("HUB_SMTP_URL_FILE", str(tmp_path / "nothing"))

    assert [state for state, _, _ in exposed.secrets(settings)] == ["failed"]


def test_a_clock_that_can_be_moved_is_told_of() -> None:
    assert said(test_clock=True)[0][0] == "warning"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_can_come_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text, value = EXAMPLE.get(name) or _example(name)
    file = tmp_path / name
    file.write_text(f"{text}\n")
    monkeypatch.delenv(f"HUB_{name.upper()}", raising=False)
    monkeypatch.setenv(f"HUB_{name.upper()}_FILE", str(file))

    found = getattr(Settings(), name)

    assert (found.get_secret_value() if isinstance(found, SecretStr) else found) == value


EXAMPLE: dict[str, tuple[str, Any]] = {
    "log_format": ("json", "json"),
    "test_clock": ("true", True),
    "trusted_proxies": ("10.0.0.0/8", "10.0.0.0/8"),
    "google_service_account_organizations": ("*", "*"),
}


def _example(name: str) -> tuple[str, Any]:
    """Some value of the setting's type, as text and as it is read; a number is its default, plus one."""
    field = Settings.model_fields[name]
    kinds = {field.annotation, *get_args(field.annotation)}
    if int in kinds:
        number = (field.default or 0) + 1
        return str(number), number
    return (f"/some/{name}", Path(f"/some/{name}")) if Path in kinds else (f"some {name}", f"some {name}")
