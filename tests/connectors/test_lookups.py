"""A resolver that hangs costs a few threads, and keeps nobody longer than their patience."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import httpcore
import pytest

from connectors.errors import Unavailable
from connectors.lookups import LookUps, Overloaded, UnknownHost
from connectors.transport import Network
from tests.concurrency.together import together, until

MOMENT = 0.05


class Hanging:
    """A resolver that says nothing until it is let go."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.asked: Counter[str] = Counter()

    def __call__(self, host: str, *_: int) -> Sequence[str]:
        self.asked[host] += 1
        self.gone.wait(30)
        return ["127.0.0.1"]


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    resolver = Hanging()
    yield resolver
    resolver.gone.set()
    until(lambda: threads() == 0, within=10, what="the threads end")


def threads() -> int:
    return sum(thread.name == "look-up" for thread in threading.enumerate())


def test_names_without_an_answer_never_take_more_threads_than_a_few(hanging: Hanging) -> None:
    until(lambda: threads() == 0, within=10, what="those of other tests end")
    names = LookUps(hanging, most=8)

    def ask(number: int) -> str:
        try:
            names.addresses(f"{number}.example", 443, MOMENT)
        except (httpcore.ConnectTimeout, Overloaded) as error:
            return type(error).__name__
        return "answered"

    said = Counter(ask(number) for number in range(100))

    assert said == {"ConnectTimeout": 8, "Overloaded": 92}
    assert threads() == 8
    hanging.gone.set()
    until(lambda: threads() == 0, within=10, what="the threads end")
    assert names.addresses("101.example", 443, 10) == ["127.0.0.1"], "there is room again"


def test_those_who_ask_for_one_name_share_one_question(
    hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, waiting = LookUps(hanging), threading.Semaphore(0)
    asked = names._asked

    def counted(host: str, port: int) -> object:
        question = asked(host, port)
        waiting.release()
        return question

    def answer_once_all_wait() -> list[str]:
        assert all(waiting.acquire(timeout=10) for _ in range(10))
        hanging.gone.set()
        return []

    monkeypatch.setattr(names, "_asked", counted)
    asks: list[Callable[[], Sequence[str]]] = [partial(names.addresses, "calendar.example", 443, 20)] * 10
    *answers, _ = together([*asks, answer_once_all_wait])

    assert answers == [["127.0.0.1"]] * 10
    assert hanging.asked["calendar.example"] == 1


def test_an_answer_is_never_kept_for_later() -> None:
    answers = iter((["192.0.2.1"], ["192.0.2.2"]))
    names = LookUps(lambda *_: next(answers))

    assert names.addresses("calendar.example", 443, 10) == ["192.0.2.1"]
    assert names.addresses("calendar.example", 443, 10) == ["192.0.2.2"]


@pytest.mark.parametrize("problem", [socket.gaierror("unknown"), UnicodeError("label too long")])
def test_a_name_that_the_resolver_refuses_is_unknown(problem: Exception) -> None:
    def refusing(host: str, port: int) -> Sequence[str]:
        raise problem

    with pytest.raises(UnknownHost):
        LookUps(refusing).addresses("calendar.example", 443, 10)


def test_too_much_to_do_is_said_of_us_and_not_of_the_host(
    hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.lookups.PATIENCE", MOMENT)
    network = Network(resolve=hanging)
    network._names = LookUps(hanging, most=1)

    with pytest.raises(Unavailable) as slow:
        network.get("http://a.example/")
    with pytest.raises(Unavailable) as busy:
        network.get("http://b.example/")

    assert (slow.value.code, slow.value.host) == ("timeout", "a.example")
    assert (busy.value.code, busy.value.host) == ("overloaded", "")
