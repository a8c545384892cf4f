"""What is to be done about an item: the table, and what holds for every row of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.planning.content import GROUPS, LOOK, Groups
from sync.planning.threeway import RESTORES, Act, Sides, TheirAct, Verdict, plan, plan_theirs, resolve

A = {"time": "1", "text": "1", "busy": "1"}
B = {"time": "2", "text": "1", "busy": "1"}
C = {"time": "1", "text": "2", "busy": "1"}


def sides(local: Groups | None, remote: Groups | None, base: Groups | None = A, **more: object) -> Sides:
    known: dict[str, object] = {"base_local": base, "base_remote": base, "local": local, "remote": remote}
    return Sides(**(known | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("local", "remote", "expected"),
    [
        (A, A, Act.NOTHING),
        (B, A, Act.UPDATE),
        (A, B, Act.RESOLVE),
        (B, C, Act.RESOLVE),
        (B, B, Act.REBASE),
        (None, A, Act.DELETE),
        (None, B, Act.DELETE_EDITED),
        (B, None, Act.RECREATE),
        (None, None, Act.TOMBSTONE),
    ],
)
def test_against_what_both_agreed_on(local: Groups | None, remote: Groups | None, expected: Act) -> None:
    assert plan(sides(local, remote)) is expected


@pytest.mark.parametrize(
    ("local", "remote", "expected"),
    [
        (A, None, Act.CREATE),
        (None, A, Act.DELETE),
        (A, A, Act.REBASE),
        (A, B, Act.UPDATE),
        (None, None, Act.TOMBSTONE),
    ],
)
def test_where_nothing_was_agreed_on(local: Groups | None, remote: Groups | None, expected: Act) -> None:
    assert plan(sides(local, remote, base=None)) is expected


@pytest.mark.parametrize(
    ("local", "ended", "expected"),
    [(C, True, Act.REBASE), (C, False, Act.RECREATE), (B, True, Act.RECREATE)],
    ids=["other words of what is over", "other words", "another time"],
)
def test_other_words_bring_nothing_back_that_is_over_and_was_let_go(
    local: Groups, ended: bool, expected: Act
) -> None:
    assert plan(sides(local, None, tombstoned=True, ended=ended)) is expected


def test_a_paid_stay_is_put_back_so_often_and_then_a_person_decides() -> None:
    gone = sides(A, None, restorable=True)

    acts = [plan(replace(gone, restores=number)) for number in range(RESTORES + 2)]

    assert acts == [Act.RESTORE] * RESTORES + [Act.REVIEW] * 2


def test_a_hold_is_given_up_once_the_guard_lets_it() -> None:
    gone = sides(A, None, releasable=True)

    assert plan(gone) is Act.RELEASE
    assert plan(replace(gone, agreed=False)) is Act.WAIT


def test_where_nobodys_word_counts_a_deleted_hold_is_put_back() -> None:
    assert plan(sides(A, None, releasable=True, one_way=True)) is Act.RESTORE


def test_what_is_over_is_let_go_and_stays_so() -> None:
    assert plan(sides(A, None)) is Act.TOMBSTONE
    assert plan(sides(A, None, tombstoned=True)) is Act.NOTHING


def test_another_look_is_written_though_nothing_else_changed() -> None:
    base = A | {LOOK: "red"}

    act = plan(Sides(base_local=base, base_remote=A, local=A | {LOOK: "blue"}, remote=A))

    assert act is Act.UPDATE


@given(
    *(
        st.none() | st.fixed_dictionaries({group: st.sampled_from("12") for group in GROUPS})
        for _ in range(4)
    ),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_nothing_that_somebody_holds_is_ever_given_up(
    base_local: Groups | None,
    base_remote: Groups | None,
    local: Groups | None,
    remote: Groups | None,
    restorable: bool,
    releasable: bool,
    agreed: bool,
) -> None:
    """Only what may be released, is unchanged here, gone there, and agreed to be gone."""
    act = plan(
        Sides(
            base_local=base_local,
            base_remote=base_remote,
            local=local,
            remote=remote,
            restorable=restorable,
            releasable=releasable,
            agreed=agreed,
        )
    )

    if act is Act.RELEASE:
        assert releasable
        assert agreed
        assert not restorable
        assert remote is None
        assert local == base_local
    if act in (Act.DELETE, Act.DELETE_EDITED):
        assert local is None
    if remote is not None and local is not None:
        assert act in (Act.NOTHING, Act.UPDATE, Act.REBASE, Act.RESOLVE)


@pytest.mark.parametrize(("here", "there"), list(product("123", repeat=2)))
def test_each_group_is_resolved_by_itself(here: str, there: str) -> None:
    found = resolve(sides(A | {"time": here}, A | {"time": there, "text": "9"}))

    assert found["text"] is Verdict.THEIRS
    expected = {
        ("1", "2"): Verdict.THEIRS,
        ("1", "3"): Verdict.THEIRS,
        ("2", "2"): Verdict.EQUAL,
        ("3", "3"): Verdict.EQUAL,
        ("2", "3"): Verdict.BOTH,
        ("3", "2"): Verdict.BOTH,
    }
    assert found.get("time") is expected.get((here, there))


@pytest.mark.parametrize(
    ("base", "remote", "agreed", "expected"),
    [
        (None, A, True, TheirAct.IMPORT),
        (A, A, True, TheirAct.NOTHING),
        (A, B, True, TheirAct.IMPORT),
        (A, None, True, TheirAct.DROP),
        (A, None, False, TheirAct.WAIT),
        (None, None, False, TheirAct.NOTHING),
    ],
)
def test_what_is_theirs_is_a_fact(
    base: Groups | None, remote: Groups | None, agreed: bool, expected: TheirAct
) -> None:
    assert plan_theirs(base, remote, agreed=agreed) is expected
