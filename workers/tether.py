"""
Runs a program that ends when its supervisor does: `python -m workers.tether PARENT HANDLE SIGNAL PROGRAM …`.

HANDLE is an open file that carries the lock of the program's name. The program and whatever it forks keep
it open, so that the lock says whether any of them lives; its content is the number of their process group.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, handle, number, *command = sys.argv[1:]
    os.write(int(handle), f"{os.getpid()}\n".encode())
    follow_to_death(int(parent), signal.Signals(int(number)))
    os.execv(command[0], command)  # noqa: S606 - our own command


def follow_to_death(parent: int, number: signal.Signals) -> None:
    """Linux alone can do this; elsewhere the next start ends what was left behind."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # it died before we said so
        raise SystemExit(1)


if __name__ == "__main__":
    main()
