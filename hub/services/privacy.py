"""
Everything about one person, and forgetting them.

A guest is one row for each booking; all with the same e-mail address are taken for one person. To forget is
to destroy the key: the bookings and the books stay, and no copy of the data that was ever made can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub import clock
from hub.database import Actor, Database, hub_vault_of, organization_of, vault_of
from hub.errors import Conflict, NotFound
from hub.ids import new_id
from hub.models.privacy import Consent, Erasure, Mail
from hub.models.records import Change
from hub.queries import accounts as accounts_query
from hub.queries import bookings as bookings_query
from hub.queries import guests as guests_query
from hub.queries import privacy as query
from hub.services import (
    accounts,
    addressed,
    bookings,
    changes,
    guests,
    mails,
    outbox,
    snapshots,
    synced_words,
)


@dataclass(frozen=True, slots=True)
class Erased:
    """When a person was forgotten; `guest_ids` are all rows that were about them."""

    guest_ids: tuple[UUID, ...]
    at: datetime
    again: bool
    """They had been forgotten before: nothing was done now"""


def export(session: Session, guest_id: UUID) -> dict[str, Any]:
    """Everything about a guest and whoever has the same e-mail address, as JSON values."""
    rows = guests_query.by_id(session, query.same_person(session, guests_query.one(session, guest_id)))
    booked = query.bookings(session, list(rows))
    told = {
        "exported_at": clock.now().isoformat(),
        "guests": [
            {
                "id": str(guest.id),
                "created_at": guest.created_at.isoformat(),
                **_fields(guests.read(session, guest)),
            }
            for guest in rows.values()
        ],
        "bookings": [
            {
                "id": str(booking.id),
                "guest_id": str(booking.guest_id),
                "property_id": str(booking.property_id),
                "created_at": booking.created_at.isoformat(),
                **snapshots.booking(booking, bookings_query.items(session, [booking.id])),
                "cancel_reason": bookings.cancel_reason(session, booking),
            }
            for booking in booked
        ],
        "consents": [_consent(one) for one in query.consents(session, guest_ids=list(rows))],
        "mails": [_mail(session, one) for one in query.mails(session, guest_ids=list(rows))],
        "calendars": synced_words.shown(session, [booking.id for booking in booked]),
        "changes": [
            _change(one) for one in query.changes(session, [*rows, *(booking.id for booking in booked)])
        ],
    }
    changes.record(session, "export", guest_id, "done", for_id=guest_id)
    return told


def erase(session: Session, guest_id: UUID, *, force: bool = False) -> Erased:
    """
    Forget a guest, in every row that is about them; a second time does nothing.

    Conflict while a stay of theirs is not over, unless `force` says that it must be now.
    """
    if before := query.erased(session, guest_id):
        return Erased((guest_id,), before.at, again=True)
    person = query.same_person(session, guests_query.one(session, guest_id))
    now = clock.now()
    for one in person:
        guests_query.locked(session, one)
    stay = query.not_over(session, person, now)
    if stay is not None and not force:
        raise Conflict.because(
            "stay_not_over",
            f"booking {stay.reference} of this guest is not over: it ends on {stay.ends_at:%Y-%m-%d}",
            booking_id=str(stay.id),
        )
    for one in person:
        erase_row(session, one)
    return Erased(person, now, again=False)


def erase_row(session: Session, guest_id: UUID) -> None:
    """Forget what one row says, whoever else may be the same person."""
    carry_out(session, guest_id, clock.now())
    changes.record(session, "erasure", guest_id, "done", for_id=guest_id)


def carry_out(session: Session, guest_id: UUID, at: datetime) -> None:
    """What an erasure does, now or on a backup that was restored."""
    booked = [one.id for one in query.bookings(session, [guest_id])]
    query.forget_guest(session, guest_id)
    synced_words.forget(session, booked)
    outbox.shown_changed(session, booking_ids=booked)
    session.add(Erasure(organization_id=organization_of(session), id=new_id(), guest_id=guest_id, at=at))
    session.flush()


def export_account(database: Database, account_id: UUID, actor: Actor) -> dict[str, Any]:
    """Everything about somebody who signs in, in all organizations. Opens a transaction for each."""
    with database.unit_of_work(None) as session:
        organizations = query.organizations_of_account(session, account_id)
        providers = query.providers(session, account_id)
    if not organizations:
        raise NotFound.because("not_found", "there is no such account")
    account: dict[str, Any] = {}
    acts_for = []
    for organization_id in organizations:
        with database.unit_of_work(organization_id, actor) as session:
            row = accounts_query.account(session, account_id)
            person = accounts.read(session, row)
            account = {
                "id": str(row.id),
                "email": person.email,
                "name": person.name,
                "preferences": row.preferences,
                "signs_in_with": list(providers),
                "created_at": row.created_at.isoformat(),
            }
            acts_for.append(_as_member(session, account_id))
            changes.record(session, "export", account_id, "done", for_id=account_id)
    return {"exported_at": clock.now().isoformat(), "account": account, "organizations": acts_for}


def erase_account(database: Database, account_id: UUID, actor: Actor) -> Erased:
    """
    Forget somebody who signs in, in all organizations; a second time does nothing.

    What was written to the address goes in every organization of the hub, and goes first: afterwards nothing
    knows the address any more. Conflict where an organization would be left without an admin.
    """
    with database.unit_of_work(None) as session:
        organizations = query.organizations_of_account(session, account_id)
    if not organizations:
        raise NotFound.because("not_found", "there is no such account")
    left, now, email, index = [], clock.now(), "", b""
    for organization_id in organizations:
        with database.unit_of_work(organization_id) as session:
            if before := query.erased_account(session, account_id):
                now = before.at
                continue
            left.append(organization_id)
            _another_admin(session, account_id)
            row = accounts_query.account(session, account_id)
            email, index = accounts.read(session, row).email, bytes(row.email_index)

    def work(session: Session) -> None:
        addressed.forget(session, [index])  # also what was written since
        carry_out_account(session, account_id, now, email)
        changes.record(session, "erasure", account_id, "done", for_id=account_id)

    if left:
        addressed.forget_everywhere(database, [index], actor)
    for organization_id in left:
        database.transact(organization_id, work, actor)
    return Erased((), now, again=not left)


def carry_out_account(session: Session, account_id: UUID, at: datetime, email: str = "") -> None:
    """What it does in one organization, and, the first time, to the account itself."""
    vault, organization_id = vault_of(session), organization_of(session)
    invited = vault.blind_index("invited", email, organization_id) if email else None
    query.forget_what_was_written(session, account_id, invited)
    nobody = hub_vault_of(session).blind_index("nobody", str(account_id))
    query.forget_account(session, account_id, nobody, at)
    session.add(Erasure(organization_id=organization_id, id=new_id(), account_id=account_id, at=at))
    session.flush()


def forget_again(session: Session, guest_id: UUID | None, account_id: UUID | None, at: datetime) -> bool:
    """On a backup that was restored: whether it held somebody who was forgotten since."""
    if guest_id is not None:
        known = guests_query.by_id(session, [guest_id])
        if not known or query.erased(session, guest_id):
            return False
        carry_out(session, guest_id, at)
    else:
        assert account_id is not None, "an erasure is somebody's"
        if not accounts_query.accounts(session, [account_id]) or query.erased_account(session, account_id):
            return False
        email = accounts.read(session, accounts_query.account(session, account_id)).email
        carry_out_account(session, account_id, at, email)
    person = guest_id or account_id
    assert person is not None
    changes.record(session, "erasure", person, "done", for_id=person)
    return True


def _another_admin(session: Session, account_id: UUID) -> None:
    admins = [member.account_id for member in accounts_query.active_with_role(session, "admin")]
    if admins == [account_id]:
        raise Conflict.because("last_admin", "an organization keeps at least one admin; make another first")


def _as_member(session: Session, account_id: UUID) -> dict[str, Any]:
    organization = accounts_query.organization(session)
    member = accounts_query.member_of_account(session, account_id)
    assert member is not None, "the organization was found by the membership"
    return {
        "id": str(organization.id),
        "name": organization.name,
        "role": member.role,
        "created_at": member.created_at.isoformat(),
        "deactivated_at": _text(member.deactivated_at),
        "consents": [_consent(one) for one in query.consents(session, account_id=account_id)],
        "mails": [_mail(session, one) for one in query.mails(session, account_id=account_id)],
        "changes": [_change(one) for one in query.changes(session, [account_id, member.id], by=member.id)],
    }


def _fields(known: guests.GuestFields | None) -> dict[str, Any]:
    if known is None:
        return {"name": None, "email": None, "phone": None, "note": None, "erased": True}
    fields = {"name": known.name, "email": known.email, "phone": known.phone, "note": known.note}
    return {**fields, "erased": False}


def _consent(row: Consent) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "purpose": row.purpose,
        "text_version": row.text_version,
        "given_at": row.given_at.isoformat(),
        "withdrawn_at": _text(row.withdrawn_at),
    }


def _mail(session: Session, row: Mail) -> dict[str, Any]:
    letter = mails.without_secrets(mails.read(session, row))
    return {
        "kind": row.kind,
        "to": letter.to,
        "subject": letter.subject,
        "text": letter.text,
        "created_at": row.created_at.isoformat(),
        "sent_at": _text(row.sent_at),
    }


def _change(row: Change) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "entity": row.entity,
        "entity_id": str(row.entity_id),
        "action": row.action,
        "before": row.before,
        "after": row.after,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
