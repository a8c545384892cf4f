"""The sandbox connector: calendars of a service of our own, read and written. Copy it to begin another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.addresses import LONGEST, target
from connectors.calendars import Calendar, CalendarEvent, Draft, Missed, Notice, Page, Watch
from connectors.contract import Timed
from connectors.errors import CursorExpired, Rejected, Unavailable
from connectors.mirroring import MirrorOptions
from connectors.sandbox import translate
from connectors.sandbox.client import Client
from connectors.transport import Network


class SandboxAccount(BaseModel):
    """Where the service is, and who we are there."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: str = Field(max_length=LONGEST, title="Address", examples=["http://127.0.0.1:8099"])
    key: str = Field(
        repr=False, min_length=1, max_length=200, pattern=r"^[!-~]+$", title="Key", examples=["demo"]
    )

    @field_validator("url")
    @classmethod
    def _callable(cls, value: str) -> str:
        if "?" in value or "#" in value:
            raise ValueError("the service's address has no query")
        target(value)
        return value.rstrip("/")


class SandboxSettings(MirrorOptions, SandboxAccount):
    """An account, one of its calendars, and how what we have looks in it."""

    calendar: str = Field(min_length=1, max_length=200, title="Calendar", examples=["agenda-1"])


class SandboxConnector:
    slug = "sandbox"
    title = "Sandbox calendar"
    settings_model: type[BaseModel] = SandboxSettings
    secret_fields = frozenset({"key"})

    def check(self, settings: BaseModel, network: Network) -> None:
        _client(settings, network).calendar()

    def check_writable(self, settings: BaseModel, network: Network) -> None:
        if not _client(settings, network).calendar().writable:
            raise Rejected("this key may only read that calendar", code="read_only")

    # What changed there

    def calendar_key(self, settings: BaseModel) -> str:
        own = _own(settings)
        goal = target(own.url)
        return f"{goal.authority}{goal.path.decode('ascii').rstrip('/')} {own.calendar}"

    def changes(
        self, settings: BaseModel, cursor: Mapping[str, str] | None, page: str | None, network: Network
    ) -> Page:
        since = None if cursor is None else cursor.get("upto", "")
        if since is not None and not (since.isascii() and since.isdigit()):
            raise CursorExpired("where the last listing ended cannot be read")
        events, more, upto = _client(settings, network).changes(since, page)
        ends = None if upto is None else {"upto": str(upto)}
        return Page(tuple(events), more, ends, full=cursor is None)

    def look(self, settings: BaseModel, event_id: str, network: Network) -> CalendarEvent | None:
        return _client(settings, network).entry(event_id)

    # What is put there

    def event_id(self, item: UUID, incarnation: int) -> str:
        return translate.event_id(item, incarnation)

    def create(
        self, settings: BaseModel, event_id: str, draft: Draft, network: Network
    ) -> CalendarEvent | Missed:
        return _client(settings, network).put(event_id, translate.entry(draft), None)

    def replace(
        self, settings: BaseModel, event_id: str, draft: Draft, etag: str, network: Network
    ) -> CalendarEvent | Missed:
        return _client(settings, network).put(event_id, translate.entry(draft), _version(etag))

    def remove(self, settings: BaseModel, event_id: str, etag: str, network: Network) -> Missed | None:
        return _client(settings, network).delete(event_id, _version(etag))

    # Being told at once

    def watch(
        self, settings: BaseModel, watch_id: str, token: str, address: str, network: Network
    ) -> Watch | None:
        hung = _client(settings, network).hang_bell(watch_id, address, token)
        if hung is None:
            return None
        try:
            until = datetime.fromisoformat(hung["until"])
        except (TypeError, ValueError) as error:
            raise Unavailable("the bell's time cannot be read", code="not_a_calendar_service") from error
        return Watch(watch_id, str(hung["hangs_at"]), until.astimezone(UTC))

    def unwatch(self, settings: BaseModel, watch_id: str, resource: str, network: Network) -> None:  # noqa: ARG002 -- the link's calendar is the one it hangs at
        _client(settings, network).take_down_bell(watch_id)

    def read_notice(self, headers: Mapping[str, str]) -> Notice | None:
        bell, token = headers.get("x-bell", ""), headers.get("x-bell-token", "")
        says = headers.get("x-bell-says", "")
        if not bell or not token or says not in ("hello", "changed"):
            return None
        return Notice(bell, token, begins=says == "hello")

    # Whether it is busy

    def busy(
        self, settings: BaseModel, starts_at: datetime, ends_at: datetime, network: Network
    ) -> tuple[Timed, ...]:
        between = starts_at.astimezone(UTC).isoformat(), ends_at.astimezone(UTC).isoformat()
        return _client(settings, network).busy(*between)

    # The account's calendars

    def calendars(self, settings: Mapping[str, object], network: Network) -> tuple[Calendar, ...]:
        return _account(settings, network).calendars()

    def make_calendar(
        self, settings: Mapping[str, object], name: str, time_zone: str, network: Network
    ) -> Calendar:
        return _account(settings, network).make_calendar(name, time_zone)


def _client(settings: BaseModel, network: Network) -> Client:
    own = _own(settings)
    return Client(network, own.url, own.key, own.calendar)


def _account(settings: Mapping[str, object], network: Network) -> Client:
    """Of a connection, which names no calendar. Rejected where it says too little to ask with."""
    try:
        own = SandboxAccount.model_validate(dict(settings))
    except ValueError as error:
        raise Rejected("the connection needs an address and a key", code="settings") from error
    return Client(network, own.url, own.key)


def _own(settings: BaseModel) -> SandboxSettings:
    if not isinstance(settings, SandboxSettings):
        raise TypeError(f"the sandbox connector was given {type(settings).__name__}")
    return settings


def _version(etag: str) -> str:
    """One that the service never gave is none that it has."""
    return etag if etag.isascii() and etag.isdigit() else "0"
