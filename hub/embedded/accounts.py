"""As whom a server runs when the hub itself runs as root: PostgreSQL refuses root, and nothing needs it."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.errors import Misconfigured

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Tried, not computed: access lists and mount options count as well as mode bits."""
        return self.can_run("/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder))

    def can_run(self, *command: str) -> bool:
        try:
            done = subprocess.run(  # noqa: S603 - our own commands
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=60,
                check=False,
                **run_as(self),
            )
        except OSError:
            return False
        return done.returncode == 0


def server_account() -> Account | None:
    """The unprivileged account for servers, or None where the hub is unprivileged itself."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Misconfigured(
        "running as root, and there is no account `postgres` or `nobody` to run the servers as; "
        "run the hub as an ordinary user, or set HUB_DATABASE_URL and HUB_REDIS_URL"
    )


def owner_account(folder: Path) -> Account | None:
    """The account that already owns the servers' files, or None where that is ourselves."""
    uid = folder.stat().st_uid
    if uid == os.geteuid() and uid != 0:
        return None
    if os.geteuid() != 0:
        raise Misconfigured(f"{folder} belongs to another user; run the hub as the one who created it")
    if uid == 0:
        raise Misconfigured(f"{folder} belongs to root, as whom no server runs; was it created by hand?")
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise Misconfigured(f"{folder} belongs to user {uid}, who has no account on this machine") from None
    return Account(entry.pw_name, uid, entry.pw_gid)


def run_as(account: Account | None) -> dict[str, Any]:
    """Arguments of subprocess that drop root's privileges, supplementary groups included."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
