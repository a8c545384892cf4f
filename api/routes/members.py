"""GET, PATCH, DELETE organization/members; they come by invitations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.dependencies import Admin
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.members import MemberOut, MemberPatch
from hub.models.organizations import Member
from hub.queries import accounts as query
from hub.services import accounts, organizations

router = APIRouter(prefix="/organization/members", tags=["members"])

MEMBER: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be121",
    "email": "sam@example.com",
    "name": "Sam Staff",
    "role": "staff",
    "property_ids": [],
    "created_at": "2026-11-21T12:00:00Z",
    "deactivated_at": None,
}


@router.get("", summary="List members", responses=example(200, {"items": [MEMBER], "next_cursor": None}))
def page(
    caller: Admin,
    paging: Paged,
    deactivated: Annotated[bool, Query(description="Also those who may not act any more")] = False,
    guests: Annotated[bool, Query(description="Also guests who registered themselves")] = False,
) -> Page[MemberOut]:
    """The first one first."""

    def work(session: Session) -> Page[MemberOut]:
        rows = query.page(session, paging.fetch, paging.after, deactivated=deactivated, guests=guests)
        return Page(
            items=_told(session, shown(rows, paging)),
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.get("/{member_id}", summary="Show a member", responses=example(200, MEMBER))
def one(caller: Admin, member_id: UUID) -> MemberOut:
    return caller.transact(lambda session: _told(session, [query.member(session, member_id)])[0])


@router.patch(
    "/{member_id}",
    summary="Change what a member may do",
    responses={**example(200, MEMBER), **documented(409)},
)
def change(caller: Admin, member_id: UUID, body: MemberPatch) -> MemberOut:
    """The organization keeps at least one admin."""
    role = body.role.value if body.role else None

    def work(session: Session) -> MemberOut:
        return _told(session, [organizations.change(session, member_id, role, body.property_ids)])[0]

    told = caller.transact(work)
    caller.memberships.forget(member_id)
    return told


@router.delete("/{member_id}", status_code=204, summary="Deactivate a member", responses=documented(409))
def deactivate(caller: Admin, member_id: UUID) -> None:
    """They are signed out of this organization, and only of this one."""
    caller.transact(lambda session: organizations.deactivate(session, member_id))
    caller.memberships.forget(member_id)


def _told(session: Session, rows: Sequence[Member]) -> list[MemberOut]:
    people = query.accounts(session, [row.account_id for row in rows])
    limited = query.property_ids(session, [row.id for row in rows])
    return [
        MemberOut.of(row, accounts.read(session, people[row.account_id]), limited.get(row.id, ()))
        for row in rows
    ]
