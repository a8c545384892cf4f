"""
What is kept by every connector whose calendars are read and written: inherit it, and give it a harness.

The engine relies on each line of it. `calendar_harness` says what a harness is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from connectors.contract import (
    AllDay,
    ChecksBusy,
    Connector,
    ListsChanges,
    PushesEvents,
    Timed,
    WatchesChanges,
)
from connectors.errors import ConnectorError, NeedsReconnect
from connectors.mirroring import MirrorOptions
from hub import clock
from tests.connectors.calendar_failures import Failures
from tests.connectors.calendar_harness import (
    HOURS,
    ITEM,
    NIGHTS,
    OTHER_ITEM,
    WEEK,
    WEEKLY,
    CalendarHarness,
    draft,
)
from tests.connectors.calendar_listings import EVERY_WEEK, Listings
from tests.connectors.calendar_writes import Writes

HOUR = timedelta(hours=1)


class Manifest:
    def test_it_says_what_it_can_do(self, harness: CalendarHarness) -> None:
        for capability in (Connector, ListsChanges, PushesEvents, WatchesChanges, ChecksBusy):
            assert isinstance(harness.connector, capability)

    def test_its_settings_say_how_what_we_have_looks(self, harness: CalendarHarness) -> None:
        assert issubclass(harness.connector.settings_model, MirrorOptions)
        assert MirrorOptions.of(harness.settings) == MirrorOptions()

    def test_check_proves_credentials_that_work(self, harness: CalendarHarness) -> None:
        before = harness.requests()

        harness.connector.check(harness.settings, harness.network)

        assert harness.requests() > before

    def test_secrets_are_settings_and_are_not_shown(self, harness: CalendarHarness) -> None:
        assert harness.connector.secret_fields <= set(harness.connector.settings_model.model_fields)
        assert not [secret for secret in harness.secrets if secret in repr(harness.settings)]

    def test_the_readme_ticks_ten_lines(self, harness: CalendarHarness) -> None:
        lines = harness.readme.read_text(encoding="utf-8").splitlines()

        assert sum(line.startswith("- [x]") for line in lines) == 10

    def test_an_id_is_the_same_for_the_same_item_and_incarnation_alone(
        self, harness: CalendarHarness
    ) -> None:
        items = [ITEM, OTHER_ITEM, UUID(int=0), UUID(int=2**128 - 1)]

        ids = [harness.id(number, item) for item in items for number in range(4)]

        assert ids == [harness.id(number, item) for item in items for number in range(4)]
        assert len(set(ids)) == len(ids)

    @pytest.mark.parametrize("item", [ITEM, UUID(int=0), UUID(int=2**128 - 1)])
    def test_an_id_is_one_that_the_remote_takes(self, harness: CalendarHarness, item: UUID) -> None:
        for number in (0, 1, 10_000):
            wanted = harness.id(number, item)
            made = harness.connector.create(harness.settings, wanted, draft(), harness.network)
            assert getattr(made, "id", made) == wanted

    def test_a_calendar_has_one_name_whoever_links_it(self, harness: CalendarHarness) -> None:
        key = harness.connector.calendar_key

        assert key(harness.settings) == key(harness.twin)
        assert key(harness.settings) != key(harness.other)
        assert not [secret for secret in harness.secrets if secret in key(harness.settings)]

    def test_two_links_of_one_calendar_see_the_same_events(self, harness: CalendarHarness) -> None:
        made = harness.create()

        assert harness.connector.look(harness.twin, made.id, harness.network) is not None


class Telling:
    def test_a_watch_says_hello_and_then_that_something_changed(self, harness: CalendarHarness) -> None:
        watch = harness.connector.watch(
            harness.settings, "watch-1", "t0ken", harness.address, harness.network
        )
        hello = harness.connector.read_notice(harness.notices(1)[0])
        harness.person.add(HOURS, "Dentist")
        change = harness.connector.read_notice(harness.notices(2)[1])

        assert watch is not None
        assert watch.id == "watch-1"
        assert watch.expires_at.tzinfo is UTC
        assert watch.expires_at > clock.now() + HOUR
        assert hello is not None
        assert (hello.watch_id, hello.token, hello.begins) == ("watch-1", "t0ken", True)
        assert change is not None
        assert (change.watch_id, change.token, change.begins) == ("watch-1", "t0ken", False)

    def test_a_watch_that_is_closed_is_silent(self, harness: CalendarHarness) -> None:
        connector, settings, network = harness.connector, harness.settings, harness.network
        closed = connector.watch(settings, "watch-1", "one", harness.address, network)
        kept = connector.watch(settings, "watch-2", "two", harness.address, network)
        harness.notices(2)
        assert closed is not None
        assert kept is not None

        connector.unwatch(settings, closed.id, closed.resource, network)
        harness.person.add(HOURS, "Dentist")

        heard = [connector.read_notice(headers) for headers in harness.notices(3)]
        changes = [notice.watch_id for notice in heard if notice is not None and not notice.begins]
        assert set(changes) == {"watch-2"}

    def test_closing_a_watch_twice_is_no_error(self, harness: CalendarHarness) -> None:
        connector, settings, network = harness.connector, harness.settings, harness.network
        watch = connector.watch(settings, "watch-1", "t0ken", harness.address, network)
        assert watch is not None

        for _ in range(2):
            connector.unwatch(settings, watch.id, watch.resource, network)

        later = connector.watch(settings, "watch-2", "t0ken", harness.address, network)
        assert later is not None

    @pytest.mark.parametrize("headers", [{}, {"content-type": "text/html"}, {"x-token": "t0ken"}])
    def test_another_post_is_no_notice(self, harness: CalendarHarness, headers: dict[str, str]) -> None:
        assert harness.connector.read_notice(headers) is None

    def test_busy_time_is_told_whoever_takes_it(self, harness: CalendarHarness) -> None:
        harness.create(wanted=draft(HOURS))
        harness.create(1, draft(Timed(HOURS.ends_at, HOURS.ends_at + HOUR), busy=False))
        harness.person.add(Timed(HOURS.ends_at + 2 * HOUR, HOURS.ends_at + 3 * HOUR), "Dentist")

        taken = self.busy(harness, HOURS.starts_at - HOUR, HOURS.ends_at + 5 * HOUR)

        assert taken == (HOURS, Timed(HOURS.ends_at + 2 * HOUR, HOURS.ends_at + 3 * HOUR))

    def test_a_calendar_with_nothing_in_it_is_free(self, harness: CalendarHarness) -> None:
        made = harness.create(wanted=draft(HOURS))
        harness.connector.remove(harness.settings, made.id, made.etag, harness.network)

        assert self.busy(harness, HOURS.starts_at, HOURS.ends_at) == ()

    def test_a_series_is_busy_where_it_happens(self, harness: CalendarHarness) -> None:
        series = harness.person.add(WEEKLY, "Cleaning", [EVERY_WEEK], "Europe/Lisbon")
        later = Timed(datetime(2027, 4, 13, 15, tzinfo=UTC), datetime(2027, 4, 13, 17, tzinfo=UTC))
        harness.person.shift_occurrence(series, WEEKLY.starts_at + WEEK, later)
        harness.person.skip_occurrence(series, WEEKLY.starts_at + 2 * WEEK)

        taken = self.busy(harness, WEEKLY.starts_at, WEEKLY.starts_at + 4 * WEEK)

        fourth = WEEKLY.starts_at + 3 * WEEK
        assert taken == (WEEKLY, later, Timed(fourth, fourth + HOUR))

    def test_whole_days_are_busy_from_midnight_to_midnight(self, harness: CalendarHarness) -> None:
        harness.create(wanted=draft(NIGHTS))
        noon = datetime(2027, 3, 2, 12, tzinfo=UTC)

        (taken,) = self.busy(harness, noon, noon + HOUR)

        assert taken.starts_at <= noon < noon + HOUR <= taken.ends_at
        assert isinstance(NIGHTS, AllDay)
        assert self.busy(harness, *(_noon(day) for day in (date(2027, 3, 4), date(2027, 3, 5)))) == ()

    def test_what_cannot_be_asked_is_not_free(self, harness: CalendarHarness) -> None:
        harness.delete_calendar()

        with pytest.raises(ConnectorError):
            self.busy(harness, HOURS.starts_at, HOURS.ends_at)

    def test_whoever_is_refused_is_not_told_that_it_is_free(self, harness: CalendarHarness) -> None:
        harness.refuse()

        with pytest.raises(NeedsReconnect):
            self.busy(harness, HOURS.starts_at, HOURS.ends_at)

    def busy(self, harness: CalendarHarness, starts_at: datetime, ends_at: datetime) -> tuple[Timed, ...]:
        return harness.connector.busy(harness.settings, starts_at, ends_at, harness.network)


class CalendarContract(Writes, Listings, Failures, Telling, Manifest):
    """Subclasses define the fixture `harness`, with two empty calendars."""


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
