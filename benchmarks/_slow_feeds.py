"""
A channel of many feeds that answers each after a while: 200, or 304 to whoever knows the ETag.

It listens at every address of this machine (127.0.0.1, 127.0.0.2 ...), each a host of its own, and
tells at /most how many requests it had at once from each at the most.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

EVENTS = 50
LATENCY = 0.05
HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"


def calendar(number: int, first: date) -> bytes:
    """Fifty stays of two nights, one after the other with a night between, as Airbnb writes them."""
    lines = ["BEGIN:VCALENDAR", "PRODID:-//Airbnb Inc//Hosting Calendar 0.8.8//EN", "VERSION:2.0"]
    for n in range(EVENTS):
        starts = first + timedelta(days=3 * n)
        lines += [
            "BEGIN:VEVENT",
            f"DTEND;VALUE=DATE:{starts + timedelta(days=2):%Y%m%d}",
            f"DTSTART;VALUE=DATE:{starts:%Y%m%d}",
            f"UID:1418fb94e984-{number:08d}{n:024d}@airbnb.com",
            "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de",
            f" tails/HM{number:05d}{n:03d}\\nPhone Number (Last 4 Digits): {n:04d}",
            "SUMMARY:Reserved",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


@contextlib.contextmanager
def serving() -> Iterator[int]:
    """Its port; it runs in a process of its own."""
    command = [sys.executable, "-m", "benchmarks._slow_feeds"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        if path == "/most":
            said = json.dumps(_most).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + said)
            await writer.drain()
            writer.close()
            return
        known = b'if-none-match: "1"' in head.lower()
        host = writer.get_extra_info("sockname")[0]
        _at_once[host] += 1
        _most[host] = max(_most[host], _at_once[host])
        await asyncio.sleep(LATENCY)
        _at_once[host] -= 1
        body = b"" if known else calendar(int(path.strip("/").removesuffix(".ics")), _FIRST)
        status = b"304 Not Modified" if known else b"200 OK"
        writer.write(
            b'HTTP/1.1 %s\r\nETag: "1"\r\nContent-Type: text/calendar\r\n' % status
            + (b"" if known else b"Content-Length: %d\r\n" % len(body))
            + b"Connection: close\r\n\r\n"
            + body
        )
        await writer.drain()
        writer.close()


async def _main() -> None:
    server = await asyncio.start_server(_answer, EVERYWHERE, 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


_FIRST = date(2026, 1, 1)
_at_once: Counter[str] = Counter()
_most: Counter[str] = Counter()

if __name__ == "__main__":
    from hub import clock

    _FIRST = clock.today("UTC") + timedelta(days=1)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main())
