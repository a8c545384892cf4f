"""What a link's settings may say about how we look in a calendar: no more is named than may be told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.mirroring import Kind, MirrorOptions, Telling


def options(tells: Telling, description: str | None) -> MirrorOptions:
    said: dict[str, Any] = {"tells": tells, "looks": {Kind.BOOKING: {"description": description}}}
    return MirrorOptions.model_validate(said)


@pytest.mark.parametrize(
    ("tells", "description"),
    [
        (Telling.BUSY, "{unit} in {property}"),
        (Telling.REFERENCE, "{reference}: {guests}, {arrival} to {departure}; {{as it is}}"),
        (Telling.GUEST, "{name} {phone} {email}\n{note}"),
        (Telling.BUSY, ""),
        (Telling.BUSY, None),
    ],
)
def test_a_description_names_what_may_be_told(tells: Telling, description: str | None) -> None:
    assert options(tells, description).looks[Kind.BOOKING].description == description


@pytest.mark.parametrize(
    ("tells", "description", "named"),
    [
        (Telling.BUSY, "{reference}", "names reference; busy may tell property, unit"),
        (Telling.REFERENCE, "{name}, {reference}", "names name; reference may tell"),
        (Telling.GUEST, "{name.__class__}", "names name.__class__"),
        (Telling.GUEST, "{}", "names"),
        (Telling.GUEST, "{name", "cannot be read"),
    ],
)
def test_a_description_that_names_more_is_refused(tells: Telling, description: str, named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        options(tells, description)

    assert named in str(refused.value)
