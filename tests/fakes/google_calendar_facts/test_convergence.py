"""Whoever follows pages and sync tokens as is documented ends with what is there, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

from googleapiclient.errors import HttpError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.google_calendar import GoogleCalendar, Person, Resource, Tombstones
from tests.fakes.google_calendar_facts.client import ADA, Api, api_of

NUMBERS = count()

Step = tuple[str, int]
Events = dict[str, Resource]
KINDS = (
    *("create", "create", "series", "edit", "move", "delete", "undelete", "copy", "except", "skip"),
    *("everything", "pull", "pull", "expire", "vanish", "stale", "pages", "tombstones"),
)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 30)), max_size=40)


class Follower:
    """Keeps what it was told: by everything until it has a sync token, by changes from then on."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._token: str | None = None
        self.kept: Events = {}

    def pull(self) -> None:
        query: dict[str, Any] = {"syncToken": self._token} if self._token else {}
        try:
            told, token = self._api.all(**query)
        except HttpError as error:
            if error.status_code != 410:
                raise
            self._token = None
            return self.pull()
        if self._token is None:
            self.kept = {}
        for event in told:
            self._take(event)
        self._token = token
        return None

    def _take(self, event: Resource) -> None:
        if event["status"] == "cancelled":
            self.kept.pop(event["id"], None)
        else:
            self.kept[event["id"]] = event


def _people(google: GoogleCalendar, ada: Person, follower: Follower) -> dict[str, Callable[[int], object]]:
    """What may happen; the number chooses among what is there."""

    def chosen(number: int, of: Callable[[Resource], bool] = lambda _: True) -> str | None:
        events = [event["id"] for event in ada.snapshot().values() if of(event)]
        return events[number % len(events)] if events else None

    def dead(number: int) -> None:
        calendar = google.world.calendars[ADA]
        gone = [v.event for v in calendar.events.values() if v.cancelled and not v.vanished]
        gone = [event for event in gone if "recurringEventId" not in event]
        if gone:
            ada.undeletes(gone[number % len(gone)]["id"])

    def on(act: Callable[[str], object], of: Callable[[Resource], bool] = lambda _: True) -> Any:
        return lambda number: (found := chosen(number, of)) is not None and act(found)

    single: Callable[[Resource], bool] = lambda event: "recurringEventId" not in event  # noqa: E731
    series: Callable[[Resource], bool] = lambda event: "recurrence" in event  # noqa: E731
    return {
        "create": lambda number: ada.creates(f"{next(NUMBERS)}", date(2026, 12, 1 + number)),
        "series": lambda number: ada.creates_series("FREQ=DAILY;COUNT=5", start=date(2026, 12, 1 + number)),
        "edit": on(lambda event: ada.edits(event, summary=f"{next(NUMBERS)}")),
        "move": on(lambda event: ada.moves(event, date(2027, 1, 1 + next(NUMBERS) % 28)), single),
        "delete": on(ada.deletes),
        "undelete": dead,
        "copy": on(ada.duplicates, single),
        "except": on(
            lambda event: ada.edits(ada.occurrence(event, 2), summary=f"{next(NUMBERS)}"), _untouched
        ),
        "skip": on(lambda event: ada.cancels_one(event, 3), _untouched),
        "pull": lambda _: follower.pull(),
        "expire": lambda _: google.world.expire_sync_tokens(ADA),
        "vanish": lambda _: _forget(google, follower),
        "stale": lambda number: google.faults.stale(back=number % 6),
        "everything": on(lambda _: ada.deletes_everything(), series),
        "pages": lambda number: setattr(google.world, "page_size", 1 + number % 4),
        "tombstones": lambda number: setattr(google.world, "tombstones", list(Tombstones)[number % 2]),
    }


def _untouched(event: Resource) -> bool:
    return "recurrence" in event and event["sequence"] == 0


def _forget(google: GoogleCalendar, follower: Follower) -> None:
    """Tombstones vanish after everybody has had a long time to read them."""
    google.faults.clear()
    follower.pull()
    follower.pull()
    google.world.vanish(ADA)


class DeafToDeletions(Follower):
    def _take(self, event: Resource) -> None:
        if event["status"] != "cancelled":
            super()._take(event)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, between=STEPS)
def test_who_follows_the_changes_ends_with_what_is_there(steps: list[Step], between: list[Step]) -> None:
    told, there = _play(Follower, steps, between)

    assert told == there


def test_who_does_not_hear_of_deletions_does_not() -> None:
    told, there = _play(DeafToDeletions, [("create", 1), ("pull", 0), ("delete", 0)], [])

    assert told != there
    assert there == {}


def _play(following: type[Follower], steps: list[Step], between: list[Step]) -> tuple[Events, Events]:
    """What the follower was told in the end, and what is there."""
    google = GoogleCalendar()
    ada = google.person(ADA)
    follower = following(api_of(google))
    acts = _people(google, ada, follower)
    meanwhile = [step for step in between if step[0] not in ("pull", "vanish", "stale")]
    google.world.between_pages = lambda _: acts[meanwhile[-1][0]](meanwhile.pop()[1]) if meanwhile else None
    for act, number in steps:
        try:
            acts[act](number)
        except AssertionError as error:
            if "is deleted" not in str(error):
                raise
    meanwhile.clear()
    google.faults.clear()
    follower.pull()
    follower.pull()
    assert google.violations == []
    return follower.kept, ada.snapshot()
