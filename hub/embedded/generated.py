"""What the hub invents for itself once: its keys and the passwords of its private servers."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from hub.config import GENERATED
from hub.embedded.accounts import server_account
from hub.errors import Misconfigured

PASSWORDS = "servers.env"
"""The file in the data dir that holds the servers' passwords (mode 0600)."""

SERVER_LOGINS = ("superuser", "owner", "app", "valkey")


def ensure_generated(data_dir: Path) -> None:
    """Create the data dir with its keys and passwords where they are missing; what exists is never rewritten.

    The folder is 0700; run as root it is 0710 with the group of the account that the servers will run as.
    """
    _make_folder(data_dir)
    _write_once(
        data_dir / GENERATED,
        f"HUB_SECRET_KEY={secrets.token_urlsafe(48)}\nHUB_ENCRYPTION_KEYS={Fernet.generate_key().decode()}\n",
    )
    lines = (f"{login}={secrets.token_urlsafe(24)}\n" for login in SERVER_LOGINS)
    _write_once(data_dir / PASSWORDS, "".join(lines))


def server_passwords(data_dir: Path) -> dict[str, str]:
    """The password of each of SERVER_LOGINS."""
    try:
        text = (data_dir / PASSWORDS).read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            f"cannot read {data_dir / PASSWORDS} ({error.strerror}); `hub up` creates it, as the same user"
        ) from error
    found = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if missing := [login for login in SERVER_LOGINS if not found.get(login)]:
        raise Misconfigured(f"{data_dir / PASSWORDS} has no password for {', '.join(missing)}")
    return found


def _make_folder(data_dir: Path) -> None:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    try:
        data_dir.mkdir(mode=0o700)
    except FileExistsError:
        if not data_dir.is_dir():
            raise Misconfigured(f"the data dir {data_dir} is not a folder") from None
        if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
            raise Misconfigured(
                f"the data dir {data_dir} belongs to another user: run the hub as that one"
            ) from None
        return
    except PermissionError as error:
        raise Misconfigured(f"cannot create the data dir {data_dir}: {error.strerror}") from error
    if account := server_account():
        os.chown(data_dir, -1, account.gid)
        data_dir.chmod(0o710)


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and only where there is nothing yet: a link, unlike a rename, never replaces."""
    if path.exists():
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
