"""`hub key`: machines' keys made, listed and revoked from the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import clock
from hub.queries import callers
from hub.queries.callers import KnownKey
from hub.services import api_keys
from sync.runtime import Runtime
from tests import factories
from tests.workers.conftest import Run


def known(runtime: Runtime, secret: str) -> KnownKey | None:
    with runtime.database.unit_of_work(None) as session:
        return callers.use_key(session, api_keys.hashed(secret), clock.now())


def test_a_key_is_printed_once_used_listed_and_revoked(runtime: Runtime, hub: Run) -> None:
    organization_id = factories.an_organization(runtime.database).organization_id
    made = hub("key", "add", "Tablet", "--scope", "sync", "--scope", "bookings", "--days", "3", "--json").json
    assert made["scopes"] == ["bookings", "sync"]
    assert "never" in hub("key", "list").out

    key = known(runtime, made["key"])

    assert key is not None
    assert key.organization_id == organization_id
    assert key.expires_at is not None
    assert abs(key.expires_at - clock.now() - timedelta(days=3)) < timedelta(minutes=1)
    (listed,) = hub("key", "list", "--json").json
    assert listed["prefix"] == made["prefix"]
    assert listed["last_used_at"] is not None
    assert made["key"] not in hub("key", "list").out
    assert hub("key", "revoke", made["prefix"]).out == f"{made['prefix']} (Tablet) is revoked.\n"
    assert known(runtime, made["key"]) is None
    assert hub("key", "list").out == "There are no keys.\n"


def test_without_a_scope_a_key_may_read(runtime: Runtime, hub: Run) -> None:
    factories.an_organization(runtime.database)
    said = hub("key", "add", "Display").out
    assert said.startswith("Display may read.\nKey: hub_")
    assert said.endswith("(shown only now)\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "Tablet", "--scope", "everything"), "scopes are some of read, bookings, sync, admin"),
        (("add", " "), "a key needs a name"),
        (("revoke", "hub_nothing"), "there is no key hub_nothing"),
    ],
)
def test_refusals_name_what_is_wrong(
    runtime: Runtime, hub: Run, arguments: tuple[str, ...], words: str
) -> None:
    factories.an_organization(runtime.database)
    refused = hub("key", *arguments)
    assert refused.code == 1
    assert words in refused.err
