"""Partial answers: what the parameter `fields` leaves of one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias

from tests.fakes.google_calendar import errors

Mask: TypeAlias = "dict[str, Mask]"
"""By name what is wanted of it; empty: all"""

_TOKEN = re.compile(r"[A-Za-z0-9_\-*]+|[,/()]")


@lru_cache(256)
def mask(text: str) -> Mask:
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text.replace(" ", ""):
        raise errors.Refusal(400, "invalidParameter", f"Invalid field selection {text}", at="fields")
    read = _list(tokens)
    if tokens:
        raise errors.Refusal(400, "invalidParameter", f"Invalid field selection {text}", at="fields")
    return read


def _list(tokens: list[str]) -> Mask:
    wanted: Mask = {}
    while tokens:
        at = wanted.setdefault(tokens.pop(0), {})
        while tokens and tokens[0] == "/":
            tokens.pop(0)
            at = at.setdefault(tokens.pop(0) if tokens else "*", {})
        if tokens and tokens[0] == "(":
            tokens.pop(0)
            at |= _list(tokens)
            if not tokens or tokens.pop(0) != ")":
                raise errors.Refusal(400, "invalidParameter", "Invalid field selection", at="fields")
        if not tokens or tokens[0] != ",":
            return wanted
        tokens.pop(0)
    return wanted


def chosen(value: Any, wanted: Mask) -> Any:
    if not wanted or "*" in wanted:
        return value
    if isinstance(value, list):
        return [chosen(each, wanted) for each in value]
    if isinstance(value, dict):
        return {name: chosen(each, wanted[name]) for name, each in value.items() if name in wanted}
    return value
