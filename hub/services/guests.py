"""The person on a booking: sealed, and found again by keyed hashes of e-mail and phone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from hub import clock
from hub.database import organization_of, vault_of
from hub.errors import Refused
from hub.ids import new_id
from hub.models.bookings import Guest


@dataclass(frozen=True, slots=True)
class GuestFields:
    """What we know of a guest; everything but the name may be unknown."""

    name: str
    email: str | None = None
    phone: str | None = None
    """International form, +34 600 123 456"""
    note: str | None = None


def new(session: Session, fields: GuestFields) -> Guest:
    """A guest whom the caller has yet to add."""
    guest = Guest(organization_id=organization_of(session), id=new_id(), created_at=clock.now())
    write(session, guest, fields)
    return guest


def write(session: Session, guest: Guest, fields: GuestFields) -> None:
    """Seal the fields into the row; Refused, naming the field, where one cannot be true."""
    clean = normalized(fields)
    guest.sealed = vault_of(session).seal(asdict(clean))
    guest.email_index = email_index(session, clean.email) if clean.email else None
    guest.phone_index = phone_index(session, clean.phone) if clean.phone else None


def read(session: Session, guest: Guest) -> GuestFields:
    return GuestFields(**vault_of(session).open(guest.sealed))


def normalized(fields: GuestFields) -> GuestFields:
    name = fields.name.strip()
    if not name:
        raise Refused.because("required", "a guest needs a name", "guest.name")
    return replace(
        fields,
        name=name,
        email=email(fields.email, "guest.email") if fields.email else None,
        phone=phone(fields.phone, "guest.phone") if fields.phone else None,
    )


def email(address: str, field: str) -> str:
    """An address in its one normal form, in lower case; whether it receives mail is not asked."""
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Refused.because("invalid_email", f"this is no e-mail address: {error}", field) from None


def phone(number: str, field: str) -> str:
    """E.164, so that every way of writing a number is found."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        raise Refused.because(
            "invalid_phone", "write the phone number with its country: +34 600 123 456", field
        ) from None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def email_index(session: Session, address: str) -> bytes:
    return vault_of(session).blind_index("email", address.lower(), organization_of(session))


def phone_index(session: Session, number: str) -> bytes:
    return vault_of(session).blind_index("phone", number, organization_of(session))
