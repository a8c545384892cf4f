"""How links do: what each pull leaves behind for it, and what is read of many at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from hub import clock as hub_clock
from hub.domain.periods import Nights
from hub.errors import NotFound
from hub.ids import new_id
from hub.models.properties import Property
from hub.queries import properties
from sync import connecting, health, linking
from sync.attempts import Outcome
from sync.linking import Scope
from sync.planning.healthy import Standing
from tests import factories
from tests.conftest import FrozenClock
from tests.fakes.feed_server import Answer
from tests.fakes.google_calendar.double import GoogleCalendar
from tests.sync.both_sides import BothSides, wired
from tests.sync.calendars import calendar, day, nights
from tests.sync.importing import DOMAIN, Importer, Meanwhile

WHOLE = calendar(nights("a", day(20), day(23)))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def of(importer: Importer, link: UUID) -> health.LinkHealth:
    return importer.do(lambda session: health.of_link(session, link, hub_clock.now()))


def statements(importer: Importer, work: Callable[[Session], Any]) -> int:
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = importer.runtime.database.engine
    event.listen(engine, "before_cursor_execute", see)
    importer.do(work)
    event.remove(engine, "before_cursor_execute", see)
    return len(seen)


def test_a_pull_says_when_it_began_before_its_channel_has_answered(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("a", day(20), day(23)))
    link = importer.link()
    assert importer.state(link).began_at is None
    seen: list[health.LinkHealth] = []

    importer.pull(link, Meanwhile(lambda: seen.append(of(importer, link))))

    assert seen[0].judged.began_at == clock.instant
    assert seen[0].judged.known.running
    assert "being read now" in seen[0].words
    assert not of(importer, link).judged.known.running


@pytest.mark.parametrize("etag", ['"1"', ""], ids=["unchanged", "read anew"])
def test_the_gaps_between_good_answers_are_measured_however_a_pull_ends(
    importer: Importer, clock: FrozenClock, etag: str
) -> None:
    importer.answers(Answer(body=WHOLE, etag=etag))
    link = importer.link()
    importer.pull(link)
    assert importer.state(link).measured_seconds is None, "one answer leaves no gap"

    clock.advance(10 * MINUTE)
    importer.pull(link)
    assert importer.state(link).measured_seconds == pytest.approx(600)

    clock.advance(20 * MINUTE)
    importer.pull(link)
    assert importer.state(link).measured_seconds == pytest.approx(0.8 * 600 + 0.2 * 1200)


def test_a_row_of_failures_has_its_beginning_and_its_end(importer: Importer, clock: FrozenClock) -> None:
    importer.answers(
        Answer(body=WHOLE, etag='"1"'), Answer(status=500), Answer(status=500), Answer(body=WHOLE)
    )
    link = importer.link()
    importer.pull(link)
    clock.advance(HOUR)
    first = clock.instant
    assert importer.pull(link).state == "failed"
    clock.advance(2 * HOUR)
    assert importer.pull(link).state == "failed"

    failing = of(importer, link)
    assert (failing.judged.known.failures, failing.judged.known.failing_since) == (2, first)
    assert failing.judged.age_seconds == 3 * 3600
    assert failing.judged.standing is Standing.STALE
    assert "the last 2 tries failed, for 2 h" in failing.words

    importer.pull(link)

    state = importer.state(link)
    assert (state.failures, state.failing_since) == (0, None)
    assert state.measured_seconds == pytest.approx(3 * 3600), "it was unknown for as long as it failed"


def test_an_unchanged_answer_ends_a_row_of_failures_too(importer: Importer) -> None:
    importer.answers(Answer(body=WHOLE, etag='"1"'))
    link = importer.link()
    importer.pull(link)
    importer.run_sql("UPDATE links SET failures = 2, failing_since = now()")

    assert importer.pull(link) == Outcome("unchanged")

    assert importer.state(link).failing_since is None


def test_a_calendar_that_is_synced_event_by_event_is_measured_the_same_way(
    importer: Importer, clock: FrozenClock
) -> None:
    google = GoogleCalendar()
    with wired(google):
        both = BothSides.build(importer.runtime, google)
        both.sync()
        clock.advance(10 * MINUTE)
        both.sync()
        clock.advance(2 * HOUR)
        both.book(Nights(day(30), day(33)))
        both.rest()
        link = both.link()

    assert link.began_at is not None
    assert link.measured_seconds is not None
    assert link.measured_seconds >= 600
    assert link.failing_since is None


def test_exposure_counts_what_is_sold_here_and_what_comes_by_the_calendar(
    importer: Importer, clock: FrozenClock
) -> None:
    importer.says(nights("old", day(20), day(23)))
    link = importer.link()
    importer.pull(link)
    clock.advance(10 * DAY)
    importer.book(Nights(day(40), day(42)), importer.units[0])
    importer.cancel(importer.book(Nights(day(50), day(52)), importer.units[0]))
    importer.book(Nights(day(40), day(42)), importer.units[1])
    importer.says(nights("old", day(20), day(23)), nights("new", day(60), day(63)))
    importer.pull(link)

    found = of(importer, link).exposure

    assert found is not None
    assert found.here_per_day == pytest.approx(2 / 90), (
        "two of its room, a cancelled one too; not the other's"
    )
    assert found.there_per_day == pytest.approx(1 / 10), "what it brought at first had been there before"
    assert found.unknown_seconds == pytest.approx(10 * 86_400)


def test_the_worst_come_first(importer: Importer) -> None:
    links = {
        state: importer.link(feed=f"/{state}.ics", name=state)
        for state in ("active", "paused", "needs_auth", "guarded", "lost")
    }
    for state, link in links.items():
        importer.run_sql(
            "UPDATE links SET state = :state, verified_at = now() WHERE id = :id", state=state, id=link
        )

    found = importer.do(lambda session: health.of_links(session, hub_clock.now()))

    assert [one.known.state for one in found] == ["lost", "needs_auth", "guarded", "paused", "active"]
    assert [one.link_id for one in found] == [links[one.known.state] for one in found]


def test_a_link_that_is_not_there_is_not_found(importer: Importer, reaching: Any, channel: Any) -> None:
    with pytest.raises(NotFound):
        of(importer, new_id())
    theirs = Importer.build(reaching, channel).link()
    with pytest.raises(NotFound):
        of(importer, theirs)


def test_a_property_says_which_of_its_units_no_link_speaks_of(importer: Importer) -> None:
    importer.link()

    (place,) = covered(importer)

    assert place.links["stale"] + place.links["new"] + place.links["fresh"] == 1
    assert [name for _, name in place.unlinked] == ["Room 2"]
    assert place.words.endswith("1 unit without any link")
    assert place.oldest is not None
    assert place.runs_next is not None


def test_a_link_of_the_whole_property_leaves_no_unit_out_and_a_part_covers_its_whole(
    importer: Importer,
) -> None:
    def villa(session: Session) -> None:
        kind = factories.a_unit_type(session, importer.property_id, name="Villa", category="home")
        factories.a_unit(session, kind.id, "Villa", parts=importer.units)

    importer.do(villa)
    importer.link()
    assert {name for _, name in covered(importer)[0].unlinked} == {"Room 2"}, "the villa has room 1 in it"

    importer.link(feed="/all.ics", property_id=importer.property_id)

    assert covered(importer)[0].unlinked == ()


def test_a_hundred_links_cost_as_many_statements_as_one(importer: Importer) -> None:
    def everything(session: Session) -> None:
        now = hub_clock.now()
        health.in_full(session, health.of_links(session, now), now)
        health.of_properties(session, properties.page(session, 100, None), now)

    importer.link()
    one = statements(importer, everything)
    importer.do(lambda session: _many(session, importer, 100))

    assert statements(importer, everything) == one <= 7
    assert len(importer.do(lambda session: health.of_links(session, hub_clock.now()))) == 101


def _many(session: Session, importer: Importer, number: int) -> None:
    connection = connecting.connect(session, "ical", "Many", {})
    for n in range(number):
        url = {"url": importer.channel.url(f"/{n}.ics")}
        linking.link(
            session, connection.id, Scope(unit_id=importer.units[n % 2]), "import", url, uid_domain=DOMAIN
        )


def covered(importer: Importer) -> tuple[health.Coverage, ...]:
    def work(session: Session) -> tuple[health.Coverage, ...]:
        places: tuple[Property, ...] = properties.page(session, 10, None)
        return health.of_properties(session, places, hub_clock.now())

    return importer.do(work)
