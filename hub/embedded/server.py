"""What both private servers are: a data dir, a process that is started once, and its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.embedded.processes import ServerProcess


class Server(ABC):
    """Started at most once at a time; a context manager that ends it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._process: ServerProcess | None = None

    @abstractmethod
    def start(self) -> None:
        """Ready, or Misconfigured says why not."""

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def alive(self) -> bool:
        return self._process is not None and self._process.alive()

    @property
    def pid(self) -> int | None:
        """Of the server, while it was started by this object."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
