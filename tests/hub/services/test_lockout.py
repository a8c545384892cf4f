"""Who has failed too often must wait, whether or not there is such an account."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import partial

import pytest

from hub import clock as hub_clock
from hub.database import Actor, Database
from hub.domain import lockout as domain
from hub.domain.lockout import PER_ACCOUNT
from hub.errors import HubError, NotSignedIn, Refused, TooManyTries
from hub.ids import new_id
from hub.queries import attempts
from hub.services import accounts, lockout, passwords, sign_in
from hub.services.lockout import Try
from hub.vault import Vault
from tests import factories
from tests.concurrency.together import together
from tests.conftest import FrozenClock
from tests.factories import PASSWORD

MINUTE = timedelta(minutes=1)


def fails(hub: Database, email: str, address: str | None = None) -> HubError:
    with pytest.raises((NotSignedIn, TooManyTries)) as refused:
        sign_in.login(hub, email, "not the password", asking=Actor("system", address=address))
    return refused.value


def counted(hub: Database, key: bytes) -> int:
    with hub.unit_of_work(None) as session:
        tries = attempts.of(session, key)
    return tries.failures if tries else 0


def an_address() -> str:
    """From which nobody has tried yet."""
    return f"10.{'.'.join(str(byte) for byte in secrets.token_bytes(3))}"


@pytest.fixture
def email(hub: Database) -> str:
    email = factories.an_email()
    factories.an_organization(hub, email=email)
    return email


@pytest.mark.parametrize("known", [True, False])
def test_after_five_failures_even_the_right_password_must_wait_a_minute(
    hub: Database, clock: FrozenClock, email: str, known: bool
) -> None:
    tried = email if known else factories.an_email()
    assert {type(fails(hub, tried)) for _ in range(5)} == {NotSignedIn}

    with pytest.raises(TooManyTries) as refused:
        sign_in.login(hub, tried, PASSWORD)
    assert refused.value.reasons[0].facts == {"seconds": 60}

    clock.advance(MINUTE)
    if known:
        assert sign_in.login(hub, tried, PASSWORD)
        assert {type(fails(hub, tried)) for _ in range(5)} == {NotSignedIn}, "success forgets all failures"
    else:
        assert isinstance(fails(hub, tried), NotSignedIn)
        clock.advance(MINUTE)
        assert isinstance(fails(hub, tried), TooManyTries), "the second wait is two minutes"


def test_a_try_that_is_not_heard_does_not_prolong_the_wait(
    hub: Database, clock: FrozenClock, email: str
) -> None:
    for _ in range(5):
        fails(hub, email)
    for _ in range(20):
        assert isinstance(fails(hub, email), TooManyTries)
        clock.advance(timedelta(seconds=3))
    assert sign_in.login(hub, email, PASSWORD)


def test_other_spellings_of_an_address_are_the_same_account(hub: Database, email: str) -> None:
    for _ in range(5):
        fails(hub, email.upper())
    assert isinstance(fails(hub, email), TooManyTries)


def enters(hub: Database, email: str, address: str | None) -> bool:
    return bool(sign_in.login(hub, email, PASSWORD, asking=Actor("system", address=address)))


def test_a_stranger_shuts_out_nobody_elsewhere(hub: Database, clock: FrozenClock, email: str) -> None:
    there, here = an_address(), an_address()
    for _ in range(12):
        fails(hub, email, there)
        clock.advance(MINUTE)
    assert isinstance(fails(hub, email, there), TooManyTries)
    assert enters(hub, email, here)
    assert isinstance(fails(hub, email, there), TooManyTries), "the owner's success forgets nothing there"


def test_many_places_make_everybody_wait_a_minute_and_who_has_waited_is_heard(
    hub: Database, clock: FrozenClock, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockout, "PER_ACCOUNT", domain.Table(free=6, longest=MINUTE))
    for _ in range(6):
        assert isinstance(fails(hub, email, an_address()), NotSignedIn)
    here = an_address()
    with pytest.raises(TooManyTries) as refused:
        enters(hub, email, here)
    assert refused.value.reasons[0].facts == {"seconds": 60}
    clock.advance(MINUTE)
    assert isinstance(fails(hub, email, an_address()), NotSignedIn)
    assert isinstance(fails(hub, email, an_address()), TooManyTries)
    assert enters(hub, email, here)
    assert enters(hub, email, an_address()), "success forgets how many there were everywhere"


def test_unlocking_forgets_all_places_of_one_account_and_of_no_other(hub: Database, email: str) -> None:
    other, places = factories.an_email(), (an_address(), an_address(), None)
    for place in places:
        for tried in (email, other):
            for _ in range(5):
                fails(hub, tried, place)
    lockout.unlock(hub, email)
    for place in places:
        assert enters(hub, email, place)
        assert isinstance(fails(hub, other, place), TooManyTries)


def test_one_address_may_not_try_accounts_without_end(hub: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "PER_ADDRESS", domain.Table(free=8))
    here = an_address()
    for _ in range(8):
        assert isinstance(fails(hub, factories.an_email(), here), NotSignedIn)
    assert isinstance(fails(hub, factories.an_email(), here), TooManyTries)
    assert isinstance(fails(hub, factories.an_email(), "203.0.113.77"), NotSignedIn)


def test_success_does_not_forget_what_came_from_the_address(
    hub: Database, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockout, "PER_ADDRESS", domain.Table(free=3))
    here = an_address()
    for _ in range(2):
        fails(hub, factories.an_email(), here)
    assert sign_in.login(hub, email, PASSWORD, asking=Actor("system", address=here))
    fails(hub, factories.an_email(), here)
    with pytest.raises(TooManyTries):
        sign_in.login(hub, email, PASSWORD, asking=Actor("system", address=here))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("testclient", "testclient", True),
    ],
)
def test_an_address_is_a_network_where_one_person_has_many(one: str, other: str, same: bool) -> None:
    assert (lockout.network(one) == lockout.network(other)) is same


def test_neither_accounts_nor_addresses_are_kept_readable(hub: Database) -> None:
    one = Try.of(hub.vault, "ada@example.com", "192.0.2.1")
    assert one != Try.of(
        Vault((factories.FERNET_KEY,), b"another signing key altogether"), "ada@example.com", "192.0.2.1"
    )
    assert b"ada" not in one.account


@pytest.mark.parametrize("address", [None, "192.0.2.44"])
def test_of_thirty_wrong_tries_at_once_five_are_heard(
    hub: Database, email: str, monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    heard: list[str] = []

    def proves(given: str, kept: str | None) -> bool:
        heard.append(given)
        return False

    monkeypatch.setattr(passwords, "proves", proves)
    asking = Actor("system", address=address)
    answers = together([lambda: sign_in.login(hub, email, "not the password", asking=asking)] * 30)
    assert sorted(type(answer).__name__ for answer in answers) == ["NotSignedIn"] * 5 + ["TooManyTries"] * 25
    assert len(heard) == 5


def test_unlocking_while_others_try_waits_for_them_and_nobody_for_ever(hub: Database, email: str) -> None:
    ones = [Try.of(hub.vault, email, an_address()) for _ in range(5)]
    calls = [partial(lockout.begin, hub, one) for one in ones] + [partial(lockout.succeeded, hub, ones[0])]
    answers = together((calls + [partial(lockout.unlock, hub, email)] * 4) * 3)
    assert {type(answer) for answer in answers} <= {type(None), TooManyTries}


def test_thirty_failures_at_once_count_thirty(hub: Database) -> None:
    one = Try(new_id().bytes, new_id().bytes)
    assert together([lambda: lockout.failed(hub, one)] * 30) == [None] * 30
    assert one.address is not None
    assert counted(hub, one.address) == 30


def test_without_the_lock_failures_at_once_are_lost(hub: Database) -> None:
    """The twin: two who read before either writes count one."""
    key, now = new_id().bytes, hub_clock.now()
    with hub.unit_of_work(None) as session:
        attempts.locked(session, key, now)
    with hub.unit_of_work(None) as one:
        first = attempts.of(one, key)
        with hub.unit_of_work(None) as other:
            second = attempts.of(other, key)
            assert first is not None
            assert second is not None
            attempts.note(other, key, domain.after_failure(PER_ACCOUNT, second, now))
        attempts.note(one, key, domain.after_failure(PER_ACCOUNT, first, now))
    assert counted(hub, key) == 1


def test_what_is_worth_nothing_any_more_is_swept_away(hub: Database, clock: FrozenClock) -> None:
    old = Try(new_id().bytes, new_id().bytes)
    lockout.failed(hub, old)
    clock.advance(domain.WORTHLESS_AFTER + timedelta(seconds=1))
    for _ in range(50):
        lockout.failed(hub, Try(new_id().bytes, new_id().bytes))
    assert old.address is not None
    assert counted(hub, old.address) == 0


def test_the_present_password_is_guessed_no_more_often_by_who_is_signed_in(hub: Database) -> None:
    admin = factories.an_organization(hub)
    here = Actor("member", admin.id)
    for _ in range(5):
        with pytest.raises(Refused):
            accounts.change_password(hub, here, admin.account_id, "not the old one", "the new password")
    with pytest.raises(TooManyTries):
        accounts.change_password(hub, here, admin.account_id, PASSWORD, "the new password")
