"""What a rehearsal must leave alone, and what it must have told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from hypothesis import HealthCheck, settings

from sync.attempts import Outcome
from sync.dry_run import Plan
from sync.planning.headline import NOTHING, has_changed
from tests import servers
from tests.sync.everything import digests

MANY = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


Said = tuple[str, Mapping[str, int], Sequence[str], bool]
"""Headline, counts, summary, and whether anything changes"""


def promised(plan: Plan) -> Said:
    return plan.headline, plan.counts, plan.summary, plan.changed


def done_by(outcome: Outcome) -> Said:
    return outcome.headline or NOTHING, outcome.counts, outcome.summary, has_changed(outcome.counts)


@contextmanager
def untouched(database: servers.Database) -> Iterator[None]:
    before = digests(database)
    yield
    after = digests(database)
    assert {name for name in before if before[name] != after[name]} == set()
