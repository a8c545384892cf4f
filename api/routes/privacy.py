"""GET privacy/guests/{id}/export, auth/me/export; POST erasure; consents."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import Signed
from api.idempotency import Answer, Idempotent
from api.openapi import documented, example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.privacy import (
    CONSENT,
    ERASED,
    ERASURE,
    EXPORTED,
    EXPORTED_ACCOUNT,
    ConsentIn,
    ConsentOut,
    ErasedOut,
    ErasureIn,
    ErasureOut,
    Exported,
    ExportedAccount,
)
from hub.errors import NotAllowed
from hub.models.organizations import ROLES
from hub.queries import accounts as accounts_query
from hub.queries import guests as guests_query
from hub.queries import privacy as query
from hub.services import accounts, consents, privacy

router = APIRouter(tags=["privacy"])


@router.get(
    "/privacy/guests/{guest_id}/export",
    summary="Everything about a guest",
    responses=example(200, EXPORTED),
)
def export_guest(caller: Signed, guest_id: UUID) -> Exported:
    """And about every guest with the same e-mail address, who is taken for the same person."""
    return Exported(**caller.transact(lambda session: privacy.export(session, guest_id)))


@router.post(
    "/privacy/guests/{guest_id}/erasure",
    summary="Forget a guest",
    responses={**example(200, ERASED), **documented(409)},
)
def erase(caller: Signed, guest_id: UUID, body: ErasureIn) -> ErasedOut:
    """
    Their key is destroyed, so that nothing that was kept of them can be read, in backups neither. Bookings
    stay, without the person. A second time does nothing. Refused while a stay is not over, unless an admin
    forces it.
    """

    def work(session: Session) -> ErasedOut:
        if body.force and (caller.role is None or ROLES.index(caller.role) < ROLES.index("admin")):
            raise NotAllowed.because("role", "only an admin may force an erasure", "force")
        return ErasedOut.of(privacy.erase(session, guest_id, force=body.force))

    return caller.transact(work)


@router.get(
    "/privacy/guests/{guest_id}/consents",
    summary="What a guest agreed to",
    responses=example(200, [CONSENT]),
)
def consents_of_guest(caller: Signed, guest_id: UUID) -> list[ConsentOut]:
    """The first one first, with those that were withdrawn."""

    def work(session: Session) -> list[ConsentOut]:
        guests_query.one(session, guest_id)
        return [ConsentOut.of(row) for row in query.consents(session, guest_ids=[guest_id])]

    return caller.transact(work)


@router.post(
    "/privacy/guests/{guest_id}/consents",
    status_code=201,
    summary="A guest agrees",
    response_model=ConsentOut,
    responses=example(201, CONSENT, "Noted"),
)
def give_consent(caller: Signed, guest_id: UUID, body: ConsentIn, once: Idempotent) -> Response:
    """What they agreed to already, in the same words, stays as it is."""

    def work(session: Session) -> Answer:
        given = consents.of_guest(session, guest_id, body.purpose, body.text_version)
        return Answer(ConsentOut.of(given))

    return once.create(caller, work)


@router.post(
    "/privacy/consents/{consent_id}/withdraw",
    summary="A guest agrees no more",
    responses=example(200, {**CONSENT, "withdrawn_at": "2026-12-01T08:00:00Z"}),
)
def withdraw_consent(caller: Signed, consent_id: UUID) -> ConsentOut:
    """That it was given stays known. A second time does nothing."""
    return caller.transact(lambda session: ConsentOut.of(consents.withdraw(session, consent_id)))


@router.get(
    "/privacy/erasures",
    summary="Who was forgotten",
    responses=example(200, {"items": [ERASURE], "next_cursor": None}),
)
def erasures(caller: Signed, paging: Paged) -> Page[ErasureOut]:
    """Newest first, by id: nobody knows any more who it was."""

    def work(session: Session) -> Page[ErasureOut]:
        rows = query.erasures(session, paging.fetch, paging.after)
        return Page(
            items=[ErasureOut.of(row) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.at, row.id)),
        )

    return caller.transact(work)


@router.get(
    "/auth/me/export",
    summary="Everything about me",
    responses=example(200, EXPORTED_ACCOUNT),
)
def export_me(caller: Signed) -> ExportedAccount:
    """In every organization for which I act, or acted. Not before my address is proved."""

    def known(session: Session) -> UUID:
        account_id = accounts_query.member(session, caller.person).account_id
        accounts.require_proven(accounts_query.account(session, account_id))
        return account_id

    account_id = caller.transact(known)
    told = privacy.export_account(caller.runtime.database, account_id, caller.actor)
    return ExportedAccount(**told)
