"""What logs say, and what they must not."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from hub import logs, reporting
from hub.config import Settings
from hub.errors import Misconfigured
from hub.redaction import LONGEST, redacted, redacted_within

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk4In0.c2lnbmF0dXJl"
KEY = "hub_4fKq9ZtRw0c5tq2yH7nVJ4aLrD9eXsB6mUfKgPiTzQwEbN1c"
SECRETS = {
    f"Authorization: Bearer {JWT}": JWT,
    f"it sent {JWT} twice": JWT,
    f"X-API-Key: {KEY}": KEY,
    f"key {KEY} is unknown": KEY,
    "GET /feeds/Yk3o8Z1W0c5tq2yH7nVJ4.ics failed": "Yk3o8Z1W0c5tq2yH7nVJ4",
    "https://hub.example.com/feeds/Yk3o8Z1W.ics?a=b": "Yk3o8Z1W",
    "https://calendar.example.com/ical/private-5f1e/basic.ics answered 500": "private-5f1e",
    "webcal://calendar.example.com?token=5f1eabcd": "5f1eabcd",
    "postgresql+psycopg://hub_app:s3cr3t@postgres/hub": "s3cr3t",
    "redis://:s3cr3t@redis:6379/0": "s3cr3t",
    "password=correct-horse": "correct-horse",
    '{"password": "correct horse battery"}': "correct horse",
    "{'refresh_token': 'Yk3o8Z1W0c5tq2y'}": "Yk3o8Z1W0c5tq2y",
    "sealed as gAAAAABo1x9y8z7w6v5u4t3s2r1q0p": "gAAAAABo1x9y8z7w6v5u4t3s2r1q0p",
    "no mailbox ada.lovelace+x@mail.example.com here": "ada.lovelace",
    "called +34 600 123 456 in vain": "600 123 456",
    "called 0034600123456": "0034600123456",
    "called (555) 123-4567": "123-4567",
    "23505\nDETAIL:  Key (email)=(Ada Lovelace) already exists.": "Ada Lovelace",
}


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_and_persons_are_taken_out(text: str) -> None:
    assert SECRETS[text] in text
    assert SECRETS[text] not in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "sold out on 2026-07-01, at 2026-11-21T19:11:53.123456Z",
        "request 0198c2f0-7a3b-7c55-8d21-5a0f6c1e9b42 failed: POST /api/v1/bookings",
        "a booking of 150.00 EUR, 3 nights, version 12",
        "the role hub_app owns nothing; listening on 127.0.0.1:8000",
        "calendar.example.com did not answer within 20 s",
        "link 01a1ff93-b902-71f6-9f31-535979fbed74 changed 1234567890 rows",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_values_are_hidden_by_the_names_of_their_fields() -> None:
    said = {"user_email": "x", "password": 7, "items": [{"cookie": "a"}, "mail a@b.example"], "status": 200}

    assert redacted_within(said) == {
        "user_email": "[hidden]",
        "password": "[hidden]",
        "items": [{"cookie": "[hidden]"}, "mail [e-mail]"],
        "status": 200,
    }


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a process that writes JSON has said."""
    said, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(said)
    handler.setFormatter(logs.formatter(json=True))
    logger = logging.getLogger("of.a.test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield said
    logger.removeHandler(handler)


def test_a_line_says_when_who_what_and_in_which_request(written: io.StringIO) -> None:
    with bound_contextvars(request_id="the-one"):
        logging.getLogger("of.a.test").info("asked %s", "politely", extra={"status": 200})

    said = json.loads(written.getvalue())
    assert (said["event"], said["level"], said["logger"]) == ("asked politely", "info", "of.a.test")
    assert (said["request_id"], said["status"]) == ("the-one", 200)
    assert said["timestamp"].endswith("Z")


def test_an_exception_is_told_without_what_it_holds(written: io.StringIO) -> None:
    def fails() -> None:
        raise ValueError(f"ada@example.com sent Bearer {JWT}")

    try:
        fails()
    except ValueError:
        logging.getLogger("of.a.test").exception("failed for +34 600 123 456")

    said = json.loads(written.getvalue())
    assert "Traceback" in said["exception"]
    assert "ValueError" in said["exception"]
    for secret in ("ada@", JWT, "600 123"):
        assert secret not in written.getvalue()


@pytest.mark.parametrize("kind", ["console", "json"])
def test_everybodys_lines_go_the_same_way(
    kind: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    names = (*logs.OWN_HANDLERS, *logs.CHATTY)
    for name in names:
        logger = logging.getLogger(name)
        monkeypatch.setattr(logger, "handlers", [logging.StreamHandler(sys.stdout)])
        for attribute in ("propagate", "level"):
            monkeypatch.setattr(logger, attribute, getattr(logger, attribute))

    logs.configure(Settings(log_format=kind))
    logs.configure(Settings(log_format=kind))
    for name in names:
        logging.getLogger(name).warning("of %s: ada@example.com", name)

    lines = [line for line in capsys.readouterr().err.splitlines() if "[e-mail]" in line]
    assert len([line for line in lines if "uvicorn.error" in line]) == 1
    assert len(lines) >= len(logs.OWN_HANDLERS)
    for line in lines:
        assert line.startswith("{") == (kind == "json")


def test_what_leaves_for_sentry_names_no_request_and_no_person() -> None:
    event = {
        "request": {"method": "POST", "url": "https://hub.example.com/x?token=1", "data": {"name": "Ada"}},
        "user": {"ip_address": "192.0.2.1"},
        "exception": {"values": [{"value": "ada@example.com"}]},
    }

    assert reporting.before_send(event, {}) == {
        "request": {"method": "POST"},
        "exception": {"values": [{"value": "[e-mail]"}]},
    }


@pytest.mark.parametrize(("field", "extra"), [("sentry_dsn", "sentry"), ("otel_endpoint", "otel")])
def test_what_is_asked_for_and_not_installed_is_said(
    monkeypatch: pytest.MonkeyPatch, field: str, extra: str
) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(reporting, "import_module", missing)
    with pytest.raises(Misconfigured, match=rf"channel-hub\[{extra}\]"):
        reporting.begin(Settings.model_validate({field: "https://key@collector.example/1"}))
    reporting.begin(Settings.model_validate({field: ""}))


@pytest.mark.parametrize("letters", ["a", "a.", "a+", "a-", "0 ", "://", "x=", "token: "])
def test_of_a_text_without_end_the_beginning_is_written(letters: str) -> None:
    """However it is made: each rule goes through it once."""
    text = letters * 2_000_000 + " ada@example.com"

    found = redacted(text)

    assert len(found) < 2 * LONGEST
    assert "characters more" in found
    assert "ada@" not in found


def test_what_is_named_late_in_a_long_text_is_hidden() -> None:
    assert "ada@" not in redacted("a." * 5_000 + " ada.lovelace@example.com")
