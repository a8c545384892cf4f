"""What is our own word come back, and what is not: the rules one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Mark, Nature
from hub.domain.periods import Nights, Period, difference, intersect, occupied
from sync.planning import draining, marks
from sync.planning.draining import SETTLED
from sync.planning.echoes import LATE, Standing, Verdict, judge
from sync.planning.exported import Before, Export, Heard, History
from sync.planning.timelines import Timeline

MADRID = ZoneInfo("Europe/Madrid")
T0 = datetime(2026, 6, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def july(first: int, after: int) -> Period:
    start = date(2026, 7, 1)
    return occupied(Nights(start + timedelta(days=first - 1), start + timedelta(days=after - 1)), MADRID)


def export(first: int, after: int, **changes: object) -> Export:
    said = Export(
        id=uuid4(),
        uid="u@hub",
        origin="u@hub",
        period=july(first, after),
        since_at=T0,
        seen_at=T0,
        fetched_at=T0,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


def heard(first: int, after: int, nature: Nature = Nature.BLOCK, **changes: object) -> Heard:
    told = Heard(key="e@ota", uid="e@ota", period=july(first, after), nature=nature)
    return replace(told, **changes)  # type: ignore[arg-type]


def judged(one: Heard, *exports: Export, now: datetime = T0 + HOUR, **of_history: object) -> Verdict:
    return judge(History(exports, **of_history), [one], now)[one.key]  # type: ignore[arg-type]


periods = st.tuples(st.integers(1, 20), st.integers(1, 6)).map(lambda t: july(t[0], t[0] + t[1]))
exports = st.lists(
    st.builds(
        Export,
        id=st.uuids(),
        uid=st.sampled_from(["a@hub", "b@hub"]),
        origin=st.sampled_from(["a@hub", "far@away"]),
        period=periods,
        since_at=st.integers(0, 48).map(lambda n: T0 + n * HOUR),
        until_at=st.none() | st.integers(49, 90).map(lambda n: T0 + n * HOUR),
        seen_at=st.none() | st.just(T0 + 48 * HOUR),
        fetched_at=st.just(T0 + 90 * HOUR),
        drained=st.booleans(),
        here=st.booleans(),
        alike=st.booleans(),
        told_here=st.booleans(),
    ),
    max_size=6,
).map(tuple)
events = st.lists(
    st.builds(
        Heard,
        key=st.uuids().map(str),
        uid=st.sampled_from(["a@hub", "x@ota"]),
        period=periods,
        nature=st.sampled_from(Nature),
        mark=st.none() | st.just(Mark("far@away", ("hop",))),
    ),
    max_size=5,
    unique_by=lambda one: one.key,
)


@given(exports, events, st.booleans())
def test_what_is_ours_lies_within_the_event_and_what_we_exported(
    said: tuple[Export, ...], told: list[Heard], ours: bool
) -> None:
    verdicts = judge(History(said, lambda _: ours), told, T0 + 100 * HOUR)
    assert verdicts.keys() == {one.key for one in told}
    for one in told:
        verdict = verdicts[one.key]
        assert not difference(verdict.ours, (one.period,))
        assert not difference(verdict.ours, (export.period for export in said))
        assert not intersect(verdict.ours, verdict.muted)
        assert not difference(verdict.muted, (one.period,))


@given(exports, events)
def test_a_stay_without_mark_or_name_of_ours_is_external(said: tuple[Export, ...], told: list[Heard]) -> None:
    stays = [replace(one, nature=Nature.STAY, mark=None, uid="x@ota") for one in told]
    for verdict in judge(History(said), stays, T0 + 100 * HOUR).values():
        assert verdict == Verdict(Standing.EXTERNAL)


@given(exports, events)
def test_what_is_judged_again_after_it_was_stored_stands_as_it_stood(
    said: tuple[Export, ...], told: list[Heard]
) -> None:
    now = T0 + 100 * HOUR
    first = judge(History(said), told, now)
    again = [
        replace(
            one,
            before=Before(
                uid_out=f"out-{one.key}",
                first_seen_at=now,
                period=one.period,
                ours=first[one.key].ours,
                muted=first[one.key].muted,
            ),
        )
        for one in told
    ]
    for key, verdict in judge(History(said), again, now).items():
        assert verdict.ours == first[key].ours


@given(st.lists(periods, max_size=12), periods)
def test_a_timeline_finds_all_that_meets_a_period(held: list[Period], asked: Period) -> None:
    line = Timeline((period, number) for number, period in enumerate(held))
    assert set(line.meeting(asked)) == {n for n, period in enumerate(held) if period.overlaps(asked)}


# One by one


def test_without_any_export_all_is_external() -> None:
    assert judged(heard(3, 7)) == Verdict(Standing.EXTERNAL)


def test_several_exports_together_cover_one_closure() -> None:
    verdict = judged(heard(1, 9), export(1, 4), export(4, 9))
    assert verdict == Verdict(Standing.ECHO, (july(1, 9),))


def test_a_channel_that_shows_nothing_again_has_no_echo_by_content() -> None:
    assert judged(heard(3, 7), export(3, 7), by_content=False).standing is Standing.EXTERNAL
    assert judged(heard(3, 7), export(3, 7, here=False), by_content=False).standing is Standing.EXTERNAL
    by_name = heard(3, 7, uid="u@hub")
    assert judged(by_name, export(3, 7), by_content=False).standing is Standing.ECHO


def test_our_uid_is_ours_for_ever_and_a_hub_that_relays_under_it_is_not() -> None:
    withdrawn = export(3, 7, until_at=T0, lost_at=T0, drained=True, here=False)
    long_after = T0 + timedelta(days=20)
    assert judged(heard(3, 7, uid="u@hub"), withdrawn, now=long_after).standing is Standing.DRAINING
    relayed = export(3, 7, uid="other@hub", origin="u@hub", here=False, alike=False)
    assert judged(heard(3, 7, Nature.STAY, uid="u@hub"), relayed).standing is Standing.EXTERNAL


def test_what_we_said_because_of_an_event_says_nothing_against_it() -> None:
    before = Before(uid_out="u@hub", first_seen_at=T0 - HOUR, period=july(3, 7))
    later_piece = export(5, 7, uid="u.20260705@hub")
    one = heard(3, 7, before=before, mark=Mark("u@hub", ("hop",)))
    assert judged(one, export(3, 7), later_piece, returned=lambda _: True).ours == ()


def test_what_grew_to_be_exactly_what_we_said_is_still_the_channels_where_that_was_first() -> None:
    had = Before(uid_out="old@hub", first_seen_at=T0 - HOUR, period=july(4, 6))

    for nature in (Nature.BLOCK, Nature.UNKNOWN):
        verdict = judged(heard(3, 7, nature), export(3, 7), closed=(had,))
        assert intersect(verdict.ours, (july(4, 6),)) == ()
        assert verdict.standing is Standing.EXTERNAL


def test_what_may_be_a_stay_and_grew_beyond_what_we_said_is_no_echo_of_it() -> None:
    was = Before(uid_out="e@hub", first_seen_at=T0, period=july(3, 7), ours=(july(3, 7),))

    grown = judged(heard(2, 7, Nature.UNKNOWN, before=was), export(3, 7))
    same = judged(heard(3, 7, Nature.UNKNOWN, before=was), export(4, 7), export(3, 7, until_at=T0))

    assert (grown.standing, grown.ours) == (Standing.EXTERNAL, ())
    assert same.standing is not Standing.EXTERNAL


def test_our_word_beside_a_night_that_the_channel_had_closed_is_ours_wherever_that_night_came_from() -> None:
    """A manager shows what it read of us in one piece with the night that it prepares the place."""
    night = Before(uid_out="w", first_seen_at=T0 - HOUR, period=july(3, 4))
    shown = heard(3, 8, Nature.UNKNOWN)

    for muted in ((), (july(3, 4),)):
        assert judged(shown, export(1, 8), closed=(replace(night, muted=muted),)).ours == (july(4, 8),)
    assert judged(shown, export(4, 8)).ours == ()
    assert judged(heard(3, 9, Nature.UNKNOWN), export(1, 8), closed=(night,)).ours == ()


def test_what_was_the_channels_before_we_said_it_stays_so_under_any_name() -> None:
    had = Before(uid_out="old@hub", first_seen_at=T0 - HOUR, period=july(1, 9))
    renamed = heard(3, 7)
    assert judged(renamed, export(3, 7), closed=(had,)).standing is Standing.EXTERNAL
    assert judged(renamed, export(3, 7)).standing is Standing.ECHO


def test_it_drains_until_it_should_have_settled() -> None:
    gone = export(3, 7, until_at=T0 + HOUR, lost_at=T0 + HOUR)
    in_time = judged(heard(3, 7), gone, now=T0 + HOUR + SETTLED)
    assert (in_time.standing, in_time.draining_since) == (Standing.DRAINING, T0 + HOUR)
    assert judged(heard(3, 7), gone, now=T0 + 2 * HOUR + SETTLED).standing is Standing.EXTERNAL


def test_a_reader_that_never_comes_back_may_show_it_for_ever_and_somebody_should_look() -> None:
    gone = export(3, 7, until_at=T0 + HOUR)
    late = T0 + timedelta(days=20)
    verdict = judged(heard(3, 7), gone, now=late)
    assert verdict.standing is Standing.DRAINING
    assert draining.overdue(verdict.draining_since, late)
    assert not draining.overdue(verdict.draining_since, T0 + 2 * HOUR)


def test_what_a_newer_export_says_still_does_not_drain() -> None:
    gone = export(3, 7, until_at=T0, lost_at=T0)
    verdict = judged(heard(3, 7), gone, export(3, 7, uid="v@hub", seen_at=None))
    assert (verdict.standing, verdict.draining_since) == (Standing.ECHO, None)


def test_a_closure_within_another_feed_is_muted_and_a_stay_is_not() -> None:
    elsewhere = export(3, 7, here=False)
    assert judged(heard(3, 7), elsewhere) == Verdict(Standing.MUTED, muted=(july(3, 7),))
    for nature in (Nature.STAY, Nature.UNKNOWN):
        assert judged(heard(3, 7, nature), elsewhere).standing is Standing.EXTERNAL


def test_only_what_another_feed_says_of_the_same_units_mutes() -> None:
    assert judged(heard(3, 7), export(3, 7, here=False, alike=False)).standing is Standing.EXTERNAL
    part = judged(heard(3, 9), export(3, 7, here=False))
    assert (part.standing, part.muted) == (Standing.EXTERNAL, (july(3, 7),))


def test_a_closure_that_comes_long_after_is_the_hosts_decision() -> None:
    gone = export(3, 7, here=False, until_at=T0)
    assert judged(heard(3, 7), gone, now=T0 + LATE).standing is Standing.MUTED
    assert judged(heard(3, 7), gone, now=T0 + LATE + HOUR).standing is Standing.EXTERNAL


def test_a_closure_in_place_of_what_the_channel_told_before_is_no_echo_of_that() -> None:
    told = export(3, 7, here=False, told_here=True, uid="s@hub")
    teller = Before(uid_out="s@hub", first_seen_at=T0 - HOUR, period=july(3, 7))
    beside = heard(3, 7, Nature.STAY, key="s", uid="s@ota", before=teller)
    with_it = judge(History((told,)), [heard(3, 7), beside], T0 + HOUR)
    assert with_it["e@ota"].standing is Standing.MUTED
    assert judged(heard(3, 7), told).standing is Standing.EXTERNAL


def test_another_hubs_mark_is_believed_over_the_content() -> None:
    foreign = heard(3, 7, mark=Mark("far@away", ("hop",)))
    verdict = judged(foreign, export(3, 7))
    assert (verdict.standing, verdict.ours) == (Standing.MUTED, ())
    assert judged(heard(3, 7, Nature.STAY, mark=foreign.mark), export(3, 7)).standing is Standing.EXTERNAL


def test_an_export_is_drained_once_a_reading_after_it_shows_nothing_of_it() -> None:
    gone = export(3, 7, until_at=T0, lost_at=T0)
    history = History((gone,))
    now = T0 + HOUR
    assert draining.drained(history, [], now) == {gone.id}
    assert draining.drained(history, [heard(5, 9)], now) == frozenset()
    assert draining.drained(history, [heard(5, 9, Nature.STAY)], now) == {gone.id}
    assert draining.drained(History((replace(gone, lost_at=None),)), [], now) == frozenset()
    assert draining.drained(History((replace(gone, lost_at=None),)), [], T0 + 25 * HOUR) == {gone.id}


def test_what_the_last_reading_showed_nothing_of_is_no_echo_when_it_comes_later() -> None:
    gone = export(3, 7, until_at=T0, lost_at=T0)
    new = heard(3, 7, Nature.UNKNOWN)
    assert judged(new, gone, now=T0 + 2 * HOUR).standing is Standing.DRAINING
    assert judged(new, gone, now=T0 + 2 * HOUR, read_at=T0 + HOUR).standing is Standing.EXTERNAL


# Marks


def test_a_way_grows_by_one_hop_and_not_without_end() -> None:
    hops = tuple(f"{n:016x}.{n:016x}" for n in range(marks.MOST_HOPS))
    assert marks.signed(None, "u@hub", lambda origin: f"us-{origin}") == Mark("u@hub", ("us-u@hub",))
    assert marks.signed(Mark("o", hops[:-1]), "u", lambda _: "us").via == (*hops[:-1], "us")
    assert marks.signed(Mark("o", hops), "u", lambda _: "us") == Mark("o", hops)


def test_a_mark_is_read_back_as_it_was_stored() -> None:
    for mark in (None, Mark("u@hub", ()), Mark("u@hub", ("a", "b"))):
        assert marks.from_json(marks.to_json(mark)) == mark
