"""What one command settles, the next one finds."""

from __future__ import annotations

import stat
from pathlib import Path

from hub.config import Settings
from hub.embedded import ensure_generated
from workers.remembered import remember


def test_what_is_remembered_is_a_setting_and_the_keys_stay(tmp_path: Path) -> None:
    ensure_generated(tmp_path / "hub")
    before = Settings(data_dir=tmp_path / "hub")
    remember(tmp_path / "hub", demo_feeds_url="http://127.0.0.1:1", admin_email="a@example.com")
    remember(tmp_path / "hub", admin_email="b@example.com")
    after = Settings(data_dir=tmp_path / "hub")
    assert after.signing_key() == before.signing_key()
    assert after.vault_keys() == before.vault_keys()
    assert (after.demo_feeds_url, after.admin_email) == ("http://127.0.0.1:1", "b@example.com")


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    remember(tmp_path, base_url="http://127.0.0.1:8001")
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_remembering_the_same_writes_nothing(tmp_path: Path) -> None:
    remember(tmp_path, base_url="http://127.0.0.1:8001")
    (file,) = tmp_path.iterdir()
    inode = file.stat().st_ino
    remember(tmp_path, base_url="http://127.0.0.1:8001")
    assert file.stat().st_ino == inode
