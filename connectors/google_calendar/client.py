"""
One method for each call to Google; raises ConnectorErrors only, and Closing where this process is to end.

https://developers.google.com/workspace/calendar/api/v3/reference. Only a GET whose connection could not be
made is sent again, once; and a request that was refused for its token alone (401), with a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.applications import Application
from connectors.calendars import Missed
from connectors.errors import ConnectorError, CursorExpired
from connectors.google_calendar.failures import EXPIRED, Refusal, failure, nonsense, refusal, silence
from connectors.google_calendar.service import Service, service
from connectors.google_calendar.settings import AccountSettings
from connectors.google_calendar.times import instant
from connectors.google_calendar.tokens import Tokens
from connectors.google_calendar.transport import Http, HttpxHttp, NotConnected
from connectors.transport import Closing, Network

SLUG = "google_calendar"
PAGE = 1000
"""Events of a page: fewer than Google would give, for of these even the longest texts fit into one answer"""
CALENDARS_PAGE = 250
_TOKENS = frozenset({"", "syncToken", "pageToken"})
"""Parameters that are at fault where a token is not known; some answers name none"""
GONE = frozenset({404, 410})
TOKENS = Tokens()
"""The process's"""


class Client:
    """One account at Google; made for each use, it costs nothing."""

    def __init__(self, account: AccountSettings, network: Network) -> None:
        application = network.application(SLUG)
        self._network = network
        self._http = _Authorized(account, application, HttpxHttp(network.deadline.total_seconds()))
        self._calls: Service = service(application.root)

    # Events

    def list_events(self, calendar_id: str, sync_token: str | None, page: str | None) -> dict[str, Any]:
        """One page of all that lives, or of what changed since the token."""
        more = {name: value for name, value in (("syncToken", sync_token), ("pageToken", page)) if value}
        request = self._calls.events.list(calendarId=calendar_id, singleEvents=False, maxResults=PAGE, **more)
        try:
            return self._get(request, "a list of events")
        except ConnectorError as error:
            said = _said(error)
            if more and said.status == 400 and said.location in _TOKENS and "invalid" in said.reasons:
                raise CursorExpired(EXPIRED) from error
            raise

    def check_calendar(self, calendar_id: str) -> dict[str, Any]:
        """That the calendar is there for this account: raises as a listing of it would."""
        what = "a list of events"
        said = self._get(self._calls.events.list(calendarId=calendar_id, maxResults=1), what)
        if not said.keys() & {"items", "nextPageToken", "nextSyncToken"}:
            raise nonsense(what)
        return said

    def get_event(self, calendar_id: str, event_id: str) -> dict[str, Any] | None:
        """None where Google does not know it (any more), and the calendar is there."""
        try:
            return self._get(self._calls.events.get(calendarId=calendar_id, eventId=event_id), "an event")
        except ConnectorError as error:
            self._gone_or_raise(calendar_id, error)
            return None

    def insert_event(self, calendar_id: str, body: Mapping[str, Any]) -> dict[str, Any] | Missed:
        try:
            return self._send(
                self._calls.events.insert(calendarId=calendar_id, body=dict(body), sendUpdates="none"),
                "an event",
            )
        except ConnectorError as error:
            if _said(error).status == 409:
                return Missed.EXISTS
            raise

    def update_event(
        self, calendar_id: str, event_id: str, body: Mapping[str, Any], etag: str
    ) -> dict[str, Any] | Missed:
        """Replaces that version, in full."""
        request = self._calls.events.update(
            calendarId=calendar_id, eventId=event_id, body=dict(body), sendUpdates="none"
        )
        request.headers["If-Match"] = etag
        try:
            return self._send(request, "an event")
        except ConnectorError as error:
            return self._missed(calendar_id, error)

    def delete_event(self, calendar_id: str, event_id: str, etag: str) -> Missed | None:
        """Deletes that version."""
        request = self._calls.events.delete(calendarId=calendar_id, eventId=event_id, sendUpdates="none")
        request.headers["If-Match"] = etag
        try:
            self._do(request)
        except ConnectorError as error:
            return self._missed(calendar_id, error)
        return None

    # Calendars

    def list_calendars(self, page: str | None) -> dict[str, Any]:
        more = {"pageToken": page} if page else {}
        return self._get(
            self._calls.calendar_list.list(maxResults=CALENDARS_PAGE, **more), "a list of calendars"
        )

    def insert_calendar(self, name: str, time_zone: str) -> dict[str, Any]:
        return self._send(
            self._calls.calendars.insert(body={"summary": name, "timeZone": time_zone}), "a calendar"
        )

    def query_free_busy(self, calendar_id: str, begins: datetime, ends: datetime) -> dict[str, Any]:
        """When it is busy between two instants, at most 60 days apart. A POST that only reads."""
        body = {"timeMin": instant(begins), "timeMax": instant(ends), "items": [{"id": calendar_id}]}
        return self._get(self._calls.free_busy.query(body=body), "a list of busy times")

    # Watches

    def watch_events(self, calendar_id: str, channel: Mapping[str, Any]) -> dict[str, Any] | None:
        """None where Google will not post to that address."""
        try:
            return self._send(self._calls.events.watch(calendarId=calendar_id, body=dict(channel)), "a watch")
        except ConnectorError as error:
            if any(reason.startswith(("push", "webhook")) for reason in _said(error).reasons):
                return None
            raise

    def stop_channel(self, channel_id: str, resource_id: str) -> None:
        """One that is closed already is no error."""
        try:
            self._do(self._calls.channels.stop(body={"id": channel_id, "resourceId": resource_id}))
        except ConnectorError as error:
            if _said(error).status not in GONE:
                raise

    # How

    def _get(self, request: Any, what: str) -> dict[str, Any]:
        return _an_object(self._execute(request, again=True), what)

    def _send(self, request: Any, what: str) -> dict[str, Any]:
        return _an_object(self._execute(request), what)

    def _do(self, request: Any) -> None:
        """What is answered without a body; a body is somebody else's answer."""
        if self._execute(request):
            raise nonsense("the end of what was done")

    def _execute(self, request: Any, *, again: bool = False) -> Any:
        from googleapiclient.errors import HttpError

        if self._network.closing:
            raise Closing
        try:
            return request.execute(http=self._http, num_retries=0)
        except HttpError as error:
            said = refusal(error.resp.status, dict(error.resp), error.content)
            raise failure(said) from _Refused(said)
        except NotConnected as error:
            if not again:
                raise silence(error) from error
            return self._execute(request)
        except (TimeoutError, ConnectionError) as error:
            raise silence(error) from error
        except (ValueError, RecursionError) as error:  # a body that is no text, or without end
            raise nonsense("JSON") from error

    def _missed(self, calendar_id: str, error: ConnectorError) -> Missed:
        if _said(error).status in (409, 412):
            return Missed.CHANGED
        self._gone_or_raise(calendar_id, error)
        return Missed.GONE

    def _gone_or_raise(self, calendar_id: str, error: ConnectorError) -> None:
        """An event that is not found is gone only if its calendar is not."""
        status = _said(error).status
        if status not in GONE:
            raise error
        if status == 404:
            self.check_calendar(calendar_id)


class _Refused(Exception):
    """Why a ConnectorError was raised: what Google answered."""

    def __init__(self, said: Refusal) -> None:
        super().__init__(said.status)
        self.said = said


def _said(error: ConnectorError) -> Refusal:
    return error.__cause__.said if isinstance(error.__cause__, _Refused) else Refusal(0, {})


def _an_object(answer: object, what: str) -> dict[str, Any]:
    if not isinstance(answer, dict) or not answer:
        raise nonsense(what)
    return answer


class _Authorized:
    """
    An http that shows a token. One that Google refuses is fetched anew, once, and the request sent again: a
    request that is refused for that was not carried out.
    """

    def __init__(self, account: AccountSettings, application: Application, http: Http) -> None:
        self._account = account
        self._application = application
        self._http = http

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[Any, bytes]:
        token = TOKENS.bearer(self._account, self._application, self._http)
        answer = self._with(token, uri, method, body, headers)
        if answer[0].status != 401:
            return answer
        TOKENS.drop(self._account, self._application, token)
        token = TOKENS.bearer(self._account, self._application, self._http)
        return self._with(token, uri, method, body, headers)

    def close(self) -> None:
        """There is nothing to close."""

    def _with(
        self, token: str, uri: str, method: str, body: str | bytes | None, headers: Mapping[str, str] | None
    ) -> tuple[Any, bytes]:
        return self._http.request(uri, method, body, {**(headers or {}), "authorization": f"Bearer {token}"})
