"""GET livez, readyz."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import make_url
from starlette.testclient import TestClient

from api.app import Door
from hub.config import Settings
from hub.database import Database
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import check_problem
from tests.servers import Database as Address

Serve = Callable[[Runtime], TestClient]


@pytest.fixture
def serve(door: Door, client: TestClient, runtime: Runtime) -> Iterator[Serve]:
    """Have the door work with another runtime."""

    def served(other: Runtime) -> TestClient:
        door.http.state.runtime = other
        return client

    yield served
    door.http.state.runtime = runtime


@pytest.fixture
def own(runtime: Runtime, own_database: Address) -> Iterator[Runtime]:
    """A runtime on a database of its own."""
    opened = replace(runtime, database=Database(own_database.app_url, factories.a_vault()))
    yield opened
    opened.database.dispose()


def test_a_process_that_can_serve_says_so(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_without_a_database_the_process_lives_and_is_not_ready(serve: Serve, runtime: Runtime) -> None:
    nowhere = Database("postgresql+psycopg://hub_app@127.0.0.1:9/hub", factories.a_vault())
    client = serve(replace(runtime, database=nowhere))
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    nowhere.dispose()

    check_problem(answer, 503, "database_unreachable", "database")
    assert int(answer.headers["retry-after"]) > 0


def test_without_redis_the_process_is_not_ready(serve: Serve, runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})
    answer = serve(replace(runtime, settings=settings)).get("/readyz")

    check_problem(answer, 503, "redis_unreachable", "redis")


def test_all_that_is_missing_is_named(serve: Serve, runtime: Runtime) -> None:
    nowhere = Database("postgresql+psycopg://hub_app@127.0.0.1:9/hub", factories.a_vault())
    settings: Settings = runtime.settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})
    answer = serve(replace(runtime, settings=settings, database=nowhere)).get("/readyz")
    nowhere.dispose()

    assert [error["field"] for error in answer.json()["errors"]] == ["database", "redis"]


def test_a_schema_that_lacks_something_is_not_ready_and_a_newer_one_is(
    serve: Serve, own: Runtime, own_database: Address
) -> None:
    client = serve(own)
    owner = make_url(own_database.owner_url).set(drivername="postgresql")
    with psycopg.connect(owner.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("ALTER TABLE bookings ADD COLUMN of_tomorrow text")
        assert client.get("/readyz").status_code == 200

        connection.execute("ALTER TABLE bookings RENAME COLUMN cancel_reason_sealed TO reason")
        said = check_problem(client.get("/readyz"), 503, "schema_behind", "database")

    assert "bookings.cancel_reason_sealed" in said["detail"]
