"""Data keys are changed for new ones under traffic, and no value is lost."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from hub import keyring
from hub.database import Database, vault_of
from hub.errors import Misconfigured
from hub.models.bookings import Guest
from hub.models.keys import GuestKey
from hub.queries import keys as query
from hub.services import guests, keys
from tests.conftest import FrozenClock
from tests.hub.services.sealing import (
    ACTOR,
    NEW_KEY,
    OLD_KEY,
    Process,
    a_house,
    book,
    names,
    numbers,
    opened,
    rotate,
)


def test_after_a_rotation_the_new_hub_key_opens_everything_alone(alone: Database, process: Process) -> None:
    house = a_house(alone)
    for day in range(20):
        book(alone, house, day, f"Guest {day}", cancelled=day % 3 == 0)
    before = opened(alone, house.organization_id)
    assert before["guests"] == before["guest_keys.sealed"] == 20
    assert before["bookings.cancel_reason_sealed"] == 7

    both = process(NEW_KEY, OLD_KEY)
    assert rotate(both) == 27

    only_new = process(NEW_KEY)
    assert opened(only_new, house.organization_id) == before
    only_old = process(OLD_KEY)
    with pytest.raises(Misconfigured):
        opened(only_old, house.organization_id)


def test_without_a_rotation_the_old_hub_key_is_needed(alone: Database, process: Process) -> None:
    house = a_house(alone)
    book(alone, house, 1, "Grace")
    only_new = process(NEW_KEY)
    with pytest.raises(Misconfigured):
        opened(only_new, house.organization_id)


def test_rows_from_before_there_were_data_keys_get_them_and_are_found_by_name(
    alone: Database, process: Process
) -> None:
    house = a_house(alone)
    guest_id = book(alone, house, 1, "Grace Hopper", cancelled=True)
    plain = alone.vault.seal({"name": "Grace Hopper", "email": None, "phone": None, "note": None})
    with alone.unit_of_work(house.organization_id) as session:
        session.execute(text("DELETE FROM guest_keys"))
        session.execute(text("DELETE FROM guest_words"))
        session.execute(text("DELETE FROM organization_keys"))
        session.execute(update(Guest).values(sealed=plain))
        reason = alone.vault.seal("she fell ill")
        session.execute(text("UPDATE bookings SET cancel_reason_sealed = :reason"), {"reason": reason})
        person = alone.vault.seal({"email": "ada@example.com", "name": "Ada"})
        session.execute(text("UPDATE accounts SET sealed = :sealed"), {"sealed": person})
        session.execute(text("DELETE FROM account_keys"))
    alone.keyring.forget(house.organization_id)
    assert names(alone, house.organization_id) == {"Grace Hopper"}

    both = process(NEW_KEY, OLD_KEY)
    rotate(both)

    only_new = process(NEW_KEY)
    found = opened(only_new, house.organization_id)
    assert found["guests"] == found["guest_keys.sealed"] == found["accounts"] == 1
    with only_new.unit_of_work(house.organization_id) as session:
        words = set(session.execute(text("SELECT guest_id, word FROM guest_words")).all())
        assert words == {(guest_id, word) for word in guests.word_indexes(session, "hopper GRACE")}


@pytest.mark.long
def test_a_rotation_in_the_middle_of_traffic_loses_nothing(alone: Database, process: Process) -> None:
    house = a_house(alone)
    for day in range(30):
        book(alone, house, day, f"Guest {day}")
    # Two programs with both keys, of which one has not heard of the rotation.
    rotating, selling = (process(NEW_KEY, OLD_KEY) for _ in range(2))
    days, over, sold = itertools.count(100), threading.Event(), []

    def sell() -> None:
        while not over.is_set():
            day = next(days)
            book(selling, house, day, f"Guest {day}", cancelled=True)
            sold.append(day)

    def read() -> int:
        times = 0
        while not over.is_set():
            assert names(selling, house.organization_id) >= {f"Guest {day}" for day in range(30)}
            times += 1
        return times

    with ThreadPoolExecutor(4) as pool:
        sellers, readers = [pool.submit(sell) for _ in range(2)], [pool.submit(read) for _ in range(2)]
        try:
            for _ in range(3):
                rotate(rotating, batch=3)
        finally:
            over.set()
        for seller in sellers:
            seller.result()
        assert all(reader.result() for reader in readers)
    assert len(sold) > 10, "nothing was sold meanwhile: this proves nothing"

    rotate(rotating)
    only_new = process(NEW_KEY)
    assert names(only_new, house.organization_id) == {f"Guest {day}" for day in [*range(30), *sold]}
    assert opened(only_new, house.organization_id)["bookings.cancel_reason_sealed"] == len(sold)


def test_a_rotation_that_was_killed_is_completed_by_the_next(alone: Database, process: Process) -> None:
    house = a_house(alone)
    for day in range(20):
        book(alone, house, day, f"Guest {day}")
    both = process(NEW_KEY, OLD_KEY)
    (begun,) = keys.begin(both, ACTOR)
    half = keys.carry_out(both, begun, ACTOR, 5)
    assert (next(half), next(half)) == (5, 5)
    del half
    assert numbers(both, house.organization_id) == [1, 2]

    assert rotate(both) == 10, "what was done is not done again"
    assert numbers(both, house.organization_id) == [1, 2], "the unfinished rotation's key is the newest still"
    rotate(both)
    assert numbers(both, house.organization_id) == [1, 2, 3]


def test_an_old_key_goes_when_nothing_needs_it_and_not_before(
    alone: Database, process: Process, clock: FrozenClock
) -> None:
    house = a_house(alone)
    guest_id = book(alone, house, 1, "Grace")
    unaware = process(OLD_KEY)
    assert names(unaware, house.organization_id) == {"Grace"}
    rotate(alone)
    late = book(unaware, house, 2, "Late")  # a process that has not heard of the new key
    with alone.unit_of_work(house.organization_id) as session:
        sealed = {key.id: key.sealed[:3] for key in session.scalars(select(GuestKey))}
    assert sealed == {guest_id: keyring.prefix(2), late: keyring.prefix(1)}

    assert keys.take_away(alone, house.organization_id, ACTOR) == 0, "it was retired just now"
    clock.advance(keys.LINGER + timedelta(seconds=1))
    assert keys.take_away(alone, house.organization_id, ACTOR) == 1
    assert numbers(alone, house.organization_id) == [2]
    afresh = process(OLD_KEY)
    assert names(afresh, house.organization_id) == {"Grace", "Late"}


def test_a_key_that_goes_at_once_would_take_along_what_is_sealed_with_it_meanwhile(
    alone: Database, process: Process
) -> None:
    """The control: why a retired key lingers."""
    house = a_house(alone)
    unaware = process(OLD_KEY)
    book(unaware, house, 1, "Grace")
    rotate(alone)
    alone.transact(house.organization_id, lambda session: query.remove(session, [1]))
    book(unaware, house, 2, "Late")
    with pytest.raises(Misconfigured, match="data key 1"):
        names(process(OLD_KEY), house.organization_id)


def test_a_new_key_is_known_to_other_processes_within_a_minute(
    alone: Database, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = a_house(alone)
    unaware = process(OLD_KEY)
    book(unaware, house, 1, "Grace")
    rotate(alone)
    monkeypatch.setattr(keyring, "RECHECK", -1.0)
    with unaware.unit_of_work(house.organization_id) as session:
        assert vault_of(session).seal("now")[:3] == keyring.prefix(2)
