"""The keys and passwords that the hub makes for itself."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from hub.config import Settings
from hub.embedded import database_url, ensure_generated
from hub.embedded.generated import server_passwords
from hub.errors import Misconfigured
from tests.hub.embedded.steps import mode


def test_they_are_made_once_and_never_rewritten(tmp_path: Path) -> None:
    ensure_generated(tmp_path / "hub")
    before = (tmp_path / "hub" / "hub.env").read_text(), server_passwords(tmp_path / "hub")
    ensure_generated(tmp_path / "hub")
    assert ((tmp_path / "hub" / "hub.env").read_text(), server_passwords(tmp_path / "hub")) == before


def test_they_are_what_the_settings_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_generated(tmp_path / "hub")
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "hub"))
    settings = Settings()
    (key,) = settings.vault_keys()
    assert Fernet(key.encode()).decrypt(Fernet(key.encode()).encrypt(b"secret")) == b"secret"
    assert len(settings.signing_key()) >= 32


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    ensure_generated(tmp_path / "hub")
    assert mode(tmp_path / "hub") & 0o067 == 0
    assert {mode(file) for file in (tmp_path / "hub").iterdir()} == {0o600}


def test_two_at_once_agree(tmp_path: Path) -> None:
    starting = threading.Barrier(8)
    seen: list[dict[str, str]] = []

    def start() -> None:
        starting.wait()
        ensure_generated(tmp_path / "hub")
        seen.append(server_passwords(tmp_path / "hub"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert all(passwords == seen[0] for passwords in seen)
    assert {file.name for file in (tmp_path / "hub").iterdir()} == {"hub.env", "servers.env"}


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir(mode=0o750)
    ensure_generated(tmp_path / "hub")
    assert mode(tmp_path / "hub") == 0o750


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("")
    with pytest.raises(Misconfigured, match="hub is not a folder"):
        ensure_generated(tmp_path / "hub")


def test_an_address_before_the_first_start_says_what_to_do(tmp_path: Path) -> None:
    ensure_generated(tmp_path / "hub")
    with pytest.raises(Misconfigured, match="hub up"):
        database_url(tmp_path / "hub")
