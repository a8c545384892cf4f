"""Signing in: how much it costs beside the hash of the password, and whether it tells who has an account.

The peer is the hash alone, in this process, with the same costs. Known and unknown accounts are tried in
turn with a wrong password, so that a busy moment of the machine meets both; their medians must be alike, or
the time that a refusal takes tells which addresses have an account.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from statistics import median

import httpx

from benchmarks._hub import BenchHub, hub
from benchmarks._report import Row, show
from hub.embedded import Valkey
from hub.services import organizations, passwords
from hub.services.accounts import Person
from hub.services.organizations import NewMember

TRIES = 200
"""Of each of the two"""
SIGN_INS = 60
APART = 0.10
"""By how much of the known account's median the other may differ"""
PASSWORD = "a password for benchmarks"
UNLIMITED = ("HUB_RATE_AUTH_ADDRESS", "HUB_RATE_AUTH_ACCOUNT", "HUB_RATE_PUBLIC", "HUB_RATE_CALLER")
"""All that is asked here comes within a minute"""


def main() -> None:
    os.environ.update(dict.fromkeys(UNLIMITED, "0"))
    os.environ["HUB_TRUSTED_PROXIES"] = "127.0.0.1"
    addresses = (f"10.{number // 250}.{number % 250}.1" for number in count())
    with (
        hub() as bench,
        Valkey(bench.data_dir),
        bench.web() as (base, _),
        httpx.Client(base_url=base, timeout=30) as client,
    ):
        emails = [an_account(bench, f"known-{number}@example.com") for number in range(TRIES)]
        kept = passwords.hashed(PASSWORD)

        def attempt(email: str, password: str, status: int) -> None:
            sent = {"email": email, "password": password}
            elsewhere = {"X-Forwarded-For": next(addresses)}  # whose tries fail is soon held back
            answer = client.post("/api/v1/auth/login", json=sent, headers=elsewhere)
            assert answer.status_code == status, answer.text

        for number in range(10):
            attempt(emails[number], PASSWORD, 200)
        login: list[float] = []
        bare: list[float] = []
        for email in emails[:SIGN_INS]:
            login.append(timed(partial(attempt, email, PASSWORD, 200)))
            bare.append(timed(partial(passwords.proves, PASSWORD, kept)))
        known: list[float] = []
        unknown: list[float] = []
        for number, email in enumerate(emails):
            pair = ((known, email), (unknown, f"unknown-{number}@example.com"))
            for times, tried in pair if number % 2 else reversed(pair):
                times.append(timed(partial(attempt, tried, "not the password", 401)))

    ours, peer = median(login), median(bare)
    apart = abs(median(known) - median(unknown)) / median(known)
    show(
        f"{TRIES} wrong passwords each at a known and an unknown account, in turn; medians",
        [
            Row("signing in, over HTTP", ms(ours), f"the hash alone {ms(peer)}", f"{ours / peer:.2f} x"),
            Row("the rest of it", ms(ours - peer), "", ""),
            Row(
                "known beside unknown",
                ms(median(known)),
                ms(median(unknown)),
                f"{apart:.1%} apart",
                f"<= {APART:.0%}",
                apart <= APART,
            ),
        ],
    )


def an_account(bench: BenchHub, email: str) -> str:
    """Each is tried once with a wrong password: a second time soon after it would be held back."""
    admin = NewMember(Person(email, "Bench"), "admin", PASSWORD)
    organizations.create(bench.runtime.database, "Bench", admin)
    return email


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    main()
