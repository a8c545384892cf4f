"""Answers that mean harm cost a bounded time, little work and little memory, and are no answers."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from connectors.errors import ConnectorError, Rejected, Unavailable
from connectors.ical.client import fetch
from connectors.seats import Seats
from connectors.transport import MAX_BYTES, Network
from tests.concurrency.together import together
from tests.fakes.hostile_server import SCRIPTS, HostileServer

SHORT = timedelta(seconds=0.5)
AT_MOST = 15.0
"""Seconds for what ends after SHORT, on a machine that is busy; what does not end there takes longer still"""
MB = 1024 * 1024

FOR_EVER = (
    *("silent", "slow_status", "slow_headers", "trickle", "trickled_chunks", "lies_long", "never_ends"),
    *("large_and_slow", "slow_redirects_0"),
)
FLOODS = {
    "header_bomb": "interrupted",
    "many_headers": "interrupted",
    "continues": "too_large",
    "endless": "too_large",
    "endless_without_length": "too_large",
    "single_bytes": "too_large",
    "long_extensions": "too_large",
    "gzip_bomb": "too_large",
    "empty_blocks": "too_large",
    "after_the_end": "interrupted",
    "padding": "too_large",
    "redirect_with_a_body": "too_large",
    "failure_with_a_body": "remote_error",
    "no_http": "interrupted",
}
LIES = {"lies_twice": "interrupted", "lies_below_zero": "interrupted"}
AT_ONCE = 16
LARGE = ("gzip_bomb", "endless", "endless_without_length", "redirect_with_a_body")


@pytest.fixture
def remote() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture
def network() -> Network:
    return Network(["127.0.0.1"])


def failure_of(ask: Callable[[], object]) -> ConnectorError:
    with pytest.raises((Unavailable, Rejected)) as raised:
        ask()
    return raised.value


def test_every_script_is_played_by_a_test() -> None:
    told = {*FOR_EVER, *FLOODS, *LIES, "lies_short"}
    assert told == {name for name in SCRIPTS if name[-1] not in "12345"}


@pytest.mark.parametrize("script", FOR_EVER)
def test_who_takes_for_ever_is_left_at_the_deadline(
    remote: HostileServer, network: Network, script: str
) -> None:
    begun, worked = time.monotonic(), time.thread_time()

    error = failure_of(lambda: network.get(remote.url(script), deadline=SHORT))

    assert error.code == "timeout"
    assert time.monotonic() - begun < AT_MOST
    assert time.thread_time() - worked < 0.3


@pytest.mark.parametrize("script", FLOODS)
def test_who_sends_without_end_is_left_early_and_costs_little(
    remote: HostileServer, network: Network, script: str
) -> None:
    worked = time.thread_time()

    error = failure_of(lambda: fetch(network, remote.url(script), {}))

    assert error.code == FLOODS[script]
    assert time.thread_time() - worked < 3, "a second of the processor on a machine that is not busy"


@pytest.mark.parametrize("script", LIES)
def test_who_contradicts_himself_has_said_nothing(
    remote: HostileServer, network: Network, script: str
) -> None:
    assert failure_of(lambda: network.get(remote.url(script))).code == LIES[script]


def test_who_announces_less_than_he_sends_is_taken_at_his_word(
    remote: HostileServer, network: Network
) -> None:
    """It is then no calendar, for the end is missing."""
    assert network.get(remote.url("lies_short")).body == b"BEGIN:VCAL"


def test_the_status_of_a_failure_is_heard_although_its_body_never_ends(
    remote: HostileServer, network: Network
) -> None:
    assert network.get(remote.url("failure_with_a_body")).status == 500


@pytest.mark.parametrize("script", [*LARGE, "empty_blocks", "after_the_end", "padding", "header_bomb"])
def test_no_answer_takes_more_memory_than_the_largest_one(
    remote: HostileServer, network: Network, script: str
) -> None:
    assert peak(lambda: failure_of(lambda: network.get(remote.url(script)))) < MAX_BYTES + 4 * MB


def test_large_answers_at_once_share_a_few_seats(remote: HostileServer, network: Network) -> None:
    assert many_at_once(remote, network) < 60 * MB


def test_without_the_seats_they_would_fill_the_memory(remote: HostileServer, network: Network) -> None:
    """The control of the test before."""
    network._seats = Seats(AT_ONCE)

    assert many_at_once(remote, network, 6 * SHORT) > 90 * MB


def test_a_seat_is_kept_until_the_visit_ends(remote: HostileServer, network: Network) -> None:
    """Whoever reads an answer still has it in memory."""
    network._seats = Seats(1)

    with network.visit():
        assert failure_of(lambda: network.get(remote.url("endless"))).code == "too_large"
        (meanwhile,) = together(
            [lambda: failure_of(lambda: network.get(remote.url("endless"), deadline=SHORT))]
        )
    (after,) = together([lambda: failure_of(lambda: network.get(remote.url("endless")))])

    assert isinstance(meanwhile, ConnectorError)
    assert isinstance(after, ConnectorError)
    assert (meanwhile.code, meanwhile.host) == ("overloaded", ""), "our trouble is not the host's"
    assert after.code == "too_large"


def many_at_once(remote: HostileServer, network: Network, deadline: timedelta = 2 * SHORT) -> int:
    def ask() -> None:
        assert failure_of(lambda: network.get(remote.url("large_and_slow"), deadline=deadline))

    return peak(lambda: together([ask] * AT_ONCE))


def peak(does: Callable[[], object]) -> int:
    """Bytes that Python's memory grew by at most meanwhile."""
    tracemalloc.start()
    try:
        does()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
