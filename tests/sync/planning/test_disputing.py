"""What is a conflict, and what becomes of a person's word on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Mark, Nature
from sync.planning import disputing
from sync.planning.disputing import CLASHES, Claim, Told

SPAN = {"from": "2026-07-01", "to": "2026-07-04"}
OTHER = {"from": "2026-07-02", "to": "2026-07-04"}
MARK = Mark("stay@hub.example", ("0123456789abcdef.0123456789abcdef",))

natures = st.sampled_from(Nature)
spans = st.sampled_from((SPAN, OTHER))
told = st.builds(
    Told, natures, spans, st.sampled_from(("a@x", "b@x", MARK.origin)), st.sampled_from((None, MARK))
)
words = st.dictionaries(st.sampled_from(("from", "to", "status", "nature")), st.text(max_size=5), max_size=4)
passing = st.dictionaries(
    st.sampled_from(("last_seen_at", "channel", "source", "why", "readings")), st.text(max_size=5), max_size=3
)


def test_every_claim_is_ruled_on() -> None:
    assert CLASHES.keys() == set(Claim)
    assert {Claim(nature) for nature in Nature} == set(Claim) - {Claim.BOOKING, Claim.BLACKOUT}


@pytest.mark.parametrize(
    ("claim", "clashing"),
    [
        (Claim.BOOKING, {Nature.STAY, Nature.UNKNOWN, Nature.BLOCK}),
        (Claim.BLACKOUT, {Nature.STAY, Nature.UNKNOWN}),
    ],
)
def test_what_clashes_with_ours(claim: Claim, clashing: set[Nature]) -> None:
    found = {nature for nature in Nature if disputing.with_ours(Told(nature, SPAN, "a"), claim)}

    assert found == clashing


@given(told, told)
def test_it_does_not_matter_which_channel_is_asked(one: Told, other: Told) -> None:
    assert disputing.between_channels(one, other) == disputing.between_channels(other, one)


@given(told, told)
def test_a_closure_is_no_guest(one: Told, other: Told) -> None:
    if Nature.BLOCK in (one.nature, other.nature):
        assert not disputing.between_channels(one, other)


@given(natures, natures, spans, spans)
def test_what_may_be_two_guests_is_told(one: Nature, other: Nature, first: Any, second: Any) -> None:
    """Unless both say by their names that they are one thing."""
    expected = Nature.BLOCK not in (one, other)

    assert disputing.between_channels(Told(one, first, "a"), Told(other, second, "b")) is expected


def test_one_thing_that_came_by_two_ways_is_one_guest() -> None:
    here = Told(Nature.STAY, SPAN, MARK.origin)
    relayed = Told(Nature.STAY, SPAN, "b", MARK)
    copied = Told(Nature.STAY, OTHER, "b", MARK)

    assert not disputing.between_channels(here, relayed)
    assert not disputing.between_channels(relayed, Told(Nature.STAY, SPAN, "c", MARK))
    assert disputing.between_channels(here, copied), (
        "an app that copies an event copies what is written on it"
    )


@given(st.sampled_from(Claim), st.booleans())
def test_only_a_booking_clashes_anew_with_what_its_channel_no_longer_tells(claim: Claim, waits: bool) -> None:
    assert disputing.opens(claim, waits=waits) == (claim is Claim.BOOKING or not waits)
    assert disputing.opens(None, waits=waits), "what is wrong with an event alone is told"


@given(words, words, passing, passing, st.none() | st.uuids())
def test_how_we_know_of_a_side_changes_nothing(
    local: dict[str, str], remote: dict[str, str], one: dict[str, str], two: dict[str, str], unit: UUID | None
) -> None:
    plain = disputing.fingerprint(local, remote, unit)

    assert disputing.fingerprint(local | one, two | remote, unit) == plain


@given(words, words, words)
def test_another_side_is_another_fingerprint(
    local: dict[str, str], remote: dict[str, str], other: dict[str, str]
) -> None:
    unit = uuid4()
    plain = disputing.fingerprint(local, remote, unit)

    assert (disputing.fingerprint(other, remote, unit) == plain) is (other == local)
    assert (disputing.fingerprint(local, other, unit) == plain) is (other == remote)
    assert disputing.fingerprint(local, remote, uuid4()) != plain


@given(st.sampled_from(("open", "ignored", "accepted")), st.sampled_from("ab"), st.sampled_from("ab"))
def test_only_what_was_put_aside_comes_back_and_only_when_it_changed(
    state: str, before: str, now: str
) -> None:
    after = disputing.state_after(state, before, now)

    assert (after != state) is (state == "ignored" and before != now)
    assert after in (state, "open")


@given(st.text(alphabet="abc 123", max_size=20))
def test_what_a_calendar_wrote_is_not_repeated(written: str) -> None:
    told = disputing.plainly(f"its time zone {'Ada ' + written!r} is not known")

    assert "Ada" not in told
    assert told.startswith("its time zone")


def test_it_is_short() -> None:
    assert len(disputing.plainly("x" * 5_000)) <= 200
