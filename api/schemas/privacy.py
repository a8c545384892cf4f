"""Exports, erasures and consents as clients send and see them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.common import In, Out, UtcInstant
from hub.models.privacy import Consent, Erasure
from hub.services.privacy import Erased

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]

GUEST_ID = "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be106"
CONSENT: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be131",
    "guest_id": GUEST_ID,
    "purpose": "newsletter",
    "text_version": "2026-11",
    "given_at": "2026-11-21T12:00:00Z",
    "withdrawn_at": None,
}
ERASED: dict[str, Any] = {"guest_ids": [GUEST_ID], "at": "2026-11-21T12:00:00Z", "again": False}
ERASURE: dict[str, Any] = {
    "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be132",
    "guest_id": GUEST_ID,
    "account_id": None,
    "at": "2026-11-21T12:00:00Z",
}
EXPORTED: dict[str, Any] = {
    "exported_at": "2026-11-21T12:00:00+00:00",
    "guests": [
        {
            "id": GUEST_ID,
            "created_at": "2026-11-20T09:30:00+00:00",
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            "phone": "+34600123456",
            "note": None,
            "erased": False,
        }
    ],
    "bookings": [],
    "consents": [],
    "mails": [],
    "calendars": [],
    "changes": [],
}
EXPORTED_ACCOUNT: dict[str, Any] = {
    "exported_at": EXPORTED["exported_at"],
    "account": {
        "id": "0198c2f0-6c1e-7b7a-9f00-3d2c5a9be120",
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "preferences": {},
        "signs_in_with": [],
        "created_at": "2026-11-20T09:30:00+00:00",
    },
    "organizations": [],
}


class ErasureIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"force": False}]})

    force: bool = Field(False, description="Although a stay is not over; for admins alone")


class ErasedOut(Out):
    guest_ids: list[UUID] = Field(description="All rows that were about this person")
    at: UtcInstant
    again: bool = Field(description="They had been erased before: nothing was done now")

    @classmethod
    def of(cls, erased: Erased) -> ErasedOut:
        return cls(guest_ids=list(erased.guest_ids), at=erased.at, again=erased.again)


class ErasureOut(Out):
    id: UUID
    guest_id: UUID | None
    account_id: UUID | None
    at: UtcInstant

    @classmethod
    def of(cls, row: Erasure) -> ErasureOut:
        return cls(id=row.id, guest_id=row.guest_id, account_id=row.account_id, at=row.at)


class ConsentIn(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"purpose": "newsletter", "text_version": "2026-11"}]}
    )

    purpose: Word = Field(description="For what: newsletter, marketing ...")
    text_version: Word = Field(description="Which version of the text they were shown")


class ConsentOut(Out):
    id: UUID
    guest_id: UUID | None
    purpose: str
    text_version: str
    given_at: UtcInstant
    withdrawn_at: UtcInstant | None

    @classmethod
    def of(cls, row: Consent) -> ConsentOut:
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class Exported(Out):
    """Everything about a guest, in rows that are about the same person."""

    exported_at: str
    guests: list[dict[str, Any]]
    bookings: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    mails: list[dict[str, Any]]
    calendars: list[dict[str, Any]]
    changes: list[dict[str, Any]]


class ExportedAccount(Out):
    """Everything about somebody who signs in."""

    exported_at: str
    account: dict[str, Any]
    organizations: list[dict[str, Any]]
