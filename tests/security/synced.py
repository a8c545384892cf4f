"""A calendar at Google that is synced both ways, with words in it that are nowhere else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from hub import clock
from hub.database import vault_of
from hub.domain.periods import Nights
from hub.queries import links as links_query
from hub.services.guests import GuestFields
from sync.runtime import Runtime
from tests.fakes.google_calendar import errors
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.security.canaries import Canaries
from tests.sync.both_sides import BothSides


def sync_both_ways(canaries: Canaries, runtime: Runtime, google: GoogleCalendar) -> None:
    """
    Guests who are named there, events of others, what people write on ours, disputes, refusals and outages.

    Ids of events are left out: Google makes them up, they say nothing, and things are known by them.
    """
    both = BothSides.build(runtime, google, settings={"tells": "guest"})
    canaries.watch("id of a calendar", both.calendar.partition("@")[0])
    canaries.watch("refresh token", both.do(lambda session: _account(session, both)["refresh_token"]))

    guest = GuestFields(
        f"Ada {canaries.word('mirrored guest')}",
        canaries.email("mirrored guest"),
        canaries.phone("mirrored guest"),
        canaries.word("note of a mirrored guest"),
    )
    for ahead in (30, 40):
        both.book(_nights(ahead), guest=guest)
    foreign = _foreign(canaries, both)
    both.rest()
    assert {both.there()[one].get("recurrence") is None for one in foreign} == {True, False}

    ours = [name for name, event in both.there().items() if guest.name in json.dumps(event)]
    assert len(ours) == 2, "the guests are named there"
    both.person.edits(ours[0], both.calendar, summary=canaries.word("edit of a mirror"))
    first = _nights(41).arrival
    both.person.edits(ours[1], both.calendar, description=canaries.word("description of a mirror"))
    both.person.moves(ours[0], first, first + timedelta(days=2), both.calendar)
    both.rest()
    assert {one.type for one in both.conflicts("closed")} >= {"REMOTE_MOVE_REJECTED"}
    both.person.deletes(ours[1], both.calendar)
    both.rest()
    assert {one.type for one in both.conflicts()} >= {"MIRROR_DELETED"}
    _check_kept(canaries, both)

    both.book(_nights(50), guest=guest)
    words = canaries.word("words of a refusal")
    google.faults.refuse(errors.Refusal(400, words, words), operation="events.insert")
    both.sync()
    google.faults.fail(503)
    assert both.sync().state == "failed"
    google.faults.clear()
    both.person.deletes_calendar(both.calendar)
    assert both.sync().state == "failed"
    assert both.link().state == "lost"


def _nights(ahead: int) -> Nights:
    first = clock.now().date() + timedelta(days=ahead)
    return Nights(first, first + timedelta(days=3))


def _foreign(canaries: Canaries, both: BothSides) -> list[str]:
    day = _nights(10).arrival
    told: dict[str, Any] = {
        "description": f"{canaries.word('description of a synced event')} {canaries.phone('synced event')}",
        "location": canaries.word("location of a synced event"),
        "attendees": [{"email": canaries.email("guest of a synced event")}],
    }
    summary = f"Grace {canaries.word('summary of a synced event')}"
    series = both.person.creates_series(
        "FREQ=WEEKLY;COUNT=5", canaries.word("summary of a series"), both.calendar, start=day
    )
    single = both.person.creates(summary, day + timedelta(days=2), calendar=both.calendar, **told)
    both.person.edits_one(series, 2, both.calendar, summary=canaries.word("summary of an exception"))
    return [series, single]


def _check_kept(canaries: Canaries, both: BothSides) -> None:
    """The control: the words came here, and can be read by whoever has the key."""

    def opened(session: Session) -> str:
        vault = vault_of(session)
        sealed = [one for item in both.items() for one in (item.remote_sealed, item.text_sealed)]
        sealed += [one.sealed for state in ("open", "closed") for one in both.conflicts(state)]
        sealed += [event.sealed for event in both.events()]
        return json.dumps([vault.open(one) for one in sealed if one])

    kept = set(canaries.found_in(both.do(opened).encode()))
    for what in ("mirrored guest", "edit of a mirror", "summary of a synced event", "summary of a series"):
        assert any(one.startswith(what) for one in kept), what


def _account(session: Session, both: BothSides) -> dict[str, Any]:
    row = links_query.connection(session, both.connection_id)
    found: dict[str, Any] = vault_of(session).open(row.settings_sealed)
    return found
