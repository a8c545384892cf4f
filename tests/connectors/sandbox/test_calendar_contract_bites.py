"""A connector that breaks one promise fails the test that is about it: else the suite would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from connectors.calendars import CalendarEvent, Draft, Missed, Page
from connectors.contract import Timed
from connectors.errors import ConnectorError, CursorExpired, Unavailable
from connectors.sandbox.connector import SandboxConnector
from connectors.transport import Network
from tests.connectors.calendar_contract import CalendarContract
from tests.connectors.calendar_harness import Call
from tests.connectors.contract import Fault
from tests.connectors.sandbox.playing import SandboxHarness, playing

Told = CalendarEvent | Missed


class OverwritesWhatIsThere(SandboxConnector):
    def create(self, settings: BaseModel, event_id: str, draft: Draft, network: Network) -> Told:
        made = super().create(settings, event_id, draft, network)
        found = self.look(settings, event_id, network)
        if made is Missed.EXISTS and found is not None and not found.deleted:
            return super().replace(settings, event_id, draft, found.etag, network)
        return made


class IgnoresVersions(SandboxConnector):
    def replace(self, settings: BaseModel, event_id: str, draft: Draft, etag: str, network: Network) -> Told:
        found = self.look(settings, event_id, network)
        return super().replace(settings, event_id, draft, found.etag if found else etag, network)

    def remove(self, settings: BaseModel, event_id: str, etag: str, network: Network) -> Missed | None:
        found = self.look(settings, event_id, network)
        return super().remove(settings, event_id, found.etag if found else etag, network)


class TriesAgain(SandboxConnector):
    def create(self, settings: BaseModel, event_id: str, draft: Draft, network: Network) -> Told:
        try:
            return super().create(settings, event_id, draft, network)
        except Unavailable:
            return super().create(settings, event_id, draft, network)


class BelievesAbsence(SandboxConnector):
    def look(self, settings: BaseModel, event_id: str, network: Network) -> CalendarEvent | None:
        try:
            return super().look(settings, event_id, network)
        except ConnectorError:
            return None


class SavesItsCursorEarly(SandboxConnector):
    def changes(
        self, settings: BaseModel, cursor: Mapping[str, str] | None, page: str | None, network: Network
    ) -> Page:
        found = super().changes(settings, cursor, page, network)
        return replace(found, cursor=found.cursor or {"upto": "1"})


class ForgetsWhatWasDeleted(SandboxConnector):
    def changes(
        self, settings: BaseModel, cursor: Mapping[str, str] | None, page: str | None, network: Network
    ) -> Page:
        found = super().changes(settings, cursor, page, network)
        return replace(found, events=tuple(event for event in found.events if not event.deleted))


class StartsAnewByItself(SandboxConnector):
    def changes(
        self, settings: BaseModel, cursor: Mapping[str, str] | None, page: str | None, network: Network
    ) -> Page:
        try:
            return super().changes(settings, cursor, page, network)
        except CursorExpired:
            return super().changes(settings, None, None, network)


class IsFreeWhenAsleep(SandboxConnector):
    def busy(self, settings: BaseModel, starts_at: Any, ends_at: Any, network: Network) -> tuple[Timed, ...]:
        try:
            return super().busy(settings, starts_at, ends_at, network)
        except ConnectorError:
            return ()


class NamesByItemAlone(SandboxConnector):
    def event_id(self, item: UUID, incarnation: int) -> str:  # noqa: ARG002 -- that is what is wrong with it
        return super().event_id(item, 0)


class LosesMarkers(SandboxConnector):
    def look(self, settings: BaseModel, event_id: str, network: Network) -> CalendarEvent | None:
        found = super().look(settings, event_id, network)
        return found and replace(found, marker=None)


class TellsItsKey(SandboxConnector):
    def look(self, settings: BaseModel, event_id: str, network: Network) -> CalendarEvent | None:
        try:
            return super().look(settings, event_id, network)
        except Unavailable as error:
            raise Unavailable(f"{error} {settings.model_dump()}") from error


class NeverClosesAWatch(SandboxConnector):
    def unwatch(self, settings: BaseModel, watch_id: str, resource: str, network: Network) -> None: ...


Check = Callable[[CalendarContract, SandboxHarness], None]

SUITE = CalendarContract
BROKEN: tuple[tuple[type[SandboxConnector], Check], ...] = (
    (OverwritesWhatIsThere, SUITE.test_a_repeated_create_does_nothing_twice),
    (IgnoresVersions, SUITE.test_what_an_old_version_is_replaced_with_overwrites_nothing),
    (IgnoresVersions, SUITE.test_an_old_version_is_not_removed),
    (TriesAgain, lambda suite, it: suite.test_what_was_answered_is_not_asked_again(it, Call.CREATE)),
    (BelievesAbsence, SUITE.test_an_unknown_event_of_a_calendar_that_is_gone_is_not_gone_alone),
    (BelievesAbsence, lambda suite, it: suite.test_a_calendar_that_is_gone_is_said_to_be(it, Call.LOOK)),
    (SavesItsCursorEarly, SUITE.test_the_cursor_comes_with_the_last_page_alone),
    (ForgetsWhatWasDeleted, SUITE.test_a_cursor_tells_what_was_made_edited_and_deleted_since),
    (StartsAnewByItself, SUITE.test_an_expired_cursor_is_said_to_be_and_everything_is_listed),
    (IsFreeWhenAsleep, SUITE.test_what_cannot_be_asked_is_not_free),
    (NamesByItemAlone, SUITE.test_an_id_is_the_same_for_the_same_item_and_incarnation_alone),
    (LosesMarkers, SUITE.test_a_marker_stays_when_people_edit),
    (
        TellsItsKey,
        lambda suite, it: suite.test_every_failure_is_one_of_the_five_tells_no_secret_and_ends_in_time(
            it, Call.LOOK, Fault.OUTAGE
        ),
    ),
    (NeverClosesAWatch, SUITE.test_a_watch_that_is_closed_is_silent),
)


@pytest.fixture
def harness() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness


@pytest.mark.parametrize(("broken", "check"), BROKEN, ids=lambda part: getattr(part, "__name__", ""))
def test_a_broken_promise_is_noticed_and_a_kept_one_is_not(
    harness: SandboxHarness, broken: type[SandboxConnector], check: Check
) -> None:
    harness.connector = broken()

    with pytest.raises((AssertionError, ConnectorError, pytest.fail.Exception)):
        check(CalendarContract(), harness)

    with playing() as sound:
        check(CalendarContract(), sound)
