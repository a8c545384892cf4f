"""What all schemas share: strict input, dates and instants as text, one way to write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class In(BaseModel):
    """What a client sends: a field that we do not know is an error, not something to overlook."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """What a client is told."""

    model_config = ConfigDict(frozen=True)


def _written_as_day(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    # Pydantic would also take 1 and "1700000000" for dates.
    if not (isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value))):
        raise PydanticCustomError("invalid_date", "write a date as 2027-07-01")
    try:
        return read(value)
    except ValidationError:
        raise PydanticCustomError("invalid_date", "no calendar has this date") from None


def _written_as_instant(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.fullmatch(value)):
        with suppress(ValidationError):
            return read(value)
    raise PydanticCustomError(
        "invalid_instant", "write an instant as 2027-07-01T15:00:00+02:00; in an address + is %2B"
    )


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _without_control(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "control characters are not text")
    return value


def _one_line(value: str) -> str:
    if _CONTROL_OR_BREAK.search(value):
        raise PydanticCustomError("control_character", "write it in one line, without control characters")
    return value


Day = Annotated[date, WrapValidator(_written_as_day)]
"""A date as text: 2027-07-01"""

Instant = Annotated[datetime, WrapValidator(_written_as_instant)]
"""What a client writes as an instant; whether it has an offset is the domain's question"""

UtcInstant = Annotated[datetime, AfterValidator(_in_utc)]
"""What we write as an instant: always UTC, with a Z"""

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_one_line),
]
"""One line of text, such as a name"""

Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20), AfterValidator(_one_line)
]
"""A few letters and digits, such as a postal code"""

Note = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_without_control)
]
"""A few sentences of any number of lines"""

Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=10_000), AfterValidator(_without_control)
]
"""Text of any number of lines"""

Count = Annotated[int, Field(strict=True)]
"""A whole number: neither "2" nor 2.0 nor true"""
