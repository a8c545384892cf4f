"""What Prometheus is told: how the hub stands by its database and broker, and what this process answered."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import redis
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from hub import clock
from hub.embedded import redis_url
from hub.errors import Misconfigured
from hub.keyspace import key_prefix
from hub.queries import metrics as query
from hub.queries.metrics import Facts, Stale
from sync.planning import alerting
from sync.runtime import Runtime

MOST_LINKS = 2000
"""More of them are told by their connectors alone: a monitor pays for every series"""
FRESH_FOR = 5.0
"""Seconds for which an answer of the database is good: however many monitors ask, it is asked so often"""
QUEUES = ("timely", "pulls")
REDIS_SECONDS = 1.0
AGES = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 21_600.0, 86_400.0, 604_800.0)
"""Bounds of the histogram of ages, in seconds"""
STALE = Stale(alerting.STALE_INTERVALS, alerting.STALE_AT_LEAST, alerting.FAILURES)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LINK = ("organization", "link", "channel")


@dataclass(slots=True)
class Requests:
    """What this process was asked over HTTP; feeds, which are answered before all that, are not in it."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    number: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        self.number = Counter(
            "hub_http_requests",
            "Requests that this process answered, by the operation's name in the API's description",
            ("operation", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "hub_http_request_duration_seconds",
            "How long they took, from the first byte to the last",
            ("operation",),
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, told: Mapping[str, Any], seconds: float) -> None:
        """`told` is what the log is told of a request: an operation that there is, or none."""
        operation = told["route"] or "none"
        self.number.labels(operation, str(told["status"])).inc()
        self.seconds.labels(operation).observe(seconds)


class Scrape(Collector):
    """Asks the database and the broker when a monitor asks; two at once, or within five seconds, share it."""

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._known: tuple[Metric, ...] = ()
        self._until = 0.0

    def describe(self) -> Iterable[Metric]:
        """Nothing: who registers this must not have the database asked."""
        return ()

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._known = tuple(self._asked())
                self._until = time.monotonic() + FRESH_FOR
            return self._known

    def _asked(self) -> Iterator[Metric]:
        yield InfoMetricFamily(
            "hub_build",
            "The version that runs",
            value={"version": version("channel-hub"), "python": platform.python_version()},
        )
        facts = self._facts()
        yield GaugeMetricFamily(
            "hub_database_up",
            "Whether the database answered; where it did not, all that it tells is missing",
            value=float(facts is not None),
        )
        if facts is not None:
            yield from told(facts)
        yield _gauge(
            "hub_queue_messages",
            "Messages of the broker that nobody has taken; none where the broker is no Redis, or is away",
            ("queue",),
            self._queues().items(),
        )

    def _facts(self) -> Facts | None:
        try:
            with self._runtime().database.unit_of_work(None) as session:
                return query.read(session, clock.now(), most_links=MOST_LINKS, bounds=AGES, stale=STALE)
        except SQLAlchemyError:
            return None

    def _queues(self) -> dict[tuple[str, ...], float]:
        settings = self._runtime().settings
        url = settings.broker_url or settings.redis_url
        if url is not None and not url.startswith(("redis://", "rediss://", "unix://")):
            return {}
        try:
            prefix = key_prefix(settings)
            with redis.Redis.from_url(
                url or redis_url(settings.data_dir),
                socket_timeout=REDIS_SECONDS,
                socket_connect_timeout=REDIS_SECONDS,
            ) as client:
                return {(queue,): float(_length(client, prefix + queue)) for queue in QUEUES}
        except (redis.RedisError, OSError, ValueError, Misconfigured):
            return {}


def _length(client: redis.Redis, key: str) -> int:
    length: Any = client.llen(key)
    return int(length)


def told(facts: Facts) -> Iterator[Metric]:
    """All that one look at the database says."""
    yield from _of_links(facts)
    yield _gauge(
        "hub_conflicts_open",
        "Conflicts about which somebody must decide",
        ("type",),
        (((row.type,), row.number) for row in facts.conflicts if row.state == "open"),
    )
    yield _gauge(
        "hub_conflicts_set_aside",
        "Conflicts that a person ignores until a side changes, or lives with",
        ("type", "state"),
        (((row.type, row.state), row.number) for row in facts.conflicts if row.state != "open"),
    )
    outbox = facts.outbox
    yield GaugeMetricFamily("hub_outbox_ready", "Facts that wait to be told", value=outbox.ready)
    yield GaugeMetricFamily(
        "hub_outbox_oldest_seconds", "How overdue the longest waiting of them is", value=outbox.oldest or 0.0
    )
    yield GaugeMetricFamily(
        "hub_outbox_quarantined", "Facts that were set aside after three failures", value=outbox.quarantined
    )
    yield _gauge(
        "hub_runs_last_hour",
        "Syncs with news, or asked for, that were made within the last hour, by how they stand now",
        ("state", "trigger"),
        (((row.state, row.trigger), row.number) for row in facts.runs),
    )
    yield _gauge(
        "hub_heartbeat_age_seconds",
        "Since a part of the hub last gave a sign of life",
        ("of",),
        (((row.name,), max(0.0, (facts.now - row.at).total_seconds())) for row in facts.hearts),
    )
    yield GaugeMetricFamily("hub_holds", "Holds that have not run out", value=facts.holds)
    yield _gauge(
        "hub_alerts_open",
        "Alerts of the hub itself that have not recovered",
        ("cause", "severity"),
        (((row.cause, row.severity), row.number) for row in facts.alerts),
    )


def _of_links(facts: Facts) -> Iterator[Metric]:
    by_state: dict[tuple[str, ...], float] = {}
    ages: dict[str, list[float]] = {}
    sums: dict[str, float] = {}
    stale: dict[tuple[str, ...], float] = {}
    failing: dict[tuple[str, ...], float] = {}
    for row in facts.totals:
        state, connector = (row.connector, row.state), (row.connector,)
        by_state[state] = by_state.get(state, 0) + row.number
        stale[connector] = stale.get(connector, 0) + row.stale
        failing[connector] = failing.get(connector, 0) + row.failing
        reached = ages.setdefault(row.connector, [0.0] * (len(AGES) + 1))
        sums[row.connector] = sums.get(row.connector, 0.0) + row.age
        if row.place is not None:
            reached[row.place] += row.number
    yield _gauge("hub_links", "Links, by state", ("connector", "state"), by_state.items())
    yield _gauge(
        "hub_links_stale",
        "Links without a good answer for three of their intervals, and an hour at least",
        ("connector",),
        stale.items(),
    )
    yield _gauge("hub_links_failing", "Links whose last three pulls failed", ("connector",), failing.items())
    yield _distribution(ages, sums)
    told_singly = len(facts.links) <= MOST_LINKS
    yield GaugeMetricFamily(
        "hub_links_told_singly",
        f"Whether each link has series of its own: not where there are more than {MOST_LINKS}",
        value=float(told_singly),
    )
    for name, words, column in _SINGLY if told_singly else ():
        rows = ((row, getattr(row, column)) for row in facts.links)
        values = ((_names(row), value) for row, value in rows if value is not None)
        yield _gauge(name, words, _LINK, values)


_SINGLY = (
    ("hub_link_age_seconds", "Since its calendar was last known to be what is held of it", "age"),
    ("hub_link_interval_seconds", "How often it is to be read", "interval_seconds"),
    ("hub_link_measured_seconds", "Between two good answers, as a moving mean", "measured"),
    ("hub_link_failures", "Pulls that failed in a row", "failures"),
    ("hub_link_next_pull_seconds", "Until it is read again; below zero where that is overdue", "next_pull"),
)


def _names(row: Any) -> tuple[str, ...]:
    return str(row.organization_id), str(row.link_id), row.channel


def _distribution(ages: Mapping[str, list[float]], sums: Mapping[str, float]) -> Metric:
    family = GaugeHistogramMetricFamily(
        "hub_links_age_seconds",
        "Links by the age of what is held of them; as it is now, and not added up over time",
        labels=("connector",),
    )
    for connector, reached in ages.items():
        within, buckets = 0.0, []
        for bound, number in zip((*map(str, AGES), "+Inf"), reached, strict=True):
            within += number
            buckets.append((bound, within))
        family.add_metric([connector], buckets, sums[connector])
    return family


def _gauge(
    name: str, words: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for of, value in values:
        family.add_metric(of, float(value))
    return family
