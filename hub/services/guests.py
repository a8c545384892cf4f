"""
The person on a booking: sealed under a key of their own, and found by keyed hashes of what is known of them.

Whoever is forgotten loses the key; the row stays for the bookings, and nobody can read it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub import clock
from hub.database import organization_of, vault_of
from hub.domain import names
from hub.errors import Refused
from hub.ids import new_id
from hub.models.base import Base
from hub.models.bookings import Guest
from hub.models.keys import GuestKey
from hub.models.privacy import GuestWord
from hub.queries import guests as query
from hub.vault import new_key, of_person, open_for, seal_for


@dataclass(frozen=True, slots=True)
class GuestFields:
    """What we know of a guest; everything but the name may be unknown."""

    name: str
    email: str | None = None
    phone: str | None = None
    """International form, +34 600 123 456"""
    note: str | None = None


_OPENED = "opened keys of guests"


def new(session: Session, fields: GuestFields) -> Guest:
    """A guest whom the caller has yet to write, with all that `rows` says."""
    guest = Guest(organization_id=organization_of(session), id=new_id(), created_at=clock.now())
    _seal(session, guest, normalized(fields), _new_key(session, guest))
    return guest


def rows(session: Session, guest: Guest) -> list[Base]:
    """All that is to be written of a new guest."""
    fields = read(session, guest)
    assert fields, "a new guest has not been forgotten"
    assert guest.key
    return [guest, guest.key, *_words(session, guest, fields)]


def write(session: Session, guest: Guest, fields: GuestFields) -> None:
    """Seal the fields into a row that is kept; Refused, naming the field, where one cannot be true."""
    clean = normalized(fields)
    key = guest.key
    if key is None:
        key = _new_key(session, guest)
        session.add(key)
    _seal(session, guest, clean, key)
    query.forget_words(session, guest.id)
    session.add_all(_words(session, guest, clean))


def give_key(session: Session, guest: Guest) -> None:
    """To who was written before guests had keys of their own; their name is found from now on."""
    fields = read(session, guest)
    if fields is None or guest.key is not None:
        return
    key = _new_key(session, guest)
    session.add(key)
    _seal(session, guest, fields, key)
    query.forget_words(session, guest.id)
    session.add_all(_words(session, guest, fields))


def read(session: Session, guest: Guest) -> GuestFields | None:
    """None where the person was forgotten."""
    if not guest.sealed:
        return None
    if not of_person(guest.sealed):  # written before persons had keys
        return GuestFields(**vault_of(session).open(guest.sealed))
    if guest.key is None:
        return None
    return GuestFields(**open_for(_opened(session, guest.key), guest.sealed))


def _new_key(session: Session, guest: Guest) -> GuestKey:
    made = new_key()
    key = GuestKey(organization_id=guest.organization_id, id=guest.id, sealed=vault_of(session).seal(made))
    set_committed_value(guest, "key", key)
    session.info.setdefault(_OPENED, {})[key.sealed] = made
    return key


def _opened(session: Session, key: GuestKey) -> str:
    """Once in a transaction: a booking that is made seals, reads and answers."""
    known: dict[bytes, str] = session.info.setdefault(_OPENED, {})
    if key.sealed not in known:
        known[key.sealed] = vault_of(session).open(key.sealed)
    return known[key.sealed]


def _seal(session: Session, guest: Guest, clean: GuestFields, key: GuestKey) -> None:
    guest.sealed = seal_for(_opened(session, key), asdict(clean))
    guest.email_index = email_index(session, clean.email) if clean.email else None
    guest.phone_index = phone_index(session, clean.phone) if clean.phone else None


def _words(session: Session, guest: Guest, fields: GuestFields) -> list[GuestWord]:
    return [
        GuestWord(organization_id=guest.organization_id, guest_id=guest.id, word=word)
        for word in word_indexes(session, fields.name)
    ]


def differing(was: GuestFields | None, now: GuestFields | None) -> list[str]:
    """What became different, for the change log, which says no more of it: guest.email, guest.phone."""
    before, after = asdict(was) if was else {}, asdict(now) if now else {}
    return [f"guest.{name}" for name, value in after.items() if before.get(name) != value]


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


def word_indexes(session: Session, name: str) -> tuple[bytes, ...]:
    """Keyed hashes of the words of a name, each once."""
    vault, organization_id = vault_of(session), organization_of(session)
    return tuple(vault.blind_index("name", word, organization_id) for word in names.words(name))
