"""The guarded way out: where it goes, and what is said there."""

from __future__ import annotations

import logging

import pytest

from connectors.errors import Rejected, Unavailable
from connectors.transport import Network
from tests.connectors.remotes import BODY, leading_to
from tests.connectors.test_addresses import NOT_PUBLIC, WRITTEN_WRONG
from tests.fakes.feed_server import FeedServer


def nowhere(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} must not be looked up")


# Where it may not go


@pytest.mark.parametrize("url", WRITTEN_WRONG)
def test_a_hostile_address_is_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(Rejected) as refused:
        Network(resolve=nowhere).get(url)

    assert refused.value.code == "address_refused"


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(Rejected) as refused:
        Network(resolve=leading_to(address)).get("http://calendar.example/")

    assert refused.value.code == "address_refused"


def test_a_literal_private_address_is_refused(remote: FeedServer) -> None:
    with pytest.raises(Rejected):
        Network().get(remote.url("/a.ics"))

    assert not remote.requests()


def test_a_name_is_looked_up_once_and_what_was_checked_is_dialled(remote: FeedServer) -> None:
    remote.answer("/a.ics", body=BODY)
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.255.255.1"]

    got = Network(["127.0.0.1"], resolve=rebinding).get(f"http://calendar.example:{remote.port}/a.ics")

    assert got.body == BODY
    assert asked == ["calendar.example"]
    assert remote.requests()[0].headers["host"] == f"calendar.example:{remote.port}"


def test_a_name_that_turns_private_at_a_redirect_is_refused(remote: FeedServer) -> None:
    """The first look-up is allowed by name; the second leads to an address that nobody allowed."""
    remote.answer("/a.ics", status=302, headers={"Location": "/b.ics"})
    remote.answer("/b.ics", body=BODY)
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    with pytest.raises(Rejected):
        Network(["127.0.0.0/8"], resolve=lambda *_: next(answers)).get(
            f"http://calendar.example:{remote.port}/a.ics"
        )

    assert len(remote.requests()) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//10.0.0.1/",
        "http://user@127.0.0.1/",
        "http://[",
        "http:////[",
    ],
)
def test_a_redirect_inside_is_refused(remote: FeedServer, network: Network, location: str) -> None:
    remote.answer("/a.ics", status=302, headers={"Location": location})

    with pytest.raises(Rejected) as refused:
        network.get(remote.url("/a.ics"))

    assert refused.value.code == "address_refused"


def test_an_exception_for_one_port_opens_no_other(remote: FeedServer) -> None:
    with FeedServer() as other:
        other.answer("/b.ics", body=BODY)
        remote.answer("/a.ics", status=301, headers={"Location": other.url("/b.ics")})

        with pytest.raises(Rejected):
            Network([remote.host]).get(remote.url("/a.ics"))

        assert not other.requests()


@pytest.mark.parametrize(
    "entry", ["127.0.0.1", "127.0.0.0/8", "{host}", "calendar.example", "calendar.example:{port}"]
)
def test_what_the_operator_allows_is_called(remote: FeedServer, entry: str) -> None:
    remote.answer("/a.ics", body=BODY)
    allowed = entry.format(host=remote.host, port=remote.port)

    got = Network([allowed], resolve=leading_to("127.0.0.1")).get(
        f"http://calendar.example:{remote.port}/a.ics"
    )

    assert got.status == 200


# Redirects that are followed


def test_redirects_are_followed_up_to_five(remote: FeedServer, network: Network) -> None:
    for step in range(5):
        remote.answer(f"/{step}", status=302, headers={"Location": f"/{step + 1}"})
    remote.answer("/5", body=BODY)

    assert network.get(remote.url("/0")).url == remote.url("/5")


def test_a_sixth_redirect_is_one_too_many(remote: FeedServer, network: Network) -> None:
    remote.answer("/loop", status=307, headers={"Location": "/loop"})

    with pytest.raises(Unavailable) as raised:
        network.get(remote.url("/loop"))

    assert raised.value.code == "too_many_redirects"
    assert len(remote.requests()) == 6


def test_credentials_are_not_handed_to_another_host(remote: FeedServer) -> None:
    with FeedServer() as other:
        other.answer("/b.ics", body=BODY)
        remote.answer("/a.ics", status=302, headers={"Location": other.url("/b.ics")})

        Network(["127.0.0.1"]).get(
            remote.url("/a.ics"), {"Authorization": "Bearer x", "If-None-Match": '"1"'}
        )

        assert remote.requests()[0].headers["authorization"] == "Bearer x"
        assert "authorization" not in other.requests()[0].headers
        assert other.requests()[0].headers["if-none-match"] == '"1"'


# What is said to the remote, and of it


def test_every_request_names_us_and_asks_in_the_name_of_the_host(
    remote: FeedServer, network: Network
) -> None:
    remote.answer("/a.ics", body=BODY)

    network.get(remote.url("/a.ics?key=1"), {"Accept": "text/calendar"})

    seen = remote.requests("/a.ics")[0]
    assert seen.path == "/a.ics?key=1"
    assert seen.headers["user-agent"].startswith("ChannelHub/")
    assert seen.headers["host"] == remote.host
    assert seen.headers["accept"] == "text/calendar"


def test_nothing_of_a_secret_address_is_logged_or_told(
    remote: FeedServer, network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    remote.answer("/s3cr3t.ics", body=BODY)

    got = network.get(remote.url("/s3cr3t.ics?key=s3cr3t"))
    with pytest.raises(Unavailable) as raised:
        network.get(remote.url("/s3cr3t.ics?key=s3cr3t"), max_bytes=1)

    assert "s3cr3t" not in caplog.text + repr(got) + str(raised.value)
