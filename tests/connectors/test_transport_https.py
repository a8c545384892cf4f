"""https through a checked address: the certificate is still that of the name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.errors import Rejected, Unavailable
from connectors.transport import Network
from hub import clock
from tests.connectors.remotes import BODY, leading_to
from tests.fakes.feed_server import FeedServer


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate for `name`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[FeedServer, ssl.SSLContext, list[str | None]]]:
    """A remote with a certificate for calendar.example, a client's trust in it, and the names asked for."""
    file = certificate(tmp_path, "calendar.example")
    asked: list[str | None] = []
    speaks = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    speaks.load_cert_chain(file)
    speaks.sni_callback = lambda _socket, name, _context: asked.append(name)
    with FeedServer(tls=speaks) as server:
        server.answer("/a.ics", body=BODY)
        yield server, ssl.create_default_context(cafile=str(file)), asked


def test_the_certificate_is_checked_for_the_name_although_an_address_is_dialled(
    secure: tuple[FeedServer, ssl.SSLContext, list[str | None]],
) -> None:
    server, trust, asked = secure
    network = Network(["127.0.0.1"], resolve=leading_to("127.0.0.1"), tls=trust)

    got = network.get(f"https://calendar.example:{server.port}/a.ics")

    assert got.body == BODY
    assert asked == ["calendar.example"]


@pytest.mark.parametrize(("host", "trusted"), [("other.example", True), ("calendar.example", False)])
def test_a_certificate_for_another_name_or_of_nobody_we_trust_is_refused(
    secure: tuple[FeedServer, ssl.SSLContext, list[str | None]], host: str, trusted: bool
) -> None:
    server, trust, _ = secure
    network = Network(["127.0.0.1"], resolve=leading_to("127.0.0.1"), tls=trust if trusted else None)

    with pytest.raises(Unavailable) as raised:
        network.get(f"https://{host}:{server.port}/a.ics")

    assert raised.value.code == "bad_certificate"
    assert not server.requests()


def test_a_redirect_from_https_to_http_is_refused(
    secure: tuple[FeedServer, ssl.SSLContext, list[str | None]], remote: FeedServer
) -> None:
    server, trust, _ = secure
    server.answer("/a.ics", status=301, headers={"Location": remote.url("/a.ics")})
    network = Network(["127.0.0.1"], resolve=leading_to("127.0.0.1"), tls=trust)

    with pytest.raises(Rejected) as refused:
        network.get(f"https://calendar.example:{server.port}/a.ics")

    assert refused.value.code == "address_refused"
    assert not remote.requests()
