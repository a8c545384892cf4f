"""Who asks a channel through the HTTP door waits there: so many at one time, of one organization fewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from api.app import Door
from api.waiting import MOST_OF_ONE, AllWait, TooManyWait, Waiting
from tests.api.houses import House, check_problem
from tests.api.linked import FEED, link_body, linked, says
from tests.concurrency.together import together, until
from tests.fakes.counting_server import CountingServer
from tests.fakes.feed_server import FeedServer
from tests.sync.calendars import calendar, day, nights

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def slow() -> Iterator[CountingServer]:
    with CountingServer(calendar(nights("a", day(20), day(23))), 30) as served:
        yield served


def preview(house: House, url: str) -> Any:
    body = {"connector": "ical", "settings": {"url": url}, "unit_id": house.rooms[0]}
    return house.post("/links/preview", body)


def test_only_so_many_requests_of_one_organization_wait_for_channels(
    house: House, neighbours: House, channel: FeedServer, slow: CountingServer
) -> None:
    says(channel, nights("a", day(20), day(23)))
    refused: dict[str, Any] = {}

    def meanwhile() -> int:
        until(lambda: slow.total() == MOST_OF_ONE, within=30, what="all wait for the channel")
        try:
            refused["ours"] = preview(house, channel.url(FEED))
            refused["theirs"] = preview(neighbours, channel.url(FEED))
        finally:
            slow.go_on.set()
        return 200

    asked: list[Callable[[], int]] = [
        partial(_status, house, slow.url(f"/{number}.ics")) for number in range(MOST_OF_ONE)
    ]
    ended = together([*asked, meanwhile])

    assert [one for one in ended if one != 200] == []
    check_problem(refused["ours"], 429, "too_many_wait")
    assert int(refused["ours"].headers["retry-after"]) > 0
    assert not channel.requests(FEED)[1:], "only the neighbours' preview asked"
    assert refused["theirs"].status_code == 200
    assert preview(house, channel.url(FEED)).status_code == 200, "the places are free again"


def _status(house: House, url: str) -> int:
    return int(preview(house, url).status_code)


@pytest.mark.parametrize("step", ["preview", "dry run", "new link", "new address"])
def test_where_no_place_is_left_nobody_is_kept_waiting(
    door: Door, house: House, channel: FeedServer, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    says(channel, nights("a", day(20), day(23)))
    link_id = linked(house, channel)["id"]
    asked = len(channel.requests(FEED))
    monkeypatch.setattr(door.http.state.waiting, "_most", 0)

    answer = {
        "preview": lambda: preview(house, channel.url(FEED)),
        "dry run": lambda: house.post(f"/links/{link_id}/sync?dry_run=true", {}),
        "new link": lambda: house.post("/links", link_body(house, channel)),
        "new address": lambda: house.ask(
            "PATCH", f"/links/{link_id}", json={"settings": {"url": channel.url("/b.ics")}}
        ),
    }[step]()

    check_problem(answer, 503, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert len(channel.requests(FEED)) == asked
    assert len(house.get("/links").json()["items"]) == 1


def test_places_are_given_back_and_nobody_has_those_of_others() -> None:
    waiting = Waiting(most=3, of_one=2)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(waiting.place(ONE))
        with pytest.raises(TooManyWait), waiting.place(ONE):
            pass
        held.enter_context(waiting.place(OTHER))
        with pytest.raises(AllWait), waiting.place(UUID(int=3)):
            pass

    with pytest.raises(ZeroDivisionError), waiting.place(ONE):
        raise ZeroDivisionError
    with waiting.place(ONE), waiting.place(ONE):
        pass
