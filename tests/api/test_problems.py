"""The table of statuses: every kind of refusal, and what only the database noticed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from api import problems
from api.app import create
from api.etags import PreconditionFailed
from connectors.errors import RateLimited, Rejected
from hub.errors import Conflict, HubError, NotAllowed, NotFound, NotSignedIn, Reason, Refused
from sync.runtime import Runtime
from tests.api.houses import House, check_problem

Fails = Callable[[BaseException | Callable[[], None]], Any]


@pytest.fixture(scope="module")
def fails(runtime: Runtime) -> Iterator[Fails]:
    """The answer of a route that raises this."""
    door = create(runtime=runtime)
    failure: list[BaseException | Callable[[], None]] = []

    @door.http.get("/fails")
    def route() -> None:
        if isinstance(failure[-1], BaseException):
            raise failure[-1]
        failure[-1]()

    with TestClient(door) as client:

        def ask(error: BaseException | Callable[[], None]) -> Any:
            failure.append(error)
            return client.get("/fails")

        yield ask


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (NotFound, 404),
        (Refused, 422),
        (Conflict, 409),
        (NotAllowed, 403),
        (NotSignedIn, 401),
        (PreconditionFailed, 412),
    ],
)
def test_each_kind_of_refusal_has_its_status(fails: Fails, kind: type[HubError], status: int) -> None:
    answer = fails(
        kind(Reason("why", "because", "items[0].unit_id", {"night": "2027-07-01"}), Reason("b", "c"))
    )

    said = check_problem(answer, status, "why", "items[0].unit_id")
    assert said["errors"][0]["night"] == "2027-07-01"
    assert said["errors"][1] == {"code": "b", "message": "c", "field": None}
    assert said["title"] == problems.TITLES[status]


def test_the_table_covers_every_refusal_of_the_hub() -> None:
    assert set(HubError.__subclasses__()) <= set(problems.STATUSES)


def test_a_fact_never_hides_the_code_of_an_error() -> None:
    said = problems.body(409, [Reason("why", "because", facts={"code": "x", "field": "y"})], None)

    assert said["errors"] == [{"code": "why", "message": "because", "field": None}]


def test_who_is_not_signed_in_is_told_how(fails: Fails) -> None:
    answer = fails(NotSignedIn.because("no_token", "sign in"))

    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_lost_edit_is_412(fails: Fails) -> None:
    check_problem(fails(StaleDataError("UPDATE expected to update 1 row(s)")), 412, "changed", "If-Match")


def _raised(cause: Exception, kind: type[DBAPIError]) -> DBAPIError:
    return kind("SELECT secret", {}, cause)


@pytest.mark.parametrize(
    "error",
    [
        PoolTimeout("QueuePool limit reached"),
        _raised(psycopg.OperationalError("connection refused"), OperationalError),
        _raised(psycopg.errors.QueryCanceled("statement timeout"), OperationalError),
        _raised(psycopg.InterfaceError("the connection is closed"), InterfaceError),
    ],
)
def test_a_database_that_cannot_answer_now_is_503(fails: Fails, error: Exception) -> None:
    answer = fails(error)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "secret" not in answer.text


def test_an_overlap_that_only_the_constraint_saw_is_409_and_a_logged_defect(
    fails: Fails, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.book(unit_id=house.rooms[0])

    def sell_again() -> None:
        with house.runtime.database.unit_of_work(house.organization_id) as session:
            session.execute(
                text(
                    "INSERT INTO allocations"
                    " (organization_id, id, unit_id, booking_id, item_id, starts_at, ends_at)"
                    " SELECT organization_id, gen_random_uuid(), unit_id, booking_id, item_id,"
                    " starts_at, ends_at FROM allocations"
                )
            )

    check_problem(fails(sell_again), 409, "overlap")
    assert any(
        record.levelno == logging.ERROR and "ex_allocations_unit_id_during" in record.getMessage()
        for record in caplog.records
    )


def test_a_value_that_the_database_cannot_keep_is_422(fails: Fails, house: House) -> None:
    def keep() -> None:
        with house.runtime.database.unit_of_work(house.organization_id) as session:
            session.execute(text("SELECT CAST('2027-99-99' AS date)"))

    check_problem(fails(keep), 422, "invalid_value")


def test_a_defect_in_a_statement_is_500_without_the_statement(fails: Fails, house: House) -> None:
    def mistake() -> None:
        with house.runtime.database.unit_of_work(house.organization_id) as session:
            session.execute(text("SELECT nothing FROM nowhere"))

    assert "nowhere" not in str(check_problem(fails(mistake), 500, "internal"))


def test_a_channels_failure_is_502_with_its_own_words(fails: Fails) -> None:
    check_problem(fails(Rejected("calendar.example.com: not found", code="not_found")), 502, "not_found")
    limited = fails(RateLimited("slow down", retry_after=timedelta(seconds=90)))
    assert limited.headers["retry-after"] == "90"


def test_any_other_status_keeps_its_name(fails: Fails) -> None:
    check_problem(fails(HTTPException(418, "short and stout")), 418, "im_a_teapot")
