"""Where the private servers keep their files, sockets and, if need be, copies of their programs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.accounts import Account, owner_account, server_account
from hub.errors import Misconfigured

SOCKET_PATH_LIMIT = 100
"""Bytes; the kernels take 104 (macOS) or 108 (Linux), the end of string included."""

LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"

ELSEWHERE = Path("/var/lib/channel-hub")
"""For root's servers, where their account cannot enter the data dir."""


@dataclass(frozen=True, slots=True)
class Place:
    """`servers` and `sockets` are real paths that the servers' account can enter; both are 0700."""

    data_dir: Path
    servers: Path
    sockets: Path
    account: Account | None

    def folder(self, name: str) -> Path:
        """A server's own folder, created 0700 for its account."""
        folder = self.servers / name
        _make_private(folder, self.account)
        return folder


def find(data_dir: Path) -> Place:
    """The place that an earlier start prepared; Misconfigured where there was none."""
    data_dir = data_dir.resolve()
    servers = data_dir / "servers"
    if not servers.is_dir():
        raise Misconfigured(f"no server was ever started for {data_dir}; `hub up` does it")
    servers = servers.resolve()
    link = servers / "sockets"
    sockets = link.resolve() if link.exists() or link.is_symlink() else _socket_folder(servers)
    return Place(data_dir, servers, sockets, owner_account(servers))


def prepare(data_dir: Path) -> Place:
    """Create what is missing; changes no permission of anything that was there before."""
    data_dir = data_dir.resolve()
    servers = data_dir / "servers"
    if not servers.is_dir():
        _make_servers(servers)
    place = find(data_dir)
    if place.account and not place.account.can_enter(place.servers):
        raise Misconfigured(
            f"the account {place.account.name} cannot enter {place.servers} (any more); "
            "has a folder above it lost its x permission?"
        )
    _make_sockets(place)
    return place


def _make_servers(servers: Path) -> None:
    if servers.is_symlink():
        raise Misconfigured(
            f"the servers' files are gone: {servers} points to {servers.readlink()}; "
            "bring that folder back, or remove the link to start with nothing"
        )
    account = server_account()
    _make_private(servers, account)
    if account is None or account.can_enter(servers):
        return
    servers.rmdir()
    try:
        ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
        other = Path(tempfile.mkdtemp(dir=ELSEWHERE, prefix="servers-"))
    except OSError as error:
        raise Misconfigured(
            f"the account {account.name} cannot enter {servers.parent}, and {ELSEWHERE} cannot be created "
            f"({error.strerror}): choose another HUB_DATA_DIR"
        ) from error
    os.chown(other, account.uid, account.gid)
    if not account.can_enter(other):
        other.rmdir()
        raise Misconfigured(
            f"the account {account.name} can enter neither {servers.parent} nor {ELSEWHERE}: "
            "choose another HUB_DATA_DIR"
        )
    try:
        servers.symlink_to(other)
    except FileExistsError:  # a start beside ours was quicker
        other.rmdir()


def _socket_folder(servers: Path) -> Path:
    """Beside the servers, or under the temporary folder where that path is too long for a socket."""
    folder = servers / "sockets"
    longest = len(os.fsencode(folder / LONGEST_SOCKET_NAME))
    if longest <= SOCKET_PATH_LIMIT and "," not in str(folder):  # a comma separates hosts for libpq
        return folder
    digest = hashlib.sha256(os.fsencode(servers)).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"channel-hub-{digest}"


def _make_sockets(place: Place) -> None:
    try:
        _make_private(place.sockets, place.account)
    except OSError as error:
        raise Misconfigured(f"cannot create {place.sockets} for the sockets: {error.strerror}") from error
    found = place.sockets.lstat()
    owner = place.account.uid if place.account else os.geteuid()
    if place.sockets.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise Misconfigured(f"{place.sockets} is not a private folder of ours (0700): remove it")
    if place.account and not place.account.can_enter(place.sockets):
        raise Misconfigured(f"the account {place.account.name} cannot enter {place.sockets}: set TMPDIR")
    if place.sockets != place.servers / "sockets":
        # Written down, because another process may have another TMPDIR.
        with contextlib.suppress(FileExistsError):
            (place.servers / "sockets").symlink_to(place.sockets)


def _make_private(folder: Path, account: Account | None) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    if account:
        os.chown(folder, account.uid, account.gid)


def program(place: Place, name: str, version: str, tree: tuple[Path, ...], binary: str) -> Path:
    """The executable `binary` under the first of `tree`, copied beside the servers if its user cannot run it.

    The folders of `tree` stay side by side in the copy: the programs find their libraries relative to
    themselves. `binary` is relative to the first of them.
    """
    original = tree[0] / binary
    account = place.account
    if account is None or account.can_run(str(original), "--version"):
        return original
    copy = place.servers / "programs" / f"{name}-{version}"
    if not copy.is_dir():
        _copy(place, tree, copy)
    executable = copy / tree[0].name / binary
    if not account.can_run(str(executable), "--version"):
        raise Misconfigured(f"the account {account.name} can run neither {original} nor {executable}")
    return executable


def _copy(place: Place, tree: tuple[Path, ...], copy: Path) -> None:
    _make_private(copy.parent, place.account)
    unfinished = Path(tempfile.mkdtemp(dir=copy.parent, prefix=".copy-"))
    for source in tree:
        shutil.copytree(source, unfinished / source.name, symlinks=True)
    for folder, _, files in os.walk(unfinished):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder) / file
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:  # a start beside ours was quicker
        shutil.rmtree(unfinished)
