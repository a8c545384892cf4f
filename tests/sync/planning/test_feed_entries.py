"""What a feed says, and which version of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Mark
from hub.domain.periods import Hours, Nights, Span
from sync.planning.feed_entries import (
    SUMMARIES,
    Content,
    Kind,
    Plan,
    Said,
    Wanted,
    from_json,
    named,
    plan,
    to_json,
)

T0 = datetime(2026, 6, 1, 8, tzinfo=UTC)


def nights(first: int, after: int) -> Nights:
    return Nights(date(2026, 7, 1) + timedelta(days=first), date(2026, 7, 1) + timedelta(days=after))


def sign(origin: str) -> str:
    return f"us-{origin}"


def booked(first: int = 0, after: int = 3) -> Content:
    return Content(Kind.BOOKING, nights(first, after), SUMMARIES[Kind.BOOKING])


def sold_out(uid: str, span: Span, withdrawn_at: datetime | None = None) -> Said:
    return Said(uid, Content(Kind.SOLD_OUT, span, SUMMARIES[Kind.SOLD_OUT]), 0, T0, withdrawn_at)


spans: st.SearchStrategy[Span] = st.one_of(
    st.tuples(st.integers(0, 60), st.integers(1, 9)).map(lambda t: nights(t[0], t[0] + t[1])),
    st.tuples(st.integers(0, 10**8), st.integers(1, 10**6)).map(
        lambda t: Hours(T0 + timedelta(seconds=t[0]), T0 + timedelta(seconds=t[0] + t[1]))
    ),
)
contents = st.builds(
    Content,
    kind=st.sampled_from(Kind),
    span=spans,
    summary=st.sampled_from(["Reserved", "Not available"]),
    mark=st.none()
    | st.builds(
        Mark,
        st.sampled_from(["a@other.example", "b@other.example"]),
        st.lists(st.sampled_from(["one", "two"]), max_size=3).map(tuple),
    ),
)
feeds = st.dictionaries(st.sampled_from("abcdef"), contents, max_size=6).map(
    lambda said: [Wanted(uid, content) for uid, content in said.items()]
)
histories = st.lists(feeds, min_size=1, max_size=6)


def applied(stored: dict[str, Said], planned: Plan) -> dict[str, Said]:
    return stored | {entry.uid: entry for entry in planned.written}


def live(stored: dict[str, Said]) -> dict[str, Content]:
    return {said.uid: said.content for said in stored.values() if said.withdrawn_at is None}


@given(histories)
def test_whatever_was_said_before_the_feed_comes_to_say_what_is_wanted(history: list[list[Wanted]]) -> None:
    stored: dict[str, Said] = {}
    for n, wanted in enumerate(history):
        planned = plan(stored.values(), wanted, T0 + timedelta(hours=n))
        stored = applied(stored, planned)
        assert live(stored) == {want.uid: want.content for want in wanted}
        assert [said.uid for said in planned.live] == [want.uid for want in wanted]
        assert all(stored[said.uid] == said for said in planned.live)


@given(histories, feeds)
def test_saying_the_same_again_writes_nothing(history: list[list[Wanted]], last: list[Wanted]) -> None:
    stored: dict[str, Said] = {}
    for n, wanted in enumerate([*history, last]):
        stored = applied(stored, plan(stored.values(), wanted, T0 + timedelta(hours=n)))
    again = plan(stored.values(), last, T0 + timedelta(days=9))
    assert again.written == ()
    assert [stored[said.uid] for said in again.live] == list(again.live)


@given(histories)
def test_a_version_only_grows_and_by_one_when_the_reader_sees_something_else(
    history: list[list[Wanted]],
) -> None:
    stored: dict[str, Said] = {}
    for n, wanted in enumerate(history):
        before, now = stored, T0 + timedelta(hours=n)
        stored = applied(stored, plan(stored.values(), wanted, now))
        for want in wanted:
            old, new = before.get(want.uid), stored[want.uid]
            if old is None:
                assert (new.sequence, new.modified_at) == (0, now)
            elif old.withdrawn_at is None and old.content == want.content:
                assert new == old
            else:
                assert (new.sequence, new.modified_at) == (old.sequence + 1, now)


@given(histories)
def test_withdrawn_entries_that_are_not_wanted_need_not_be_told(history: list[list[Wanted]]) -> None:
    stored: dict[str, Said] = {}
    for n, wanted in enumerate(history):
        uids = {want.uid for want in wanted}
        told = [said for said in stored.values() if said.withdrawn_at is None or said.uid in uids]
        now = T0 + timedelta(hours=n)
        assert plan(told, wanted, now) == plan(stored.values(), wanted, now)
        stored = applied(stored, plan(told, wanted, now))


@given(contents)
def test_a_stored_content_is_read_back_as_it_was(content: Content) -> None:
    assert from_json(to_json(content)) == content


def test_what_was_stored_before_there_were_ways_is_still_read() -> None:
    stored = to_json(Content(Kind.RELAYED, nights(0, 3), "Not available", Mark("a@other.example", ("one",))))
    del stored["via"]
    assert from_json(stored).mark == Mark("a@other.example", ())
    assert from_json({**stored, "origin": None}).mark is None


disjoint = st.lists(st.integers(0, 60), unique=True, max_size=12).map(
    lambda edges: [nights(*pair) for pair in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)]
)


@given(disjoint)
def test_sold_out_spans_that_stay_keep_their_uids(spans: list[Nights]) -> None:
    first = named(spans, [], (f"new-{n}" for n in count()), sign)
    said = [Said(want.uid, want.content, 0, T0) for want in first]
    assert named(reversed(spans), reversed(said), iter(()), sign) == first


@given(disjoint, disjoint)
def test_every_sold_out_span_has_one_uid_and_an_old_one_only_where_it_was(
    earlier: list[Nights], later: list[Nights]
) -> None:
    said = [sold_out(f"old-{n}", span) for n, span in enumerate(earlier)]
    wanted = named(later, said, (f"new-{n}" for n in count()), sign)
    assert all(want.content.mark == Mark(want.uid, (sign(want.uid),)) for want in wanted)
    assert len({want.uid for want in wanted}) == len(later)
    assert [want.content.span for want in wanted] == later
    was = {entry.uid: entry.content.span for entry in said}
    for want in wanted:
        if want.uid in was:
            assert set(_nights(was[want.uid])) & set(_nights(want.content.span))


def _nights(span: Span) -> Nights:
    assert isinstance(span, Nights)
    return span


def test_a_moved_booking_keeps_its_uid_and_takes_the_next_version() -> None:
    said = [Said("u", booked(0, 3), 4, T0)]
    planned = plan(said, [Wanted("u", booked(1, 4))], T0 + timedelta(hours=1))
    assert planned.written == (Said("u", booked(1, 4), 5, T0 + timedelta(hours=1)),)


def test_what_was_withdrawn_and_comes_back_goes_on_counting() -> None:
    entry = Said("u", booked(), 2, T0)
    later = T0 + timedelta(hours=1)
    (gone,) = plan([entry], [], later).written
    assert gone == replace(entry, withdrawn_at=later)
    (back,) = plan([gone], [Wanted("u", booked())], later).live
    assert (back.sequence, back.withdrawn_at) == (3, None)


def test_a_clock_set_back_does_not_make_an_entry_older() -> None:
    planned = plan([Said("u", booked(0, 3), 0, T0)], [Wanted("u", booked(0, 4))], T0 - timedelta(days=1))
    assert planned.live[0].modified_at == T0


def test_a_sold_out_span_that_grows_shrinks_or_shifts_stays_the_same_one() -> None:
    known = [sold_out("a", nights(0, 5)), sold_out("b", nights(10, 12))]
    wanted = named([nights(3, 8), nights(11, 20)], known, iter(()), sign)
    assert [want.uid for want in wanted] == ["a", "b"]


def test_when_one_sold_out_span_becomes_two_the_first_inherits() -> None:
    wanted = named([nights(4, 5), nights(0, 2)], [sold_out("a", nights(0, 5))], iter(["new"]), sign)
    assert [(want.uid, want.content.span) for want in wanted] == [("a", nights(0, 2)), ("new", nights(4, 5))]


def test_when_two_become_one_the_earlier_name_stays() -> None:
    known = [sold_out("b", nights(3, 5)), sold_out("a", nights(0, 2))]
    assert [want.uid for want in named([nights(0, 5)], known, iter(()), sign)] == ["a"]


def test_neither_withdrawn_spans_nor_bookings_nor_neighbours_lend_their_names() -> None:
    known = [
        sold_out("withdrawn", nights(0, 3), withdrawn_at=T0),
        Said("booking", booked(0, 3), 0, T0),
        sold_out("neighbour", nights(3, 6)),
    ]
    assert [want.uid for want in named([nights(0, 3)], known, iter(["new"]), sign)] == ["new"]
