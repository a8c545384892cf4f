"""Plain mail: one message to a server of the operator's, by the standard library."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from connectors.errors import NeedsReconnect, Unavailable

PATIENCE = timedelta(seconds=10)
"""For each answer of the server"""
DEADLINE = timedelta(seconds=30)
"""For all of them, however slowly each comes"""
PORTS = {"smtp": 587, "smtps": 465}
GREETING = 220


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `secured`: TLS from the first byte; else STARTTLS where the server has it."""

    host: str
    port: int
    secured: bool
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> MailServer:
        """Of smtp://user:password@host:587 or smtps://…; ValueError, without the address, for another."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("it cannot be read") from None
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("it must begin with smtp:// or smtps:// and name a server")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "smtps", user, password)


def send(
    server: MailServer, message: EmailMessage, to: Sequence[str], tls: ssl.SSLContext | None = None
) -> None:
    """
    Returns once the server has taken it for all of them; raises a ConnectorError otherwise. A password is
    never said in clear. `tls` is for tests and for networks with their own authority.
    """
    trust = tls or ssl.create_default_context()
    try:
        with _connection(server, trust) as client:
            if not server.secured:
                _begin_tls(client, server, trust)
            if server.user:
                client.login(server.user, server.password)
            refused = client.send_message(message, to_addrs=list(to))
    except ssl.SSLError as error:
        reason = "certificate" if isinstance(error, ssl.SSLCertVerificationError) else "TLS"
        raise Unavailable(f"{server.host}: its {reason} is not right", code="bad_certificate") from error
    except smtplib.SMTPAuthenticationError as error:
        words = f"{server.host} refuses our user name or password ({error.smtp_code})"
        raise NeedsReconnect(words, code="access_refused") from error
    except smtplib.SMTPResponseException as error:
        words = f"{server.host} does not take the mail ({error.smtp_code})"
        raise Unavailable(words, code="not_taken") from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise Unavailable(
            f"{server.host} knows none of the recipients ({codes})", code="not_taken"
        ) from error
    except smtplib.SMTPException as error:
        words = f"{server.host} broke off ({type(error).__name__})"
        raise Unavailable(words, code="interrupted") from error
    except OSError as error:
        raise Unavailable(f"{server.host} cannot be reached", code="unreachable") from error
    if refused:
        # Another try would reach those again who have it.
        codes = sorted({code for code, _ in refused.values()})
        raise NeedsReconnect(f"{server.host} refuses some of the recipients ({codes})", code=PARTLY)


PARTLY = "partly_taken"
"""Code of the error that says: somebody has it, and somebody has not"""


class _Client(smtplib.SMTP):
    """Can be broken off from another thread, whatever it waits for."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext) -> None:
        super().__init__(timeout=PATIENCE.total_seconds())
        self._host = server.host  # to which smtplib compares the certificate
        self._tls = tls if server.secured else None
        self._late = False
        self._line: socket.socket | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """How smtplib connects."""
        line = socket.create_connection((host, port), timeout)
        self._line = line.dup()  # stays, while TLS takes over the other
        if self._late:
            self.break_off()
        return self._tls.wrap_socket(line, server_hostname=host) if self._tls else line

    def break_off(self) -> None:
        self._late = True
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def leave(self) -> None:
        """Whatever it says to that: what it took it has taken."""
        with suppress(smtplib.SMTPException, OSError):
            self.quit()
        self.close()
        if self._line is not None:
            self._line.close()


@contextmanager
def _connection(server: MailServer, trust: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    client = _Client(server, trust)
    timer = threading.Timer(DEADLINE.total_seconds(), client.break_off)
    timer.daemon = True
    timer.start()
    try:
        code, said = client.connect(server.host, server.port)
        if code != GREETING:
            raise smtplib.SMTPConnectError(code, said)
        yield client
    finally:
        client.leave()
        timer.cancel()


def _begin_tls(client: smtplib.SMTP, server: MailServer, trust: ssl.SSLContext) -> None:
    client.ehlo_or_helo_if_needed()
    if client.has_extn("starttls"):
        client.starttls(context=trust)
        client.ehlo()
    elif server.user:
        words = f"{server.host} offers no STARTTLS: the password is not said in clear"
        raise Unavailable(words, code="not_secured")
