"""Who hears of alerts, as the settings say: a webhook, mail, both or nobody."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from connectors import smtp, webhooks_out
from connectors.smtp import MailServer
from hub import clock
from hub.config import Settings
from hub.errors import Misconfigured
from sync.alerting import messages
from sync.alerting.messages import Message
from sync.runtime import Runtime

Send = Callable[[Sequence[Message]], None]
"""Raises a ConnectorError where it was not taken"""
GATHERED: Mapping[str, int] = {"webhook": 1, "mail": 500}
"""How many alerts are told at once at most: nobody reads a thousand mails"""


def wanted(settings: Settings) -> tuple[str, ...]:
    """Whom the operator wants to hear, whether or not they can be reached as it is set up."""
    chosen = {"webhook": settings.monitoring_webhook_url, "mail": settings.alert_email}
    return tuple(name for name, value in chosen.items() if value)


def way_to(runtime: Runtime, destination: str, tls: ssl.SSLContext | None = None) -> Send:
    """Misconfigured says which setting is missing. `tls` is for tests, of mail."""
    if destination == "webhook":
        return _webhook(runtime)
    return _mail(runtime, tls)


def problems(settings: Settings) -> Mapping[str, str]:
    """Per destination that cannot be reached as it is set up, why not."""
    found = {}
    for name in wanted(settings):
        try:
            _checks[name](settings)
        except Misconfigured as error:
            found[name] = str(error)
    return found


def _webhook(runtime: Runtime) -> Send:
    url, key = _webhook_settings(runtime.settings)

    def send(told: Sequence[Message]) -> None:
        for message in told:
            body = messages.as_json(message)
            webhooks_out.post(runtime.network, url, key, message.id, body, clock.now())

    return send


def _webhook_settings(settings: Settings) -> tuple[str, bytes]:
    url, secret = settings.monitoring_webhook_url or "", settings.monitoring_webhook_secret
    if urlsplit(url).scheme not in ("http", "https"):
        raise Misconfigured("HUB_MONITORING_WEBHOOK_URL must begin with https:// or http://")
    if secret is None:
        raise Misconfigured(
            "HUB_MONITORING_WEBHOOK_SECRET is not set: receivers know by it that we speak (whsec_ and the"
            " base64 of 32 random bytes)"
        )
    try:
        return url, webhooks_out.key_of(secret.get_secret_value())
    except ValueError as error:
        raise Misconfigured(f"HUB_MONITORING_WEBHOOK_SECRET: {error}") from None


def _mail(runtime: Runtime, tls: ssl.SSLContext | None) -> Send:
    server, sender, to = _mail_settings(runtime.settings)

    def send(told: Sequence[Message]) -> None:
        smtp.send(server, messages.as_mail(told, sender, ", ".join(to), runtime.uid_domain), to, tls)

    return send


def _mail_settings(settings: Settings) -> tuple[MailServer, str, tuple[str, ...]]:
    if settings.smtp_url is None:
        raise Misconfigured("HUB_ALERT_EMAIL is set, and HUB_SMTP_URL is not: no mail can be sent")
    if not settings.mail_from:
        raise Misconfigured("HUB_ALERT_EMAIL is set, and HUB_MAIL_FROM is not: mail needs a sender")
    try:
        server = MailServer.of(settings.smtp_url.get_secret_value())
    except ValueError as error:
        raise Misconfigured(f"HUB_SMTP_URL: {error}") from None
    return server, settings.mail_from, settings.alert_addresses


_checks: Mapping[str, Callable[[Settings], object]] = {"webhook": _webhook_settings, "mail": _mail_settings}
