"""POST, GET, DELETE organization/invitations; POST invitations/accept."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Admin, Anyone
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.invitations import (
    NEW_INVITATION,
    Acceptance,
    InvitationOut,
    NewInvitation,
    NewInvitationOut,
)
from api.visitors import Visitor
from hub import clock
from hub.queries import ways_in
from hub.services import invitations

router = APIRouter(tags=["members"])

INVITATION: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be131",
    **NEW_INVITATION,
    "invited_by": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
    "created_at": "2026-11-21T12:00:00Z",
    "expires_at": "2026-11-28T12:00:00Z",
    "accepted_at": None,
    "revoked_at": None,
}
LINK = {"link": "https://hub.example.com/invitations/Yk3o8Z1W0c5tq2yH7nVJ4aLrD9eXsB6mUfKgPiTzQwE"}


@router.post(
    "/organization/invitations",
    status_code=201,
    summary="Invite somebody to act for the organization",
    response_model=NewInvitationOut,
    responses=example(201, INVITATION | LINK, "Invited"),
)
def create(caller: Admin, body: NewInvitation, once: Idempotent) -> Response:
    """
    The link is shown once, to you, and kept as mail to them. Whether they have an account already is not
    said. An earlier invitation of the same person is good no more.
    """
    base_url = caller.runtime.settings.base_url

    def work(session: Session) -> Answer:
        invited = invitations.invite(session, body.person, body.role.value, body.property_ids, base_url)
        return Answer(NewInvitationOut.of_new(invited))

    return once.create(caller, work)


@router.get(
    "/organization/invitations",
    summary="List invitations",
    responses=example(200, {"items": [INVITATION], "next_cursor": None}),
)
def page(
    caller: Admin,
    paging: Paged,
    closed: Annotated[bool, Query(description="Also those accepted, revoked or run out")] = False,
) -> Page[InvitationOut]:
    """The first one first."""

    def work(session: Session) -> Page[InvitationOut]:
        rows = ways_in.invitations(session, paging.fetch, paging.after, clock.now(), closed=closed)
        return Page(
            items=[InvitationOut.of(row, invitations.read(session, row)) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.created_at, row.id)),
        )

    return caller.transact(work)


@router.delete(
    "/organization/invitations/{invitation_id}",
    status_code=204,
    summary="Revoke an invitation",
    responses=documented(409),
)
def revoke(caller: Admin, invitation_id: UUID) -> None:
    """Not once it was accepted: then deactivate the member."""
    caller.transact(lambda session: invitations.revoke(session, invitation_id))


@router.post("/invitations/accept", status_code=204, summary="Accept an invitation")
def accept(runtime: Anyone, visitor: Visitor, body: Acceptance) -> None:
    """
    Who has no account yet gets one, with the password. An account that exists joins only by its present
    password, and keeps it and its name; with another one nothing happens. The answer is the same in each
    case.
    """
    invitations.accept(runtime.database, body.token, body.name, body.password, visitor)
