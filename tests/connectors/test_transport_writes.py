"""Writes over the guarded way out: as guarded as a GET, sent once, and never redirected."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from connectors.errors import Rejected, Unavailable
from connectors.transport import Closing, Network, failure
from tests.connectors.remotes import AT_MOST, SHORT, leading_to
from tests.connectors.test_addresses import NOT_PUBLIC, WRITTEN_WRONG
from tests.fakes import faulty_proxy
from tests.fakes.faulty_proxy import FaultyProxy, says

METHODS = ["POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def remote() -> Iterator[FaultyProxy]:
    """One that has nothing behind it."""
    with FaultyProxy("http://127.0.0.1:1") as remote:
        remote.trouble = says(201, {"ETag": '"1"'}, b"made")
        yield remote


@pytest.fixture
def network(remote: FaultyProxy) -> Network:
    return Network([remote.host])


@pytest.mark.parametrize("method", METHODS)
def test_a_write_is_sent_with_its_body_and_headers(
    remote: FaultyProxy, network: Network, method: str
) -> None:
    reply = network.send(method, f"{remote.url}/a?b=1", b"caf\xc3\xa9", {"If-Match": '"7"'})

    (passed,) = remote.passed()
    assert (reply.status, reply.body, reply.headers["etag"]) == (201, b"made", '"1"')
    assert (passed.method, passed.path) == (method, "/a?b=1")
    assert passed.headers["if-match"] == '"7"'
    assert passed.headers["content-length"] == "5"
    assert passed.headers["host"] == remote.host
    assert passed.headers["user-agent"].startswith("ChannelHub/")


def test_a_write_without_a_body_says_so(remote: FaultyProxy, network: Network) -> None:
    network.send("POST", remote.url)

    assert remote.passed()[0].headers["content-length"] == "0"


@pytest.mark.parametrize("url", WRITTEN_WRONG)
def test_a_hostile_address_is_not_written_to(url: str) -> None:
    with pytest.raises(Rejected) as refused:
        Network(resolve=lambda *_: pytest.fail("it was looked up")).send("POST", url, b"{}")

    assert refused.value.code == "address_refused"


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_inside_is_not_written_to(address: str) -> None:
    with pytest.raises(Rejected) as refused:
        Network(resolve=leading_to(address)).send("PUT", "http://calendar.example/", b"{}")

    assert refused.value.code == "address_refused"


def test_a_private_address_is_not_written_to(remote: FaultyProxy) -> None:
    with pytest.raises(Rejected):
        Network().send("DELETE", remote.url)

    assert not remote.passed()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_of_a_write_is_followed(remote: FaultyProxy, network: Network, status: int) -> None:
    remote.trouble = says(status, {"Location": "/elsewhere"})

    reply = network.send("POST", f"{remote.url}/a", b"{}")

    assert reply.status == status
    assert type(failure(reply)) is Unavailable
    assert [passed.path for passed in remote.passed()] == ["/a"]


@pytest.mark.parametrize("method", METHODS)
def test_a_write_whose_answer_is_lost_is_not_sent_again(
    remote: FaultyProxy, network: Network, method: str
) -> None:
    remote.trouble = faulty_proxy.hangs_up

    with pytest.raises(Unavailable) as raised:
        network.send(method, remote.url, b"{}")

    assert raised.value.code == "interrupted"
    assert len(remote.passed()) == 1


def test_a_write_whose_connection_cannot_be_made_is_not_tried_again_and_a_read_is() -> None:
    looked_up: list[str] = []

    def unknown(host: str, port: int) -> list[str]:
        looked_up.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    network = Network(resolve=unknown)
    with pytest.raises(Unavailable):
        network.send("PUT", "http://calendar.example/", b"{}")
    assert len(looked_up) == 1

    with pytest.raises(Unavailable):
        network.get("http://calendar.example/")
    assert len(looked_up) == 3


def test_a_write_that_is_not_answered_ends_at_the_deadline(remote: FaultyProxy, network: Network) -> None:
    remote.trouble = faulty_proxy.silent(remote)
    begun = time.monotonic()

    with pytest.raises(Unavailable) as raised:
        network.send("POST", remote.url, b"{}", deadline=SHORT)

    assert raised.value.code == "timeout"
    assert time.monotonic() - begun < AT_MOST


def test_a_body_that_nobody_takes_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = f"127.0.0.1:{mute.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(Unavailable) as raised:
            Network([host], deadline=SHORT).send("PUT", f"http://{host}/", b"x" * 20_000_000)

    assert raised.value.code == "timeout"
    assert time.monotonic() - begun < AT_MOST


def test_the_answer_to_a_write_has_a_size_limit(remote: FaultyProxy, network: Network) -> None:
    remote.trouble = says(200, {}, b"x" * 1001)

    with pytest.raises(Unavailable) as raised:
        network.send("POST", remote.url, b"{}", max_bytes=1000)

    assert raised.value.code == "too_large"


def test_a_network_that_is_closed_writes_nothing(remote: FaultyProxy, network: Network) -> None:
    network.close()

    with pytest.raises(Closing):
        network.send("POST", remote.url, b"{}")

    assert not remote.passed()


def test_nothing_of_a_secret_address_or_body_is_told(remote: FaultyProxy, network: Network) -> None:
    remote.trouble = faulty_proxy.hangs_up

    with pytest.raises(Unavailable) as raised:
        network.send("POST", f"{remote.url}/s3cr3t?key=s3cr3t", b"s3cr3t", {"Authorization": "Key s3cr3t"})

    assert "s3cr3t" not in str(raised.value) + repr(raised.value)
