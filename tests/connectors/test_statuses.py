"""What an answer's status and its Retry-After mean for the caller."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from connectors.errors import ConnectorError, NeedsReconnect, RateLimited, Rejected, Unavailable
from connectors.transport import Reply, failure, retry_after
from hub import clock


def reply(status: int, **headers: str) -> Reply:
    return Reply(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, b"", "", "h.example"
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NeedsReconnect),
        (403, NeedsReconnect),
        (400, Rejected),
        (404, Rejected),
        (410, Rejected),
        (451, Rejected),
        (408, Unavailable),
        (425, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
        (520, Unavailable),
        (429, RateLimited),
        (300, Unavailable),
        (302, Unavailable),
    ],
)
def test_each_status_is_one_of_five_errors(status: int, kind: type[ConnectorError]) -> None:
    error = failure(reply(status))

    assert type(error) is kind
    assert "h.example" in error.message


@pytest.mark.parametrize("status", [200, 204, 206, 304])
def test_what_is_no_failure_is_left_to_the_client(status: int) -> None:
    assert failure(reply(status)) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999999999999999", 604800),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_in_seconds(value: str, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)

    assert retry_after(reply(503, retry_after=value)) == expected


@pytest.mark.parametrize(("ahead", "least", "most"), [(300, 290, 300), (-300, 0, 0), (10**7, 604800, 604800)])
def test_retry_after_as_a_date(ahead: int, least: int, most: int) -> None:
    until = format_datetime(clock.now() + timedelta(seconds=ahead), usegmt=True)

    waited = retry_after(reply(429, retry_after=until))

    assert waited is not None
    assert timedelta(seconds=least) <= waited <= timedelta(seconds=most)
