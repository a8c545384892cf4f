"""
What may stand after the `?` of an address: as in bodies, what an operation does not know it refuses.

A filter that is overlooked shows everything, and what is picked from it is the wrong one. This holds under
/api/v1. Webhooks, calendar feeds and the probes of the machines that watch us are outside: whoever calls
those may add parameters of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from api.rights import V1
from hub.errors import Reason, Refused

CHOSEN_BY_OTHERS: Mapping[str, str] = {
    "GET /api/v1/auth/google/callback": (
        "Google sends people back with scope, authuser, prompt and whatever it adds next, and OAuth 2.0 "
        "(RFC 6749, 4.1.2) wants parameters that nobody knows to be ignored"
    ),
    "GET /api/v1/connections/sign-in/callback": (
        "so does every channel at which a connection signs in, each with its own"
    ),
}
"""Operations to which others lead people's browsers, and why no parameter is refused there"""

MOST_NAMED = 10
"""Reasons in one answer"""


class Parameters:
    """What each operation takes, found out when it is first asked with anything after the `?`."""

    def __init__(self) -> None:
        self._taken: dict[str, Mapping[str, bool]] = {}

    def check(self, request: Request, operation: str) -> None:
        """Refused for a parameter that the operation does not declare, or takes once and got twice."""
        if not request.scope["query_string"] or not operation.partition(" ")[2].startswith(f"{V1}/"):
            return
        if operation in CHOSEN_BY_OTHERS:
            return
        taken = self._taken.get(operation)
        if taken is None:
            taken = self._taken[operation] = declared(request.scope["route"])
        given = [name for name, _ in request.query_params.multi_items()]
        if given and (found := list(_wrong(given, taken))):
            raise Refused(*found[:MOST_NAMED])


def declared(route: APIRoute) -> Mapping[str, bool]:
    """By each parameter that the operation or what it depends on declares: whether it may be repeated."""
    fields = [field for dependant in _all(route.dependant) for field in dependant.query_params]
    flat = get_flat_params(Dependant(query_params=fields))
    return {field.alias: _is_list(field.field_info.annotation) for field in flat}


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)


def _is_list(annotation: object) -> bool:
    """Of a list, or of a list or nothing."""
    return any(get_origin(one) is list for one in (annotation, *get_args(annotation)))


def _wrong(given: list[str], taken: Mapping[str, bool]) -> Iterator[Reason]:
    for name in dict.fromkeys(given):
        if name not in taken:
            yield unknown(name, sorted(taken))
        elif not taken[name] and given.count(name) > 1:
            yield Reason("given_twice", f"give {name} once: only one is taken", name)


def unknown(name: str, known: list[str]) -> Reason:
    there = f"there are {', '.join(known)}" if known else "there are none"
    return Reason("extra_forbidden", f"there is no parameter {name} here; {there}", name, {"known": known})
