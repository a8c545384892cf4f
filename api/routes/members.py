"""CRUD organization/members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Admin
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.members import NEW_MEMBER, MemberOut, MemberPatch, NewMemberIn
from hub.models.organizations import Member
from hub.queries import accounts as query
from hub.services import accounts, organizations

router = APIRouter(prefix="/organization/members", tags=["members"])

MEMBER: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be121",
    "email": NEW_MEMBER["email"],
    "name": NEW_MEMBER["name"],
    "role": NEW_MEMBER["role"],
    "created_at": "2026-11-21T12:00:00Z",
    "deactivated_at": None,
}


@router.post(
    "",
    status_code=201,
    summary="Let somebody act for the organization",
    response_model=MemberOut,
    responses=example(201, MEMBER, "Added"),
)
def create(caller: Admin, body: NewMemberIn, once: Idempotent) -> Response:
    """Somebody new gets an account with this password; somebody who was deactivated comes back."""

    def work(session: Session) -> Answer:
        row = organizations.add(session, body.request())
        headers = {"Location": f"/api/v1/organization/members/{row.id}"}
        return Answer(_told(session, [row])[0], headers=headers)

    return once.create(caller, work)


@router.get("", summary="List members", responses=example(200, {"items": [MEMBER], "next_cursor": None}))
def page(
    caller: Admin,
    paging: Paged,
    deactivated: Annotated[bool, Query(description="Also those who may not act any more")] = False,
) -> Page[MemberOut]:
    """The first one first."""

    def work(session: Session) -> Page[MemberOut]:
        rows = query.page(session, paging.fetch, paging.after, deactivated=deactivated)
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
    summary="Give a member another role",
    responses={**example(200, MEMBER), **documented(409)},
)
def change(caller: Admin, member_id: UUID, body: MemberPatch) -> MemberOut:
    """The organization keeps at least one admin."""
    told = caller.transact(
        lambda session: _told(session, [organizations.change_role(session, member_id, body.role.value)])[0]
    )
    caller.memberships.forget(member_id)
    return told


@router.delete("/{member_id}", status_code=204, summary="Deactivate a member", responses=documented(409))
def deactivate(caller: Admin, member_id: UUID) -> None:
    """They are signed out of this organization, and only of this one."""
    caller.transact(lambda session: organizations.deactivate(session, member_id))
    caller.memberships.forget(member_id)


def _told(session: Session, rows: Sequence[Member]) -> list[MemberOut]:
    people = query.accounts(session, [row.account_id for row in rows])
    return [MemberOut.of(row, accounts.read(session, people[row.account_id])) for row in rows]
