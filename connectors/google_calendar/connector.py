"""The Google Calendar connector: reads and writes one calendar of an account, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from connectors.calendars import Calendar, CalendarEvent, Draft, Missed, Notice, Page, Watch
from connectors.contract import Pulled, Timed, Window
from connectors.errors import ConnectorError, NeedsReconnect, Rejected, Unavailable
from connectors.google_calendar import failures, free_busy, scopes, sign_in, translate, watches
from connectors.google_calendar.client import SLUG, Client
from connectors.google_calendar.settings import Access, GoogleCalendarSettings, Reach, account_of
from connectors.google_calendar.translate import Malformed
from connectors.owners import SignInBeginning
from connectors.transport import Network
from hub import clock

MOST_PAGES = 200
"""Of a list of calendars: a list that never ends is none"""

_T = TypeVar("_T")


class GoogleCalendarConnector:
    slug = SLUG
    title = "Google Calendar"
    settings_model: type[BaseModel] = GoogleCalendarSettings
    secret_fields = frozenset({"refresh_token"})

    def check(self, settings: BaseModel, network: Network) -> None:
        """Ask the calendar itself what it is going to be asked for."""
        own = _own(settings)
        if own.access == Access.FREE_BUSY:
            now = clock.now()
            _busy(own, now, now + timedelta(days=1), network)
        else:
            _seen(Client(own, network).check_calendar(own.calendar_id))

    def check_writable(self, settings: BaseModel, network: Network) -> None:
        """By what a listing says of the account's role there; a write itself would be seen by people."""
        own = _own(settings)
        said = _seen(Client(own, network).check_calendar(own.calendar_id))
        if not translate.writable(said):
            raise Rejected(failures.READ_ONLY, code="read_only")

    # Reading

    def calendar_key(self, settings: BaseModel) -> str:
        return _own(settings).calendar_id.lower()

    def changes(
        self,
        settings: BaseModel,
        cursor: Mapping[str, str] | None,
        page: str | None,
        network: Network,
    ) -> Page:
        own = _own(settings)
        token = cursor.get("syncToken") if cursor else None
        said = _seen(Client(own, network).list_events(own.calendar_id, token, page))
        return _read(lambda: translate.page(said, full=token is None))

    def look(self, settings: BaseModel, event_id: str, network: Network) -> CalendarEvent | None:
        own = _own(settings)
        said = Client(own, network).get_event(own.calendar_id, event_id)
        return None if said is None else _event(said, event_id)

    # Writing

    def event_id(self, item: UUID, incarnation: int) -> str:
        return translate.event_id(item, incarnation)

    def create(
        self, settings: BaseModel, event_id: str, draft: Draft, network: Network
    ) -> CalendarEvent | Missed:
        own = _own(settings)
        said = Client(own, network).insert_event(own.calendar_id, translate.created(event_id, draft))
        return said if isinstance(said, Missed) else _event(said, event_id)

    def replace(
        self, settings: BaseModel, event_id: str, draft: Draft, etag: str, network: Network
    ) -> CalendarEvent | Missed:
        """An update replaces all there is: so what people added is read first, and written again."""
        own = _own(settings)
        client = Client(own, network)
        there = client.get_event(own.calendar_id, event_id)
        if there is None or translate.is_deleted(there):
            return Missed.GONE
        if there.get("etag") != etag:
            return Missed.CHANGED
        said = client.update_event(own.calendar_id, event_id, translate.replaced(there, draft), etag)
        return said if isinstance(said, Missed) else _event(said, event_id)

    def remove(self, settings: BaseModel, event_id: str, etag: str, network: Network) -> Missed | None:
        own = _own(settings)
        if not etag:  # no version, so none that is meant: without If-Match any would be deleted
            return Missed.CHANGED
        return Client(own, network).delete_event(own.calendar_id, event_id, etag)

    # Watching

    def watch(
        self, settings: BaseModel, watch_id: str, token: str, address: str, network: Network
    ) -> Watch | None:
        own = _own(settings)
        at_google = network.application(SLUG).root is None
        if at_google and urlsplit(address).scheme != "https":
            return None
        channel = watches.channel(watch_id, token, address)
        said = Client(own, network).watch_events(own.calendar_id, channel)
        return None if said is None else _read(lambda: watches.opened(said, watch_id, clock.now()))

    def unwatch(self, settings: BaseModel, watch_id: str, resource: str, network: Network) -> None:
        Client(_own(settings), network).stop_channel(watch_id, resource)

    def read_notice(self, headers: Mapping[str, str]) -> Notice | None:
        return watches.notice(headers)

    # Busy times alone

    def busy(
        self, settings: BaseModel, starts_at: datetime, ends_at: datetime, network: Network
    ) -> tuple[Timed, ...]:
        return _busy(_own(settings), starts_at, ends_at, network)

    def pull(
        self,
        settings: BaseModel,
        cursor: Mapping[str, str] | None,
        window: Window,
        zone: ZoneInfo,
        network: Network,
    ) -> Pulled:
        """Only with access free_busy; elsewhere it would show us our own events as if they were others'."""
        own = _own(settings)
        if own.access != Access.FREE_BUSY:
            raise Rejected("this calendar is read event by event, not as busy times", code="settings")
        periods = _busy(own, *free_busy.edges(window, zone), network)
        known_by = {"digest": free_busy.digest(own.calendar_id, window, zone, periods)}
        unchanged = cursor is not None and dict(cursor) == known_by
        return Pulled(
            events=() if unchanged else free_busy.events(periods, zone),
            cursor=known_by,
            full=True,
            unchanged=unchanged,
            source="google",
            returns_ours=False,
        )

    # The owner's account

    def uses_operator(self, settings: BaseModel | Mapping[str, object], *, complete: bool = True) -> bool:
        account = account_of(settings if isinstance(settings, Mapping) else _own(settings))
        return bool(account.subject) or (complete and not account.refresh_token)

    @property
    def scopes(self) -> Mapping[str, str]:
        return scopes.SCOPES

    def begin_sign_in(
        self, settings: Mapping[str, object], redirect_uri: str, network: Network
    ) -> SignInBeginning:
        return sign_in.begin(settings, redirect_uri, network)

    def finish_sign_in(
        self,
        settings: Mapping[str, object],
        code: str,
        verifier: str,
        redirect_uri: str,
        network: Network,
    ) -> Mapping[str, object]:
        return sign_in.finish(settings, code, verifier, redirect_uri, network)

    def calendars(self, settings: Mapping[str, object], network: Network) -> tuple[Calendar, ...]:
        """With the reach created there are none to choose from: Google does not let us list them."""
        account = account_of(settings)
        if account.reach == Reach.CREATED:
            return ()
        client = Client(account, network)
        return _read(lambda: tuple(map(translate.calendar, _listed(client))))

    def make_calendar(
        self, settings: Mapping[str, object], name: str, time_zone: str, network: Network
    ) -> Calendar:
        account = account_of(settings)
        if not (account.refresh_token or account.subject):
            raise Rejected(
                "the hub's service account would own a calendar that it creates for good: sign in with the "
                "account whose calendar it is to be, or name the person on whose behalf it is created",
                code="no_owner",
            )
        said = Client(account, network).insert_calendar(name, time_zone)
        return _read(lambda: translate.calendar(said))


def _own(settings: BaseModel) -> GoogleCalendarSettings:
    if not isinstance(settings, GoogleCalendarSettings):
        raise TypeError(f"the Google Calendar connector was given {type(settings).__name__}")
    return settings


def _read(reading: Callable[[], _T]) -> _T:
    try:
        return reading()
    except Malformed as error:
        raise failures.nonsense(str(error)) from error


def _event(said: Mapping[str, Any], event_id: str) -> CalendarEvent:
    event = _read(lambda: translate.event(said))
    if event.id != event_id:
        raise failures.nonsense("the event that was meant")
    return event


def _seen(said: dict[str, Any]) -> dict[str, Any]:
    """A listing by somebody who may see the events as they are: else every event would seem to be another."""
    if said.get("accessRole") in translate.BLIND:
        raise NeedsReconnect(failures.NO_DETAILS, code="access_refused")
    return said


def _listed(client: Client) -> Iterator[object]:
    page: str | None = None
    for _ in range(MOST_PAGES):
        said = client.list_calendars(page)
        items, page = said.get("items", []), said.get("nextPageToken")
        if not isinstance(items, list) or not isinstance(page, str | None):
            raise failures.nonsense("a list of calendars")
        yield from items
        if not page:
            return
    raise failures.nonsense("a list of calendars: it does not end")


def _busy(
    own: GoogleCalendarSettings, starts_at: datetime, ends_at: datetime, network: Network
) -> tuple[Timed, ...]:
    if own.reach == Reach.CREATED:
        raise Rejected(failures.BUSY_NO_CONSENT, code="no_free_busy")
    client = Client(own, network)
    periods: list[Timed] = []
    asked = list(free_busy.stretches(starts_at, ends_at))
    with _told():
        for begins, until in asked:
            said = client.query_free_busy(own.calendar_id, begins, until)
            periods += free_busy.told(said, own.calendar_id, begins, until)
    return free_busy.joined(periods, [begins for begins, _ in asked])


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Malformed as error:
        raise failures.nonsense(str(error)) from error
    except free_busy.NotTold as error:
        raise _untold(error.reasons) from error


def _untold(reasons: frozenset[str]) -> ConnectorError:
    """A calendar that does not say when it is busy is not free."""
    if "notFound" in reasons:
        return Rejected(failures.CALENDAR_GONE, code="calendar_gone")
    if reasons & {"forbidden", "accessDenied"}:
        return NeedsReconnect(failures.NO_BUSY, code="access_refused")
    return Unavailable(f"{failures.HOST} cannot tell when the calendar is busy", code="remote_error")
