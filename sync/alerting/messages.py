"""What is said of an alert, and under which name: the same however often it is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from hub import clock
from hub.ids import new_id


@dataclass(frozen=True, slots=True)
class Message:
    """One event of one alert. `test`: of no alert, to try a destination with."""

    alert_id: UUID
    event: str
    """opened, recovered or test"""
    cause: str
    severity: str
    subject: str
    words: str
    about: Mapping[str, Any]
    opened_at: datetime
    recovered_at: datetime | None = None
    organization_id: UUID | None = None
    organization: str | None = None

    @property
    def id(self) -> str:
        """By which a receiver knows what it heard before."""
        return f"alert_{self.alert_id.hex}_{self.event}"

    @property
    def at(self) -> datetime:
        recovered = self.recovered_at if self.event == "recovered" else None
        return recovered or self.opened_at


def a_test() -> Message:
    words = "Nothing is the matter: somebody tried `hub alerts test`."
    return Message(new_id(), "test", "test", "warning", "A test of Channel Hub", words, {}, clock.now())


def as_json(message: Message) -> bytes:
    """Of an opening nothing depends on whether the alert has recovered meanwhile."""
    whose = message.organization_id
    recovered = message.recovered_at if message.event == "recovered" else None
    told = {
        "type": f"alert.{message.event}",
        "timestamp": _instant(message.at),
        "data": {
            "id": str(message.alert_id),
            "cause": message.cause,
            "severity": message.severity,
            "subject": message.subject,
            "words": message.words,
            "about": dict(message.about),
            "organization": {"id": str(whose), "name": message.organization} if whose else None,
            "opened_at": _instant(message.opened_at),
            "recovered_at": _instant(recovered) if recovered else None,
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def as_mail(message: Message, sender: str, to: str, domain: str) -> EmailMessage:
    """A recovery answers to the mail that told of the opening."""
    mail = EmailMessage()
    begin = "Recovered: " if message.event == "recovered" else ""
    mail["Subject"] = f"[Channel Hub] {begin}{_line(message.subject)}"
    mail["From"] = sender
    mail["To"] = to
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    if message.event == "recovered":
        opened = f"<alert_{message.alert_id.hex}_opened@{domain}>"
        mail["In-Reply-To"] = mail["References"] = opened
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_text(message))
    return mail


def _text(message: Message) -> str:
    lines = [message.subject, ""]
    if message.event == "recovered" and message.recovered_at is not None:
        lines += [f"This is over since {_minute(message.recovered_at)}.", ""]
    else:
        lines += [message.words, ""]
    if message.organization:
        lines.append(f"Organization: {message.organization}")
    lines.append(f"Severity: {message.severity} ({message.cause})")
    lines.append(f"Opened: {_minute(message.opened_at)}")
    lines += [f"{name.replace('_', ' ').capitalize()}: {value}" for name, value in message.about.items()]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """Headers are one line; channels and properties are named by people."""
    return " ".join(text.split())


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
