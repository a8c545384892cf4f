"""The caller of a request: a member of an organization, or one of its keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from api.remembered import Memberships
from api.rights import Right, covered
from hub import clock
from hub.database import Actor
from hub.errors import NotAllowed, NotSignedIn
from hub.queries import api_keys, callers
from hub.queries.callers import Standing
from sync.runtime import Runtime

T = TypeVar("T")


@dataclass(slots=True)
class Caller:
    """A member as of their token, or a key; `transact` asks whether a member still is one, and of what."""

    organization_id: UUID
    member_id: UUID | None
    """None for a key"""
    key_id: UUID | None
    role: str | None
    """Of a member, as of their token; within `transact`, as of the last minute"""
    scopes: frozenset[str]
    right: Right
    """What the operation asks for"""
    request_id: str | None
    address: str | None
    runtime: Runtime
    memberships: Memberships
    property_ids: frozenset[UUID] | None = field(default=None)
    """To which a member of the staff is limited, known within `transact`; None for all of them"""

    @property
    def id(self) -> UUID:
        """The member's, or the key's."""
        found = self.member_id or self.key_id
        assert found is not None
        return found

    @property
    def person(self) -> UUID:
        """The member; NotAllowed for a key, which is nobody."""
        if self.member_id is None:
            raise NotAllowed.because("scope", "this is for people; you sent an API key")
        return self.member_id

    @property
    def actor(self) -> Actor:
        kind = "member" if self.member_id else "key"
        return Actor(kind, self.id, request_id=self.request_id, address=self.address)

    def may(self, right: Right) -> bool:
        if self.role is None:
            return right.allows_scopes(self.scopes)
        return right.allows_role(self.role)

    def check(self) -> None:
        """NotAllowed unless the operation's row lets this caller in."""
        self.require(self.right)

    def require(self, right: Right) -> None:
        """NotAllowed unless this caller has the right: for what an operation can come to, beside its own."""
        if self.may(right):
            return
        if self.role is not None:
            raise NotAllowed.because("role", f"this needs the role {right.role}; yours is {self.role}")
        if right.scope is None:
            raise NotAllowed.because("scope", "this is for people; you sent an API key")
        has = ", ".join(sorted(covered(self.scopes)))
        needs = f"{'scopes' if right.besides else 'scope'} {' and '.join(right.scopes)}"
        raise NotAllowed.because("scope", f"this needs the {needs}; the key has {has}")

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction of the caller's organization, again if it lost a race."""

        def checked(session: Session) -> T:
            self._still_may(session)
            return work(session)

        return self.runtime.database.transact(self.organization_id, checked, self.actor)

    def check_key(self, session: Session) -> None:
        """NotSignedIn for a key that was revoked or ran out since it was sent: for what goes on for long."""
        if self.key_id is None:
            return
        row = api_keys.one(session, self.key_id)
        if row.revoked_at is not None or (row.expires_at is not None and clock.now() >= row.expires_at):
            raise NotSignedIn.because("invalid_key", "this key has expired or was revoked")

    def _still_may(self, session: Session) -> None:
        if self.member_id is None:
            return
        standing = self._standing(session, self.member_id)
        self.role, self.property_ids = standing.role, standing.property_ids
        self.check()
        if self.property_ids is not None and self.right.limited:
            callers.limit(session, self.property_ids)

    def _standing(self, session: Session, member_id: UUID) -> Standing:
        now = clock.now()
        anew = self.right.lasting
        standing = None if anew else self.memberships.known(self.organization_id, member_id, now)
        if standing is None:
            standing = callers.standing_of(session, member_id, lock=anew)
            if standing is None:
                raise NotSignedIn.because("not_a_member", "you are no longer a member; ask an admin")
            self.memberships.remember(self.organization_id, member_id, standing, now)
        return standing
