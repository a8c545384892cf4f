"""Alerts by mail: one message each, under a name that stays."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from hub.errors import Misconfigured
from sync.alerting import delivering, destinations, looking
from sync.runtime import Runtime
from tests.connectors.test_smtp import Inbox
from tests.sync.alerting.watched import Watched, settings_for

HEADERS = {
    *("subject", "from", "to", "date", "message-id", "auto-submitted"),
    *("content-type", "content-transfer-encoding", "mime-version"),
    *("x-peer", "x-mailfrom", "x-rcptto"),
}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def mailing(watched: Watched, inbox: Inbox) -> Iterator[Runtime]:
    """The same hub, whose alerts are mailed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    watched.rows("UPDATE outbox SET state = 'done'")
    yield replace(watched.runtime, settings=by_mail(smtp_url=f"smtp://127.0.0.1:{port}"))
    controller.stop()


def by_mail(**more: Any) -> Any:
    usual = {"alert_email": "ops@example.com, second@example.com", "mail_from": "hub@example.com"}
    return settings_for("", **usual | more)


def look(watched: Watched, runtime: Runtime, times: int) -> None:
    for _ in range(times):
        watched.clock.advance(timedelta(seconds=10))
        looking.look(runtime)


def read(envelope: Any) -> Any:
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


def test_opening_and_recovery_are_one_mail_each_and_belong_together(
    watched: Watched, mailing: Runtime, inbox: Inbox
) -> None:
    watched.link(state="guarded", state_reason="the calendar lost 40 stays")
    look(watched, mailing, 5)
    assert delivering.deliver(mailing) == 1
    watched.link(state="active", state_reason=None)
    look(watched, mailing, 8)
    assert delivering.deliver(mailing) == 1
    assert delivering.deliver(mailing) == 0

    opened, recovered = (read(envelope) for envelope in inbox.mails)
    assert inbox.mails[0].rcpt_tos == ["ops@example.com", "second@example.com"]
    assert opened["Subject"].startswith("[Channel Hub] Seaside for Casa Azul")
    assert "40 stays" in opened.get_content()
    assert recovered["Subject"].startswith("[Channel Hub] Recovered: Seaside")
    assert recovered["In-Reply-To"] == opened["Message-ID"] != recovered["Message-ID"]
    assert opened["Auto-Submitted"] == "auto-generated"


def test_a_mail_that_is_sent_again_has_the_same_name(
    watched: Watched, mailing: Runtime, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.link(state="guarded")
    look(watched, mailing, 5)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_settle", killed)
        with pytest.raises(SystemExit):
            delivering.deliver(mailing)
    watched.clock.advance(delivering.CLAIM)
    assert delivering.deliver(mailing) == 1
    first, again = (read(envelope)["Message-ID"] for envelope in inbox.mails)
    assert first == again


def test_what_some_have_is_not_sent_to_them_again(watched: Watched, mailing: Runtime, inbox: Inbox) -> None:
    inbox._refuses = ("second@example.com",)
    watched.link(state="guarded")
    look(watched, mailing, 5)
    delivering.deliver(mailing)
    watched.clock.advance(timedelta(hours=1))
    delivering.deliver(mailing)
    assert len(inbox.mails) == 1
    ((state, error),) = watched.rows("SELECT state, error FROM alert_deliveries")
    assert state == "sent"
    assert "refuses some" in error


HIDDEN = ("=?utf-8?q?a=0d=0aBcc:_x=40evil.example?=", "=?utf-8?b?DQpCY2M6IHhAZXZpbC5leGFtcGxl?=")


@pytest.mark.parametrize(
    "name", [*HIDDEN, "==?" + HIDDEN[0], "a\r\nBcc: x@evil.example", "a\u2028Bcc: b", "é" * 300, "\x07\x7f"]
)
def test_what_people_name_a_channel_adds_no_line_to_the_head(
    watched: Watched, mailing: Runtime, inbox: Inbox, name: str
) -> None:
    watched.rows("UPDATE connections SET name = " + "chr(1) || '" + name.replace("'", "''") + "'")
    watched.link(state="guarded")
    look(watched, mailing, 5)
    assert delivering.deliver(mailing) == 1
    mail = read(inbox.mails[0])
    assert mail["Bcc"] is None
    assert {key.lower() for key in mail.keys()} <= HEADERS  # noqa: SIM118 -- no mapping
    assert b"\nBcc" not in inbox.mails[0].content.partition(b"\r\n\r\n")[0]
    assert "Severity: critical (guard)" in mail.get_content()


def test_many_alerts_at_once_are_one_mail(watched: Watched, mailing: Runtime, inbox: Inbox) -> None:
    watched.link(state="guarded")
    watched.conflicts(300)
    look(watched, mailing, 5)
    assert delivering.deliver(mailing) == 301
    assert delivering.deliver(mailing) == 0
    (mail,) = (read(envelope) for envelope in inbox.mails)
    assert mail["Subject"] == "[Channel Hub] 301 alerts: 301 critical"
    assert sum(line.startswith("- ") for line in mail.get_content().splitlines()) == 301

    watched.link(state="active")
    watched.link(failures=3)
    look(watched, mailing, 8)
    assert delivering.deliver(mailing) == 2
    later = read(inbox.mails[1])
    assert later["Subject"] == "[Channel Hub] 2 alerts: 1 warning, 1 recovered"
    assert later.get_content().index("Warnings:") < later.get_content().index("Over:")
    assert later["Message-ID"] != mail["Message-ID"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"smtp_url": None}, "HUB_SMTP_URL is not"),
        ({"mail_from": None, "smtp_url": "smtp://127.0.0.1"}, "HUB_MAIL_FROM is not"),
        ({"smtp_url": "https://127.0.0.1"}, "HUB_SMTP_URL: it must begin"),
    ],
)
def test_what_is_missing_is_named(watched: Watched, more: dict[str, Any], words: str) -> None:
    runtime = replace(watched.runtime, settings=by_mail(**more))
    with pytest.raises(Misconfigured, match=words):
        destinations.way_to(runtime, "mail")
    assert words in destinations.problems(runtime.settings)["mail"]
