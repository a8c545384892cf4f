"""GET my/bookings."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session

from api.callers import Caller
from api.dependencies import AnyMember
from api.openapi import example
from api.pagination import Page, Paged, next_cursor, shown
from api.schemas.my import MY_BOOKING, MyBooking
from hub.models.bookings import BookingItem
from hub.queries import accounts as account_query
from hub.queries import bookings as query
from hub.queries.bookings import BookingFilter
from hub.services import accounts, guests

router = APIRouter(prefix="/my", tags=["guests"])


@router.get(
    "/bookings",
    summary="List my own bookings",
    responses=example(200, {"items": [MY_BOOKING], "next_cursor": None}),
)
def page(caller: AnyMember, paging: Paged) -> Page[MyBooking]:
    """Those made for the address of your account, which you have proved, at this organization."""

    def work(session: Session) -> Page[MyBooking]:
        wanted = BookingFilter(email_index=_proven_address(session, caller))
        rows = query.page(session, wanted, paging.fetch, paging.after)
        items: dict[object, list[BookingItem]] = {row.id: [] for row in rows}
        for item in query.items(session, [row.id for row in rows]):
            items[item.booking_id].append(item)
        return Page(
            items=[MyBooking.of(row, items[row.id]) for row in shown(rows, paging)],
            next_cursor=next_cursor(rows, paging, lambda row: (row.starts_at, row.id)),
        )

    return caller.transact(work)


def _proven_address(session: Session, caller: Caller) -> bytes:
    member = account_query.member(session, caller.person)
    account = account_query.account(session, member.account_id)
    accounts.require_proven(account)
    return guests.email_index(session, accounts.read(session, account).email)
