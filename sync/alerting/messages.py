"""What is said of an alert, and under which name: the same however often it is said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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


def as_mail(messages: Sequence[Message], sender: str, to: str, domain: str) -> EmailMessage:
    """Of one alert, or a list of many. A single recovery answers to the mail that told of its opening."""
    message, *more = messages
    mail = EmailMessage()
    mail["Subject"] = f"[Channel Hub] {_line(_headline(messages) if more else _title(message))}"
    mail["From"] = sender
    mail["To"] = to
    mail["Date"] = format_datetime(max(one.at for one in messages))
    mail["Message-ID"] = f"<{_id_of(messages) if more else message.id}@{domain}>"
    if message.event == "recovered" and not more:
        opened = f"<alert_{message.alert_id.hex}_opened@{domain}>"
        mail["In-Reply-To"] = mail["References"] = opened
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_list(messages) if more else _text(message))
    return mail


def _title(message: Message) -> str:
    return f"Recovered: {message.subject}" if message.event == "recovered" else message.subject


def _headline(messages: Sequence[Message]) -> str:
    """How many of which kind, the worst first."""
    recovered = sum(one.event == "recovered" for one in messages)
    critical = sum(one.event != "recovered" and one.severity == "critical" for one in messages)
    counts = {"critical": critical, "warning": len(messages) - recovered - critical, "recovered": recovered}
    told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    return f"{len(messages)} alerts: {told}"


def _id_of(messages: Sequence[Message]) -> str:
    names = " ".join(sorted(message.id for message in messages))
    return f"alerts_{hashlib.sha256(names.encode()).hexdigest()[:32]}"


def _list(messages: Sequence[Message]) -> str:
    """A line each: what is critical first, what is over last."""
    lines = [_headline(messages)]
    for event, severity, heading in _PARTS:
        found = [one for one in messages if (one.event == "recovered") == (event == "recovered")]
        found = [one for one in found if severity in ("", one.severity)]
        if found:
            lines += ["", heading, *(_entry(one) for one in found)]
    lines += ["", "`hub alerts` says of each what to do."]
    return "\n".join(lines) + "\n"


_PARTS = (
    ("opened", "critical", "Critical:"),
    ("opened", "warning", "Warnings:"),
    ("recovered", "", "Over:"),
)


def _entry(message: Message) -> str:
    whose = f" ({_line(message.organization)})" if message.organization else ""
    return f"- {_minute(message.at)}: {_line(message.subject)}{whose}"


def _text(message: Message) -> str:
    lines = [_line(message.subject), ""]
    if message.event == "recovered" and message.recovered_at is not None:
        lines += [f"This is over since {_minute(message.recovered_at)}.", ""]
    else:
        lines += [message.words, ""]
    if message.organization:
        lines.append(f"Organization: {_line(message.organization)}")
    lines.append(f"Severity: {message.severity} ({message.cause})")
    lines.append(f"Opened: {_minute(message.opened_at)}")
    about = message.about.items()
    lines += [f"{name.replace('_', ' ').capitalize()}: {_line(str(value))}" for name, value in about]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """
    Headers are one line; channels and properties are named by people. What looks like an encoded word would
    be decoded on its way, and may hide a line break.
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    while "=?" in shown:
        shown = shown.replace("=?", "= ?")
    return " ".join(shown.split())


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
