"""Who must hear of an alert does, in spite of all that happens on the way, and can tell that we said it."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from connectors import webhooks_out
from connectors.transport import Closing, Network
from sync.alerting import delivering
from tests.conftest import FrozenClock
from tests.fakes.webhook_receiver import Reaction
from tests.sync.alerting.watched import SECRET, Watched, runtime_for


@pytest.fixture
def opened(watched: Watched, clock: FrozenClock) -> Watched:
    """An alert that nobody was told of yet."""
    watched.rows("UPDATE outbox SET state = 'done'")
    watched.link(state="guarded", state_reason="the calendar lost 40 stays")
    watched.look(3)
    return watched


def states(watched: Watched) -> list[tuple[str, str, int]]:
    return [
        tuple(row)
        for row in watched.rows("SELECT event, state, attempts FROM alert_deliveries ORDER BY event")
    ]


def test_the_library_of_the_standard_verifies_what_we_sign(opened: Watched) -> None:
    opened.tell()
    (posted,) = opened.receiver.posted
    verified = Webhook(SECRET).verify(posted.body, dict(posted.headers))
    assert verified == posted.told
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(posted.body + b" ", dict(posted.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks_out.new_secret()).verify(posted.body, dict(posted.headers))


def test_what_is_told_says_what_it_is_about_and_whose_it_is(opened: Watched) -> None:
    opened.tell()
    (posted,) = opened.receiver.posted
    told = posted.told
    assert (told["type"], posted.headers["content-type"]) == ("alert.opened", "application/json")
    assert told["data"]["about"]["link_id"] == str(opened.link_id)
    assert told["data"]["organization"]["id"] == str(opened.organization_id)
    assert told["data"]["severity"] == "critical"
    assert told["data"]["recovered_at"] is None
    assert told["timestamp"] == told["data"]["opened_at"]


def test_a_receiver_that_fails_is_asked_again_later_under_the_same_name(opened: Watched) -> None:
    opened.receiver.react(Reaction(500), Reaction(302), Reaction(404), Reaction(204))
    begun = opened.clock.instant
    arrived = []
    while states(opened) != [("opened", "sent", 4)]:
        before = len(opened.receiver.posted)
        opened.tell()
        if len(opened.receiver.posted) > before:
            arrived.append((opened.clock.instant - begun).total_seconds())
        opened.clock.advance(timedelta(seconds=1))
    waits = [after - before for before, after in pairwise([0.0, *arrived])]
    assert len({posted.id for posted in opened.receiver.posted}) == 1
    assert len({posted.body for posted in opened.receiver.posted}) == 1
    assert waits[0] == 0
    assert 5 <= waits[1] <= 7
    assert 10 <= waits[2] <= 13
    assert 20 <= waits[3] <= 26


def test_retry_after_is_honoured(opened: Watched) -> None:
    opened.receiver.react(Reaction(503, {"Retry-After": "600"}), Reaction())
    opened.tell()
    opened.clock.advance(timedelta(seconds=599))
    assert opened.tell() == 0
    opened.clock.advance(timedelta(seconds=1))
    assert opened.tell() == 1


def test_a_410_is_the_end_of_it(opened: Watched) -> None:
    opened.receiver.react(Reaction(410))
    opened.tell()
    opened.clock.advance(timedelta(hours=2))
    opened.tell()
    assert len(opened.receiver.posted) == 1
    assert states(opened) == [("opened", "given_up", 1)]


def test_what_nobody_takes_for_a_day_is_given_up_and_told_in_the_log(
    opened: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    opened.receiver.react(Reaction(500))
    for _ in range(24 * 12):
        opened.tell()
        opened.clock.advance(timedelta(minutes=5))
    opened.clock.advance(timedelta(minutes=1))
    opened.tell()
    ((event, state, attempts),) = states(opened)
    assert (event, state) == ("opened", "given_up")
    assert 10 <= attempts <= 25
    assert [record for record in caplog.records if "was never told by webhook" in record.getMessage()]
    assert len(opened.receiver.posted) == attempts


def test_while_a_receiver_fails_one_message_tries_it_and_the_others_wait(opened: Watched) -> None:
    for _ in range(3):
        opened.a_conflict()
    opened.look(3)
    opened.receiver.react(Reaction(500))
    opened.tell()
    opened.tell()
    assert len(opened.receiver.posted) == 1
    opened.receiver.react(Reaction())
    opened.clock.advance(timedelta(seconds=10))
    assert opened.tell() == 4


def test_a_message_that_is_never_taken_holds_no_other_up(opened: Watched) -> None:
    refused = opened.rows("SELECT id FROM alerts")[0].id
    opened.receiver.refuse(f"alert_{refused.hex}_opened")
    opened.tell()
    opened.a_conflict()
    opened.a_conflict()
    opened.look(3)
    for _ in range(6):
        opened.tell()
        opened.clock.advance(timedelta(seconds=10))
    assert opened.heard()["alert.opened", "conflict"] == 2
    assert {row.state for row in opened.rows("SELECT state FROM alert_deliveries WHERE attempts = 1")} == {
        "sent"
    }
    opened.receiver.refuse()
    opened.clock.advance(timedelta(hours=1))
    assert opened.tell() == 1


def test_a_slow_receiver_keeps_one_process_from_its_work_and_no_other(opened: Watched) -> None:
    for _ in range(3):
        opened.a_conflict()
    opened.look(3)
    with opened.receiver.holding(), ThreadPoolExecutor(1) as first:
        at_it = first.submit(opened.tell)
        opened.receiver.wait(1)
        assert opened.tell() == 0
        assert not at_it.done(), "nobody waited for the receiver"
        assert len(opened.receiver.posted) == 1
        opened.receiver.let_go()
        assert at_it.result() == 4


def test_what_a_clock_put_off_that_was_ahead_is_told_once_it_is_right(opened: Watched) -> None:
    opened.clock.advance(timedelta(days=2))
    opened.receiver.react(Reaction(500), Reaction())
    opened.tell()
    opened.clock.advance(timedelta(days=-2))
    assert opened.tell() == 1


@pytest.mark.parametrize(("days", "told"), [(3, 1), (8, 0)])
def test_what_nobody_tried_to_tell_is_told_by_a_hub_that_was_away(
    opened: Watched, days: int, told: int
) -> None:
    opened.clock.advance(timedelta(days=days))
    assert opened.tell() == told


def test_a_recovery_is_told_after_what_recovers(opened: Watched) -> None:
    opened.receiver.react(Reaction(500), Reaction())
    opened.tell()
    opened.link(state="active")
    opened.look(8)
    opened.clock.advance(timedelta(minutes=1))
    while opened.tell():
        pass
    assert [posted.told["type"] for posted in opened.receiver.posted] == [
        "alert.opened",
        "alert.opened",
        "alert.recovered",
    ]
    assert opened.receiver.posted[0].body == opened.receiver.posted[1].body


def test_a_private_address_is_not_called_unless_the_operator_says_so(opened: Watched) -> None:
    guarded = replace(opened.runtime, network=Network())
    assert delivering.deliver(guarded) == 0
    assert opened.receiver.posted == []
    ((error,),) = opened.rows("SELECT error FROM alert_deliveries")
    assert error.startswith("127.0.0.1 leads to an address that is not public")
    assert "HUB_ALLOWED_PRIVATE_HOSTS" in error, "the setting that would let it"


def test_without_a_secret_nothing_is_said_and_the_log_says_why(
    opened: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    unset = runtime_for(opened.database.app_url, opened.receiver.url, monitoring_webhook_secret=None)
    assert delivering.deliver(unset) == 0
    unset.close()
    assert "HUB_MONITORING_WEBHOOK_SECRET is not set" in caplog.text
    assert opened.tell() == 1


def test_who_is_told_to_end_while_sending_leaves_it_to_the_next(
    opened: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closing(*_: object, **__: object) -> None:
        raise Closing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhooks_out, "post", closing)
        assert opened.tell() == 0
    opened.clock.advance(delivering.CLAIM)
    assert opened.tell() == 1


@pytest.mark.parametrize(
    "bad", ["", "whsec_", "whsec_!!", "whsec_" + base64.b64encode(b"short").decode(), "x"]
)
def test_a_secret_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        webhooks_out.key_of(bad)


def test_what_is_told_is_json_of_one_line(opened: Watched) -> None:
    opened.tell()
    body = opened.receiver.posted[0].body
    assert b"\n" not in body
    assert json.loads(body)["data"]["words"].startswith("Nothing of that is freed")
