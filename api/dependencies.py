"""Who is asking: the caller of a request, their role, and the one way to the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor
from hub.errors import NotAllowed, NotSignedIn
from hub.models.organizations import ROLES
from hub.queries import callers
from hub.services import tokens
from sync.runtime import Runtime

T = TypeVar("T")

RECHECK_AFTER = timedelta(minutes=1)
MOST_REMEMBERED = 10_000


class Memberships:
    """The roles of members as last read; read again after a minute, so that a dismissal counts by then."""

    def __init__(self) -> None:
        self._seen: dict[UUID, tuple[UUID, str, datetime]] = {}

    def known(self, organization_id: UUID, member_id: UUID, now: datetime) -> str | None:
        """The member's role if it was read within the last minute."""
        owner, role, at = self._seen.get(member_id, (None, None, now))
        return role if owner == organization_id and now - at < RECHECK_AFTER else None

    def remember(self, organization_id: UUID, member_id: UUID, role: str, now: datetime) -> None:
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[member_id] = (organization_id, role, now)

    def forget(self, member_id: UUID) -> None:
        """Read it again at the next request: this member was just changed."""
        self._seen.pop(member_id, None)


@dataclass(slots=True)
class Caller:
    """A member of an organization, as of their token; `transact` asks whether they still are one."""

    organization_id: UUID
    member_id: UUID
    role: str
    request_id: str | None
    runtime: Runtime
    memberships: Memberships
    floor: str = field(default=ROLES[0])
    """The least role that this request needs"""

    @property
    def actor(self) -> Actor:
        return Actor("member", self.member_id, request_id=self.request_id)

    def require(self, role: str) -> Caller:
        """NotAllowed unless the caller's role is this one or above it."""
        self.floor = max(self.floor, role, key=ROLES.index)
        _reaches(self.role, self.floor)
        return self

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction of the caller's organization, again if it lost a race."""

        def checked(session: Session) -> T:
            self._still_a_member(session)
            return work(session)

        return self.runtime.database.transact(self.organization_id, checked, self.actor)

    def _still_a_member(self, session: Session) -> None:
        now = clock.now()
        role = self.memberships.known(self.organization_id, self.member_id, now)
        if role is None:
            role = callers.role_of(session, self.member_id)
            if role is None:
                raise NotSignedIn.because("not_a_member", "you are no longer a member; ask an admin")
            self.memberships.remember(self.organization_id, self.member_id, role, now)
        _reaches(role, self.floor)


bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="The access token of auth/login and auth/refresh",
)


def runtime_of(request: Request) -> Runtime:
    """What this process works with."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def at_least(role: str) -> Callable[..., Any]:
    """A dependency: the caller, in this role or above it."""

    async def caller(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> Caller:
        if credentials is None:
            raise NotSignedIn.because("no_token", "send an access token: Authorization: Bearer ...")
        runtime = runtime_of(request)
        claims = tokens.read_access(runtime.database.vault.token_key, credentials.credentials, clock.now())
        asking = Caller(
            organization_id=claims.organization_id,
            member_id=claims.member_id,
            role=claims.role,
            request_id=request.state.request_id,
            runtime=runtime,
            memberships=request.app.state.memberships,
        )
        return asking.require(role)

    return caller


AnyMember = Annotated[Caller, Depends(at_least("guest"))]
Staff = Annotated[Caller, Depends(at_least("staff"))]
Manager = Annotated[Caller, Depends(at_least("manager"))]
Admin = Annotated[Caller, Depends(at_least("admin"))]


async def _of_process(request: Request) -> Runtime:
    return runtime_of(request)


Anyone = Annotated[Runtime, Depends(_of_process)]
"""No caller at all: only what this process works with, for routes that nobody needs to sign in for"""


def _reaches(role: str, floor: str) -> None:
    if ROLES.index(role) < ROLES.index(floor):
        raise NotAllowed.because("role", f"this needs the role {floor}; yours is {role}")
