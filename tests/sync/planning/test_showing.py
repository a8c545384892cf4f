"""How an event of ours is told to stand in its calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.planning.showing import REFUSED, Standing, State, judge, told

NOW = datetime(2027, 7, 1, 12, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)


def standing(**known: Any) -> Standing:
    return Standing(**{"wanted": True, "present": True} | known)


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({}, State.SYNCED),
        ({"wanted": False}, State.SYNCED),
        ({"present": False}, State.WAITING),
        ({"present": False, "wanted": False}, State.NOT_SHOWN),
        ({"present": False, "wanted": False, "deleted": True}, State.NOT_SHOWN),
        ({"touched": True}, State.WAITING),
        ({"touched": True, "rests_until": LATER}, State.PUT_OFF),
        ({"touched": True, "rests_until": BEFORE}, State.WAITING),
        ({"rests_until": LATER}, State.SYNCED),
        ({"op_state": "ready"}, State.PUT_OFF),
        ({"op_state": "inflight", "touched": True}, State.ON_ITS_WAY),
        ({"op_state": "settled", "outcome": f"{REFUSED}no", "present": False}, State.REFUSED),
        ({"op_state": "settled", "outcome": f"{REFUSED}no", "touched": True}, State.WAITING),
        ({"op_state": "settled", "outcome": "not done: another version"}, State.SYNCED),
        ({"op_state": "done", "review": True}, State.SYNCED),
        ({"present": False, "deleted": True, "review": True}, State.DELETED_THERE),
        ({"present": False, "deleted": True, "held": True}, State.DELETED_THERE),
        ({"hidden": True, "op_state": "inflight"}, State.HIDDEN),
        ({"hidden": True, "present": False, "deleted": True}, State.HIDDEN),
    ],
)
def test_the_state_follows_from_what_is_known(known: dict[str, Any], state: State) -> None:
    assert judge(standing(**known), NOW) is state


@pytest.mark.parametrize(
    ("known", "part"),
    [
        ({"present": False, "link_rests": "the link is paused"}, "waits: the link is paused"),
        ({"op_state": "ready", "outcome": "come less often"}, "put off: come less often"),
        ({"touched": True, "rests_until": LATER}, "quota"),
        ({"op_state": "settled", "outcome": f"{REFUSED}not yours"}, "not yours"),
        ({"review": True}, "put back"),
        ({"hidden": True}, "being taken out"),
        ({"present": False, "deleted": True, "held": True}, "together with much else"),
    ],
)
def test_the_words_say_why(known: dict[str, Any], part: str) -> None:
    one = standing(**known)

    assert part in told(one, judge(one, NOW))


@pytest.mark.parametrize("state", State)
def test_every_state_has_words(state: State) -> None:
    assert told(standing(outcome="refused: no"), state)
