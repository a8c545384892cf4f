"""A name server of a few lines (RFC 1035): A records that no cache may keep, and nothing else."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

A, CNAME = 1, 5

Answer = Callable[[int], Sequence[str] | None]
"""What to say to the first, second, … question: addresses, or None to say nothing.

A name is an alias, and what follows it is of that name.
"""


class NameServer:
    """Answers on UDP port 53 of `address`; `asked` counts the questions for A records, by name."""

    def __init__(self, address: str, answers: Mapping[str, Answer]) -> None:
        self.asked: Counter[str] = Counter()
        self._answers = answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                question, who = self._socket.recvfrom(4096)
                if (reply := self._reply(question)) is not None:
                    self._socket.sendto(reply, who)

    def _reply(self, question: bytes) -> bytes | None:
        name, end = _name(question)
        kind = struct.unpack("!H", question[end : end + 2])[0]
        told: Sequence[str] | None = ()
        if kind == A and name in self._answers:
            self.asked[name] += 1
            told = self._answers[name](self.asked[name])
        if told is None:
            return None
        owner, records = b"\xc0\x0c", b""  # the name in the question
        for one in told:
            records += owner + _record(one)
            owner = owner if _is_address(one) else _written(one)
        failed = 0 if name in self._answers else 3
        head = question[:2] + struct.pack("!5H", 0x8180 | failed, 1, len(told), 0, 0)
        return head + question[12 : end + 4] + records


def _name(question: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while length := question[at]:
        labels.append(question[at + 1 : at + 1 + length].decode("ascii").lower())
        at += 1 + length
    return ".".join(labels), at + 1


def _record(told: str) -> bytes:
    if _is_address(told):
        kind, content = A, ipaddress.IPv4Address(told).packed
    else:
        kind, content = CNAME, _written(told)
    return struct.pack("!HHIH", kind, 1, 0, len(content)) + content


def _is_address(told: str) -> bool:
    return told.replace(".", "").isdigit()


def _written(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
