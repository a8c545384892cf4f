"""What goes wrong by order, within the process and on sockets, and what the log tells of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from googleapiclient.errors import HttpError

from tests.fakes.google_calendar import Ending, GoogleCalendar, Person, Serving
from tests.fakes.google_calendar_facts.client import ADA, Api, api_of, day, refusal

NIGHT = day("2026-12-01", "2026-12-02", id="ours0")


@pytest.fixture
def served(google: GoogleCalendar, ada: Person) -> Iterator[Api]:
    """Ada's program, over a socket; it waits two seconds."""
    with Serving(google, patience=5) as server:
        made = Api(google.oauth.token(ADA), server.root, httpx.Client(timeout=2, trust_env=False))
        yield made
        made.http.close()


@pytest.fixture(params=["api", "served"])
def either(request: pytest.FixtureRequest) -> Api:
    made: Api = request.getfixturevalue(request.param)
    return made


def test_an_answer_that_is_lost_has_had_its_effect(google: GoogleCalendar, ada: Person, either: Api) -> None:
    google.faults.lose_answer(operation="events.insert")
    with pytest.raises(httpx.ReadTimeout):
        either.insert(NIGHT)
    assert list(ada.snapshot()) == ["ours0"]
    with pytest.raises(HttpError) as caught:
        either.insert(NIGHT)
    assert refusal(caught) == (409, "duplicate")
    told = [(entry.event, entry.status, entry.ending, entry.effect) for entry in google.writes()]
    assert told == [("ours0", 200, Ending.TIMED_OUT, True), ("ours0", 409, Ending.ANSWERED, False)]
    google.reset_log()
    assert google.writes() == []


def test_a_request_that_is_lost_has_none(google: GoogleCalendar, ada: Person, either: Api) -> None:
    google.faults.lose_request(ending=Ending.HUNG_UP, method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        either.insert(NIGHT)
    assert ada.snapshot() == {}
    either.insert(NIGHT)


def test_a_late_request_takes_effect_when_the_test_says_so(
    google: GoogleCalendar, ada: Person, either: Api
) -> None:
    google.faults.keep_late(event="ours0")
    with pytest.raises(httpx.ReadTimeout):
        either.insert(NIGHT)
    assert (ada.snapshot(), google.waiting) == ({}, 1)
    with pytest.raises(HttpError) as caught:
        either.get("ours0")
    assert refusal(caught) == (404, "notFound")
    assert google.release_late() == [200]
    assert either.get("ours0")["id"] == "ours0"


def test_a_late_write_loses_against_a_newer_version(google: GoogleCalendar, ada: Person, api: Api) -> None:
    etag = api.insert(NIGHT)["etag"]
    google.faults.keep_late(method="PUT")
    with pytest.raises(httpx.ReadTimeout):
        api.update("ours0", NIGHT | {"summary": "late"}, etag=etag)
    ada.edits("ours0", summary="meanwhile")
    assert google.release_late() == [412]
    assert ada.snapshot()["ours0"]["summary"] == "meanwhile"


@pytest.mark.parametrize("after", [False, True])
def test_a_server_error_comes_before_the_effect_or_after_it(
    google: GoogleCalendar, ada: Person, either: Api, after: bool
) -> None:
    google.faults.fail(503, after=after)
    with pytest.raises(HttpError) as caught:
        either.insert(NIGHT)
    assert refusal(caught) == (503, "backendError")
    assert list(ada.snapshot()) == (["ours0"] if after else [])


def test_a_listing_may_break_off_in_its_pages(google: GoogleCalendar, ada: Person, api: Api) -> None:
    for number in range(6):
        ada.creates(str(number))
    google.world.page_size = 2
    google.faults.gone_in_pages(skip=1)
    told = api.pages()
    assert [len(next(told)["items"]) for _ in range(2)] == [2, 2]
    with pytest.raises(HttpError) as caught:
        next(told)
    assert refusal(caught) == (410, "fullSyncRequired")
    assert len(api.all()[0]) == 6


def test_an_answer_may_be_no_json_or_break_off(google: GoogleCalendar, ada: Person, either: Api) -> None:
    google.faults.unreadable()
    assert not isinstance(either.events.insert(calendarId="primary", body=NIGHT).execute(), dict)  # no error!
    google.faults.truncated()
    with pytest.raises(httpx.RemoteProtocolError):
        either.page()
    assert list(ada.snapshot()) == ["ours0"]


def test_a_slow_answer_is_too_late_for_who_does_not_wait(
    google: GoogleCalendar, ada: Person, either: Api
) -> None:
    google.faults.slow(5)
    with pytest.raises(httpx.ReadTimeout):
        either.insert(NIGHT)
    assert list(ada.snapshot()) == ["ours0"]
    google.faults.slow(0.01)
    assert either.get("ours0")["id"] == "ours0"


OF_USER = "userRateLimitExceeded"
ORDERS: list[tuple[Callable[[GoogleCalendar], Any], tuple[int, str]]] = [
    (lambda google: google.faults.out_of_quota(), (403, "rateLimitExceeded")),
    (lambda google: google.faults.out_of_quota(status=429), (429, "rateLimitExceeded")),
    (
        lambda google: google.faults.out_of_quota(reason="userRateLimitExceeded"),
        (403, "userRateLimitExceeded"),
    ),
    (lambda google: google.faults.calendar_lost("primary"), (404, "notFound")),
    (lambda google: google.faults.calendar_lost("primary", 403), (403, "forbidden")),
]


@pytest.mark.parametrize(("order", "told"), ORDERS)
def test_a_refusal_comes_by_order(
    google: GoogleCalendar, api: Api, order: Callable[[GoogleCalendar], Any], told: tuple[int, str]
) -> None:
    order(google)
    with pytest.raises(HttpError) as caught:
        api.page()
    assert refusal(caught) == told
    assert "retry-after" not in caught.value.resp
    google.faults.clear()
    api.page()


def test_an_order_is_for_what_it_describes_and_so_often(google: GoogleCalendar, api: Api) -> None:
    api.insert(NIGHT)
    google.faults.fail(times=2, event="ours0", skip=1, when=lambda asked: asked.method == "GET")
    statuses = []
    for _ in range(5):
        api.page()
        try:
            api.get("ours0")
            statuses.append(200)
        except HttpError as error:
            statuses.append(error.status_code)
    assert statuses == [200, 503, 503, 200, 200]


def test_many_programs_at_once_lose_nothing(google: GoogleCalendar, ada: Person, served: Api) -> None:
    def write(name: str) -> None:
        program = Api(google.oauth.token(ADA), google.root, httpx.Client(timeout=10, trust_env=False))
        for number in range(25):
            program.insert(day("2026-12-01", "2026-12-02", id=f"{name}0000{number}"))
        program.http.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ada.snapshot()) == 100
    assert len({event["etag"] for event in ada.snapshot().values()}) == 100
    assert len(google.effects()) == 100


def test_the_real_client_never_does_what_the_document_forbids(google: GoogleCalendar, ada: Person) -> None:
    api = api_of(google)
    made = api.insert(NIGHT)
    api.update("ours0", made | {"summary": "all that came back is sent again"})
    api.delete("ours0")
    assert google.violations == []
