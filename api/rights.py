"""
Who may do what: one row for every operation of the HTTP door.

A request is let in by its row and by nothing else (`api/dependencies.py`); an operation without a row is
refused to everybody. `docs/rights.md` is this table as people read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from hub.models.organizations import ROLES

ANYONE = "anyone"
"""The least of all roles: nobody needs to sign in"""

SCOPES: Mapping[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "bookings": frozenset({"read", "bookings"}),
    "sync": frozenset({"read", "sync"}),
    "admin": frozenset({"read", "bookings", "sync", "admin"}),
}
"""What a key may be given, and all that it covers"""


@dataclass(frozen=True, slots=True)
class Right:
    """What an operation asks of whoever wants it."""

    role: str
    """The least role of a person, or `anyone`"""
    scope: str | None = None
    """What an API key must cover; None where keys may not at all"""
    besides: str | None = None
    """A second scope that a key must cover, where what is done is of two kinds"""
    limited: bool = True
    """Whether staff who are limited to properties see and change theirs alone"""

    @property
    def lasting(self) -> bool:
        """
        What is done outlives who did it: other people's rights, and keys. That somebody may is not taken from
        memory.
        """
        return self.role in ("admin", "super_admin")

    @property
    def scopes(self) -> tuple[str, ...]:
        """All that a key must cover."""
        return tuple(scope for scope in (self.scope, self.besides) if scope is not None)

    @property
    def public(self) -> bool:
        return self.role == ANYONE

    def allows_role(self, role: str) -> bool:
        return self.public or ROLES.index(role) >= ROLES.index(self.role)

    def allows_scopes(self, scopes: frozenset[str]) -> bool:
        return self.public or (bool(self.scopes) and covered(scopes) >= set(self.scopes))


def covered(scopes: frozenset[str]) -> frozenset[str]:
    """The scopes that these come to, together."""
    return frozenset[str]().union(*(SCOPES.get(scope, frozenset()) for scope in scopes))


_PUBLIC = Right(ANYONE)
_OWN = Right("guest")
"""Of whoever is signed in, about themselves"""
_READS = Right("staff", "read")
_SELLS = Right("staff", "bookings")
_SYNCS = Right("staff", "sync")
_SEES_ALL = Right("staff", "read", limited=False)
"""What belongs to the organization, and to none of its properties"""
_SELLS_ALL = Right("staff", "bookings", limited=False)
_PERSONS = Right("manager", "admin", limited=False)
"""All that is known of somebody, whose stays may be in any property"""
_SHAPES = Right("manager", "admin")
_LINKS = Right("manager", "sync")
_UNDOES = Right("manager", "sync", "bookings")
"""What came is ignored, what went is held again: one without the other frees what neither guest gave up"""
_IN_PERSON = Right("manager")
"""Of somebody who has a browser"""
_AUDITS = Right("manager", "admin")
_RULES = Right("admin")
"""People and keys: a machine chooses neither"""

V1 = "/api/v1"

_OPERATIONS: Mapping[str, Right] = {
    "GET /availability": _READS,
    "GET /calendar": _READS,
    "POST /bookings": _SELLS,
    "GET /bookings": _READS,
    "GET /bookings/{booking_id}": _READS,
    "PATCH /bookings/{booking_id}": _SELLS,
    "GET /bookings/{booking_id}/history": _READS,
    "GET /bookings/{booking_id}/channels": _READS,
    "GET /bookings/{booking_id}/checks": _READS,
    "POST /bookings/{booking_id}/sync": _SYNCS,
    "POST /bookings/{booking_id}/channels/{link_id}/create": _SYNCS,
    "POST /bookings/{booking_id}/channels/{link_id}/refresh": _SYNCS,
    "POST /bookings/{booking_id}/channels/{link_id}/remove": _SYNCS,
    "POST /bookings/{booking_id}/cancel": _SELLS,
    "POST /bookings/{booking_id}/move": _SELLS,
    "POST /bookings/{booking_id}/confirm": _SELLS,
    "POST /bookings/{booking_id}/check-in": _SELLS,
    "POST /bookings/{booking_id}/check-out": _SELLS,
    "POST /bookings/{booking_id}/no-show": _SELLS,
    "POST /blackouts": _SELLS,
    "GET /blackouts": _READS,
    "GET /blackouts/{blackout_id}": _READS,
    "PATCH /blackouts/{blackout_id}": _SELLS,
    "DELETE /blackouts/{blackout_id}": _SELLS,
    "POST /conflicts/check": _SYNCS,
    "GET /conflicts": _READS,
    "GET /conflicts/summary": _READS,
    "GET /conflicts/{conflict_id}": _READS,
    "POST /conflicts/{conflict_id}/resolve": _SYNCS,
    "POST /links": _LINKS,
    "GET /links": _READS,
    "POST /links/preview": _SYNCS,
    "GET /links/{link_id}": _READS,
    "PATCH /links/{link_id}": _LINKS,
    "DELETE /links/{link_id}": _LINKS,
    "POST /links/{link_id}/sync": _SYNCS,
    "POST /links/{link_id}/pause": _LINKS,
    "POST /links/{link_id}/resume": _LINKS,
    "GET /links/{link_id}/guard": _READS,
    "POST /links/{link_id}/accept-guard": _LINKS,
    "POST /links/{link_id}/rotate-feed": _LINKS,
    "GET /links/{link_id}/runs": _READS,
    "GET /links/{link_id}/events": _READS,
    "POST /links/{link_id}/events/{event_id}/ignore": _SYNCS,
    "POST /links/{link_id}/events/{event_id}/adopt": _SELLS,
    "GET /links/{link_id}/ignored": _READS,
    "GET /links/{link_id}/consumers": _READS,
    "GET /links/{link_id}/health": _READS,
    "GET /health": _READS,
    "GET /health/properties": _READS,
    "POST /sync-runs": _SYNCS,
    "GET /sync-runs": _READS,
    "GET /sync-runs/{run_id}": _READS,
    "GET /sync-runs/{run_id}/payloads": _READS,
    "GET /sync-runs/{run_id}/payloads/{payload_id}": _READS,
    "GET /sync-runs/{run_id}/children": _READS,
    "GET /sync-runs/{run_id}/stream": _READS,
    "POST /sync-runs/{run_id}/cancel": _SYNCS,
    "POST /sync-runs/{run_id}/resume": _SYNCS,
    "POST /sync-runs/{run_id}/retry": _SYNCS,
    "POST /sync-runs/{run_id}/undo": _UNDOES,
    "POST /connections": _LINKS,
    "GET /connections": _SEES_ALL,
    "GET /connections/{connection_id}": _SEES_ALL,
    "PATCH /connections/{connection_id}": _LINKS,
    "DELETE /connections/{connection_id}": _LINKS,
    "POST /connections/{connection_id}/sign-in": _IN_PERSON,
    "GET /connections/sign-in/callback": _PUBLIC,
    "GET /connections/{connection_id}/calendars": _LINKS,
    "POST /connections/{connection_id}/calendars": _LINKS,
    "GET /connectors": _SEES_ALL,
    "GET /alerts": _READS,
    "GET /audit": _AUDITS,
    "GET /privacy/guests/{guest_id}/export": _PERSONS,
    "POST /privacy/guests/{guest_id}/erasure": _PERSONS,
    "GET /privacy/guests/{guest_id}/consents": _SEES_ALL,
    "POST /privacy/guests/{guest_id}/consents": _SELLS_ALL,
    "POST /privacy/consents/{consent_id}/withdraw": _SELLS_ALL,
    "GET /privacy/erasures": _PERSONS,
    "POST /units": _SHAPES,
    "GET /units": _READS,
    "GET /units/{unit_id}": _READS,
    "PATCH /units/{unit_id}": _SHAPES,
    "DELETE /units/{unit_id}": _SHAPES,
    "POST /unit-types": _SHAPES,
    "GET /unit-types": _READS,
    "GET /unit-types/{unit_type_id}": _READS,
    "PATCH /unit-types/{unit_type_id}": _SHAPES,
    "DELETE /unit-types/{unit_type_id}": _SHAPES,
    "POST /properties": _SHAPES,
    "GET /properties": _READS,
    "GET /properties/{property_id}": _READS,
    "PATCH /properties/{property_id}": _SHAPES,
    "DELETE /properties/{property_id}": _SHAPES,
    "POST /auth/login": _PUBLIC,
    "POST /auth/refresh": _PUBLIC,
    "POST /auth/logout": _PUBLIC,
    "GET /auth/me": _OWN,
    "PATCH /auth/me": _OWN,
    "GET /auth/me/export": _OWN,
    "POST /auth/password-reset": _PUBLIC,
    "POST /auth/password-reset/confirm": _PUBLIC,
    "POST /auth/register": _PUBLIC,
    "POST /auth/register/confirm": _PUBLIC,
    "GET /auth/google": _PUBLIC,
    "GET /auth/google/callback": _PUBLIC,
    "GET /my/bookings": _OWN,
    "POST /organization/invitations": _RULES,
    "GET /organization/invitations": _RULES,
    "DELETE /organization/invitations/{invitation_id}": _RULES,
    "POST /invitations/accept": _PUBLIC,
    "GET /organization/members": _RULES,
    "GET /organization/members/{member_id}": _RULES,
    "PATCH /organization/members/{member_id}": _RULES,
    "DELETE /organization/members/{member_id}": _RULES,
    "POST /api-keys": _RULES,
    "GET /api-keys": _RULES,
    "GET /api-keys/{key_id}": _RULES,
    "PATCH /api-keys/{key_id}": _RULES,
    "DELETE /api-keys/{key_id}": _RULES,
}

_AT_THE_ROOT: Mapping[str, Right] = {
    "POST /webhooks/{slug}": _PUBLIC,
    "GET /livez": _PUBLIC,
    "GET /readyz": _PUBLIC,
    "GET /metrics": _PUBLIC,
}


def by_endpoint(
    routers: Iterable[tuple[str, APIRouter]],
) -> dict[tuple[str, Callable[..., Any]], tuple[str, Right]]:
    """The rows by what a request finds of its route: method and endpoint; and the operation's name."""
    found = {}
    for prefix, router in routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                operation = f"{method} {prefix}{route.path}"
                if operation in RIGHTS:
                    found[method, route.endpoint] = operation, RIGHTS[operation]
    return found


def _full(operation: str) -> str:
    method, path = operation.split(" ")
    return f"{method} {V1}{path}"


RIGHTS: Mapping[str, Right] = {
    **{_full(operation): right for operation, right in _OPERATIONS.items()},
    **_AT_THE_ROOT,
}
"""By "GET /api/v1/bookings/{booking_id}": method and path as OpenAPI writes them"""
