"""The children's logs: kept small, and shown to whoever asks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

LARGEST = 10 * 1024 * 1024
"""Bytes; one older file of that size is kept beside it"""


class Logs:
    """Follows files that their writers open for appending; `show` gets each new line, or nobody does."""

    def __init__(self, show: Callable[[str], None] | None = None) -> None:
        self._show = show
        self._seen: dict[Path, int] = {}

    def follow(self, log: Path) -> None:
        """From its present end on."""
        self._bound(log)
        self._seen[log] = log.stat().st_size if log.exists() else 0

    def look(self) -> None:
        for log, seen in self._seen.items():
            if not log.exists():
                continue
            if self._show:
                self._seen[log] = self._tell(log, seen)
            if self._bound(log):
                self._seen[log] = 0

    def _tell(self, log: Path, seen: int) -> int:
        """Whole lines alone; the rest comes with the next look."""
        with log.open("rb") as file:
            file.seek(seen)
            new = file.read(1024 * 1024)
        whole = new[: new.rfind(b"\n") + 1]
        assert self._show is not None
        for line in whole.decode("utf-8", errors="replace").splitlines():
            self._show(f"{log.stem:<7}| {line}")
        return seen + len(whole)

    def _bound(self, log: Path) -> bool:
        """The writers keep their handles: what they append next begins the emptied file."""
        if not log.exists() or log.stat().st_size <= LARGEST:
            return False
        shutil.copyfile(log, log.with_suffix(".old.log"))
        with log.open("r+b") as file:
            file.truncate(0)
        return True
