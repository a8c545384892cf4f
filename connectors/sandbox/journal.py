"""A file of JSON lines that is written on with every change, and anew at every start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


class Journal:
    """Without a file nothing is kept."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def rows(self) -> Iterator[Any]:
        """What was written, up to a line that a crash has torn."""
        if self._file is None or not self._file.exists():
            return
        for line in self._file.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                return

    def begin(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """From now on the file holds these."""
        if self._file is None:
            return
        beside = self._file.with_name(self._file.name + ".new")
        beside.write_text("".join(_line(row) for row in rows), encoding="utf-8")
        beside.replace(self._file)

    def write(self, row: Mapping[str, Any]) -> None:
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as open_file:
                open_file.write(_line(row))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row) + "\n"
