"""Google's own client over httpx, in the process or on loopback."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import google.oauth2.credentials
import google_auth_httplib2
import httplib2
import httpx
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from tests.fakes.google_calendar import GoogleCalendar, InProcess, Resource, schema
from tests.fakes.loopback import NO_TLS

ADA, BOB = "ada@example.com", "bob@example.com"


class HttpxHttp:
    """What Google's client wants of httplib2, said by httpx."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        **_unused: object,
    ) -> tuple[httplib2.Response, bytes]:
        answer = self._client.request(method, uri, content=body, headers=headers)
        kept = {name.lower(): value for name, value in answer.headers.items()}
        return httplib2.Response(kept | {"status": answer.status_code}), answer.content

    def close(self) -> None:
        self._client.close()


class Api:
    """Somebody's program: `api.insert(...)` returns what Google's client returns, or raises HttpError."""

    def __init__(
        self, token: str, root: str = "https://www.googleapis.com", client: httpx.Client | None = None
    ) -> None:
        document = copy.deepcopy(schema.document()) | {"rootUrl": f"{root}/"}  # the client writes in it
        credentials = google.oauth2.credentials.Credentials(token=token)  # type: ignore[no-untyped-call]
        self.http = client or httpx.Client(timeout=5, verify=NO_TLS)
        authorized = google_auth_httplib2.AuthorizedHttp(credentials, http=HttpxHttp(self.http))
        self.service = build_from_document(document, http=authorized)
        self.events = self.service.events()

    def insert(self, body: Resource, calendar: str = "primary", **more: Any) -> Resource:
        return self._said(self.events.insert(calendarId=calendar, body=body, **more), "Event")

    def get(self, event_id: str, calendar: str = "primary", **more: Any) -> Resource:
        return self._said(self.events.get(calendarId=calendar, eventId=event_id, **more), "Event")

    def update(
        self, event_id: str, body: Resource, etag: str | None = None, calendar: str = "primary"
    ) -> Resource:
        request = self.events.update(calendarId=calendar, eventId=event_id, body=body)
        return self._said(_matching(request, etag), "Event")

    def patch(
        self, event_id: str, body: Resource, etag: str | None = None, calendar: str = "primary"
    ) -> Resource:
        request = self.events.patch(calendarId=calendar, eventId=event_id, body=body)
        return self._said(_matching(request, etag), "Event")

    def delete(self, event_id: str, etag: str | None = None, calendar: str = "primary") -> None:
        _matching(self.events.delete(calendarId=calendar, eventId=event_id), etag).execute(num_retries=0)

    def page(self, calendar: str = "primary", **query: Any) -> Resource:
        return self._said(self.events.list(calendarId=calendar, **query), "Events")

    def pages(self, calendar: str = "primary", **query: Any) -> Iterator[Resource]:
        while True:
            page = self.page(calendar, **query)
            yield page
            if "nextPageToken" not in page:
                return
            query["pageToken"] = page["nextPageToken"]

    def all(self, calendar: str = "primary", **query: Any) -> tuple[list[Resource], str]:
        """Everything that a listing tells, and the sync token at its end."""
        told = list(self.pages(calendar, **query))
        assert [page for page in told[:-1] if "nextSyncToken" in page] == []
        return [event for page in told for event in page["items"]], told[-1]["nextSyncToken"]

    def _said(self, request: Any, kind: str) -> Resource:
        answer: Resource = request.execute(num_retries=0)
        assert schema.conforms(answer, kind) == []
        return answer


def _matching(request: Any, etag: str | None) -> Any:
    if etag is not None:
        request.headers["If-Match"] = etag
    return request


def api_of(google_: GoogleCalendar, account: str = ADA) -> Api:
    token = google_.oauth.token(account, life=timedelta(days=365))
    return Api(token, client=httpx.Client(transport=InProcess(google_), timeout=0.5))


def day(first: str, after: str, **more: Any) -> Resource:
    return {"start": {"date": first}, "end": {"date": after}, **more}


def timed(starts: str, ends: str, zone: str | None = None, **more: Any) -> Resource:
    named = {"timeZone": zone} if zone else {}
    return {"start": {"dateTime": starts, **named}, "end": {"dateTime": ends, **named}, **more}


def refusal(caught: pytest.ExceptionInfo[HttpError]) -> tuple[int, str]:
    """The status and the reason, as Google's client read them."""
    error = caught.value
    return error.status_code, error.error_details[0]["reason"]
