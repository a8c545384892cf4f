"""Mail, handed in at a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from connectors import smtp
from connectors.errors import ConnectorError, NeedsReconnect, Unavailable
from connectors.smtp import MailServer
from tests.connectors.remotes import AT_MOST

USER, PASSWORD = "hub", "p@ss word"
TO = ("ops@example.com", "second@example.com")


class Inbox:
    """What a server took; `refuses` are recipients that it does not know."""

    def __init__(self, refuses: tuple[str, ...] = (), answer: str = "250 taken") -> None:
        self.mails: list[Any] = []
        self._refuses = refuses
        self._answer = answer

    async def handle_RCPT(self, _s: Any, _t: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self._refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self._answer.startswith("250"):
            self.mails.append(envelope)
        return self._answer


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=known, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server on 127.0.0.1, and for who trusts it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    serves = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serves.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return serves, ssl.create_default_context(cafile=str(folder / "cert.pem"))


Served = Iterator[tuple[MailServer, Inbox]]


def serve(inbox: Inbox, **more: Any) -> Controller:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **more)
    controller.start()
    return controller


@pytest.fixture
def running() -> Iterator[Any]:
    started: list[Controller] = []

    def run(inbox: Inbox, **more: Any) -> int:
        controller = serve(inbox, **more)
        started.append(controller)
        return controller.port

    yield run
    for controller in started:
        controller.stop()


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Guard", "hub@example.com", ", ".join(TO)
    mail["Message-ID"] = "<alert_1_opened@hub.example.com>"
    mail.set_content("Ünïcode words\n")
    return mail


def test_a_relay_without_a_password_takes_mail_as_it_is(running: Any) -> None:
    inbox = Inbox()
    smtp.send(MailServer.of(f"smtp://127.0.0.1:{running(inbox)}"), a_mail(), TO)
    (envelope,) = inbox.mails
    assert tuple(envelope.rcpt_tos) == TO
    assert b"Message-ID: <alert_1_opened@hub.example.com>" in envelope.content


def test_a_password_is_said_after_starttls(
    running: Any, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    inbox = Inbox()
    serves, trusts = certificate
    port = running(inbox, tls_context=serves, require_starttls=True, authenticator=authenticate)
    smtp.send(MailServer.of(f"smtp://hub:p%40ss%20word@127.0.0.1:{port}"), a_mail(), TO, trusts)
    assert len(inbox.mails) == 1


def test_a_wrong_password_is_told_and_not_repeated(
    running: Any, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    inbox = Inbox()
    serves, trusts = certificate
    port = running(inbox, tls_context=serves, require_starttls=True, authenticator=authenticate)
    with pytest.raises(NeedsReconnect, match="refuses our user name or password") as told:
        smtp.send(MailServer.of(f"smtp://hub:hush-hush@127.0.0.1:{port}"), a_mail(), TO, trusts)
    assert "hush" not in str(told.value)
    assert inbox.mails == []


def test_a_password_is_never_said_in_clear(running: Any) -> None:
    inbox = Inbox()
    port = running(inbox, authenticator=authenticate, auth_require_tls=False)
    with pytest.raises(Unavailable, match="offers no STARTTLS"):
        smtp.send(MailServer.of(f"smtp://hub:p%40ss%20word@127.0.0.1:{port}"), a_mail(), TO)
    assert inbox.mails == []


def test_a_certificate_that_nobody_vouches_for_is_told(
    running: Any, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    port = running(Inbox(), tls_context=certificate[0], require_starttls=True)
    with pytest.raises(Unavailable, match="certificate is not right"):
        smtp.send(MailServer.of(f"smtp://127.0.0.1:{port}"), a_mail(), TO)


@pytest.mark.parametrize(
    ("inbox", "words"),
    [
        (Inbox(answer="451 later"), "does not take the mail \\(451\\)"),
        (Inbox(refuses=TO), "knows none of the recipients"),
        (Inbox(refuses=TO[:1]), "refuses some of the recipients"),
    ],
    ids=["not now", "nobody", "somebody"],
)
def test_what_the_server_does_not_take_is_told_in_words(running: Any, inbox: Inbox, words: str) -> None:
    with pytest.raises(ConnectorError, match=words):
        smtp.send(MailServer.of(f"smtp://127.0.0.1:{running(inbox)}"), a_mail(), TO)


def test_a_server_that_is_not_there_is_told(running: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = MailServer.of(f"smtp://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(Unavailable, match="cannot be reached"):
            smtp.send(server, a_mail(), TO)


def test_an_address_is_read_with_its_usual_port() -> None:
    assert MailServer.of("smtp://a%40b:c%2Fd@mail.example.com") == MailServer(
        "mail.example.com", 587, False, "a@b", "c/d"
    )
    assert MailServer.of("smtps://mail.example.com") == MailServer("mail.example.com", 465, True)
    assert "c/d" not in repr(MailServer.of("smtp://a:c%2Fd@mail.example.com"))


@pytest.mark.parametrize("bad", ["", "mail.example.com", "http://mail.example.com", "smtp://a:x"])
def test_another_address_is_refused_and_not_repeated(bad: str) -> None:
    with pytest.raises(ValueError) as refused:
        MailServer.of(bad)
    assert not bad or bad not in str(refused.value)


class Slow:
    """A server that answers with one letter after the other, and never comes to an end."""

    def __init__(self, begin: bytes = b"") -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._begin = begin
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> MailServer:
        self._thread.start()
        return MailServer.of(f"smtp://127.0.0.1:{self._server.getsockname()[1]}")

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        client, _ = self._server.accept()
        with client, suppress(OSError):
            client.sendall(self._begin)
            while not self._over.wait(0.05):
                client.sendall(b"2")


@pytest.mark.parametrize("begin", [b"", b"220 hello\r\n"], ids=["its greeting", "a later answer"])
def test_a_server_that_answers_letter_by_letter_costs_its_deadline_and_no_more(
    begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "DEADLINE", timedelta(seconds=0.5))
    begun = time.monotonic()
    with Slow(begin) as server, pytest.raises(Unavailable):
        smtp.send(server, a_mail(), TO)
    assert 0.4 <= time.monotonic() - begun < AT_MOST


@pytest.mark.parametrize("answer", ["421 go away", None], ids=["crossly", "not at all"])
def test_what_a_server_says_when_we_leave_does_not_undo_what_it_took(
    running: Any, answer: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cross(Inbox):
        async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:
            if answer is None:
                await asyncio.sleep(2)
            return answer or "221 Bye"

    monkeypatch.setattr(smtp, "PATIENCE", timedelta(seconds=0.3))
    inbox = Cross()
    smtp.send(MailServer.of(f"smtp://127.0.0.1:{running(inbox)}"), a_mail(), TO)
    assert len(inbox.mails) == 1
