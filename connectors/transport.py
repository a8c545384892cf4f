"""The guarded way out: one GET that cannot reach private addresses, run for ever or fill the memory."""

from __future__ import annotations
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    url: str
