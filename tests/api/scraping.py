"""What a monitor does: it asks a process, and reads what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from starlette.testclient import TestClient

from api.app import create
from sync.runtime import Runtime


@contextmanager
def served(runtime: Runtime, host: str = "127.0.0.1") -> Iterator[TestClient]:
    """A process of its own, asked from there."""
    with TestClient(create(runtime=runtime), client=(host, 50000)) as client:
        yield client


def samples(answer: Any) -> list[Sample]:
    assert answer.status_code == 200, answer.text
    return [one for family in text_string_to_metric_families(answer.text) for one in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    """Of the one sample with these labels; those that it has besides do not matter."""
    (one,) = [s for s in found if s.name == name and labels.items() <= s.labels.items()]
    return one.value
