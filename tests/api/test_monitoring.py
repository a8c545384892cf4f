"""The sample rules and dashboard in docs/monitoring: they name what there is, and find what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client.samples import Sample
from sqlalchemy import text

from hub import clock as hub_clock
from hub.database import Database
from hub.ids import new_id
from hub.keyspace import key_prefix
from sync.planning.alerting import CAUSES
from sync.runtime import Runtime
from tests import factories
from tests.api.houses import House
from tests.api.linked import linked, pulled, says
from tests.api.scraping import samples, served
from tests.conftest import FrozenClock
from tests.fakes.feed_server import FeedServer
from tests.servers import Database as Address

MONITORING = Path(__file__).parents[2] / "docs" / "monitoring"
_LINE = re.compile(r"( *)(?:- )?(\w+):(?: (.+))?")
_COMPARED = re.compile(r'(\w+)(?:\{(\w+)="([^"]+)"\})? (==|>) (\d+)')


@dataclass(frozen=True)
class Rule:
    name: str
    metric: str
    labels: dict[str, str]
    sign: str
    bound: float

    def fires(self, found: list[Sample]) -> bool:
        """For at least one series."""
        matching = [
            s.value for s in found if s.name == self.metric and self.labels.items() <= s.labels.items()
        ]
        return any(value == self.bound if self.sign == "==" else value > self.bound for value in matching)


def rules() -> list[Rule]:
    """Of the file; a line that this does not understand is no rule that anybody could rely on."""
    found, name = [], ""
    for line in (MONITORING / "alerts.rules.yml").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        read = _LINE.fullmatch(line)
        assert read is not None, line
        key, value = read[2], read[3] or ""
        assert value.startswith('"') or not re.search(r": | #|^[`{\[*&!%@]", value) or key == "labels", line
        if key == "alert":
            name = value
        if key == "expr":
            compared = _COMPARED.fullmatch(value)
            assert compared is not None, value
            metric, label, of, sign, bound = compared.groups()
            found.append(Rule(name, metric, {label: of} if label else {}, sign, float(bound)))
    return found


RULES = {rule.name: rule for rule in rules()}


def asked_by_the_dashboard() -> list[tuple[str, str]]:
    """(expression, legend) of all that it asks for."""
    dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    targets = [target for panel in dashboard["panels"] for target in panel["targets"]]
    return [(target["expr"], target.get("legendFormat", "")) for target in targets]


@dataclass(frozen=True)
class World:
    """A hub of its own with one link that does well; nobody else's troubles are in its metrics."""

    runtime: Runtime
    house: House
    clock: FrozenClock

    def scrape(self) -> list[Sample]:
        with served(self.runtime) as client:
            return samples(client.get("/metrics"))

    def firing(self) -> set[str]:
        found = self.scrape()
        return {rule.name for rule in RULES.values() if rule.fires(found)}

    def sql(self, statement: str, **known: Any) -> None:
        self.house.work(lambda session: session.execute(text(statement), known))

    def beats(self, *names: str) -> None:
        """All others have been silent since they last did."""
        for name in names:
            self.sql("SELECT beat_heart(:name, :at, false)", name=name, at=hub_clock.now())


@pytest.fixture
def world(
    runtime: Runtime, empty_database: Address, redis_url: str, channel: FeedServer, clock: FrozenClock
) -> Iterator[World]:
    settings = runtime.settings.model_copy(update={"redis_url": redis_url})
    database = Database(empty_database.app_url, factories.a_vault())
    own = replace(runtime, settings=settings, database=database)
    with served(own) as client:
        house = House.build(client, own)
        says(channel)
        pulled(house, linked(house, channel))
        made = World(own, house, clock)
        made.beats("beat", "worker")
        made.sql("UPDATE outbox SET state = 'done'")
        yield made
    database.dispose()


def silent(but: str) -> Callable[[World], None]:
    def happens(world: World) -> None:
        world.clock.advance(timedelta(minutes=2))
        world.beats(but)

    return happens


def on_link(columns: str) -> Callable[[World], None]:
    return lambda world: world.sql(f"UPDATE links SET {columns}")


def conflict(world: World) -> None:
    world.sql(
        "INSERT INTO conflicts (organization_id, id, type, state, link_id, starts_at, ends_at, fingerprint,"
        " local, remote, opened_at) SELECT organization_id, :id, 'GUARD_TRIPPED', 'open', id, :now, :later,"
        " '', '{}', '{}', :now FROM links",
        id=new_id(),
        now=hub_clock.now(),
        later=hub_clock.now() + timedelta(days=1),
    )


def a_fact(state: str, since: timedelta) -> Callable[[World], None]:
    return lambda world: world.sql(
        "INSERT INTO outbox (organization_id, id, kind, payload, state, attempts, not_before, created_at)"
        " VALUES (:organization, :id, 'tests.fact', '{}', :state, 0, :at, :at)",
        organization=world.house.organization_id,
        id=new_id(),
        state=state,
        at=hub_clock.now() - since,
    )


def queued(world: World) -> None:
    url = world.runtime.settings.redis_url
    assert url is not None
    with redis.Redis.from_url(url) as client:
        client.rpush(key_prefix(world.runtime.settings) + "timely", *["{}"] * 401)


def draining(world: World) -> None:
    see = "SELECT see_alert(:id, 'draining:x', 'draining', 'warning', 's', 'w', '{}', NULL, :now)"
    world.sql(see, id=new_id(), now=hub_clock.now())
    world.sql("SELECT open_alert('draining:x', :now, '{}')", now=hub_clock.now())


WRONG: dict[str, tuple[str | None, Callable[[World], None]]] = {
    "HubBeatSilent": ("beat_silent", silent(but="worker")),
    "HubWorkerSilent": ("worker_silent", silent(but="beat")),
    "HubLinkStale": ("link_stale", on_link("verified_at = verified_at - interval '2 hours'")),
    "HubLinkFailing": ("link_failing", on_link("failures = 3")),
    "HubLinkGuarded": ("guard", on_link("state = 'guarded'")),
    "HubSignInLost": ("needs_auth", on_link("state = 'needs_auth'")),
    "HubLinkLost": ("lost", on_link("state = 'lost'")),
    "HubConflict": ("conflict", conflict),
    "HubOutboxStuck": ("outbox_stuck", a_fact("ready", timedelta(minutes=6))),
    "HubOutboxSetAside": (None, a_fact("quarantined", timedelta())),
    "HubQueueLong": (None, queued),
    "HubAlertOpen": ("draining", draining),
}
"""By the rule that says so: its cause in docs/alerts.md, if it has one there, and how it comes about"""
WITHOUT_METRICS = {"HubGone", "HubDatabaseGone"}


def test_every_cause_of_an_alert_has_a_rule_and_every_rule_is_tried() -> None:
    assert {cause for cause, _ in WRONG.values() if cause} == set(CAUSES)
    assert set(WRONG) | WITHOUT_METRICS == set(RULES)


def test_while_all_is_well_no_rule_fires(world: World) -> None:
    """The control of all that follow."""
    assert world.firing() == set()


@pytest.mark.parametrize("rule", sorted(WRONG))
def test_a_rule_fires_when_its_cause_is_there_and_no_other_does(world: World, rule: str) -> None:
    WRONG[rule][1](world)

    assert world.firing() == {rule}


def test_a_database_that_is_away_is_told_by_a_process_that_is_there(world: World) -> None:
    nowhere = Database("postgresql+psycopg://hub_app@127.0.0.1:9/hub", factories.a_vault())

    firing = replace(world, runtime=replace(world.runtime, database=nowhere)).firing()
    nowhere.dispose()

    assert firing == {"HubDatabaseGone"}


def test_rules_and_dashboard_name_metrics_and_labels_that_there_are(world: World) -> None:
    for _, happens in WRONG.values():
        happens(world)
    world.sql(
        "INSERT INTO sync_runs (organization_id, id, link_id, trigger, state, created_at, counts, summary,"
        " left_out, headline, changed) SELECT organization_id, :id, id, 'request', 'done', :now, '{}', '[]',"
        " '[]', '', false FROM links",
        id=new_id(),
        now=hub_clock.now(),
    )
    there: dict[str, set[str]] = {"up": {"job"}}
    with served(world.runtime) as client:
        client.get("/livez")
        for sample in samples(client.get("/metrics")):
            there.setdefault(sample.name, set()).update(sample.labels)

    for rule in RULES.values():
        assert rule.metric in there, rule
        assert set(rule.labels) <= there[rule.metric], rule
    for expression, legend in asked_by_the_dashboard():
        (metric,) = re.findall(r"\b(?:hub_\w+|up)\b", expression)
        labels = set(re.findall(r"(\w+)=", expression)) | set(re.findall(r"{{(\w+)}}", legend))
        labels |= {one.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for one in by.split(",")}
        assert metric in there, expression
        assert labels <= there[metric], (expression, legend)


def test_the_dashboard_can_be_imported() -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) > 10
    assert dashboard["templating"]["list"][0]["type"] == "datasource", (
        "its source is chosen when it is imported"
    )
    places = {(x, y) for panel in dashboard["panels"] for x, y in [_corner(panel)]}
    assert len(places) == len(ids), "no two panels at one place"


def _corner(panel: dict[str, Any]) -> tuple[int, int]:
    grid = panel["gridPos"]
    assert grid["x"] + grid["w"] <= 24, panel["title"]
    return grid["x"], grid["y"]
