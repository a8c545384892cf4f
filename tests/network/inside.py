"""
Runs in a network and mount namespace of its own: names that change their mind, and a client that must not.

Prints one JSON object: per scenario what came of it and which of our addresses were reached.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from connectors.addresses import is_public
from connectors.errors import ConnectorError
from connectors.transport import Network
from tests.network.name_server import NameServer

PUBLIC = "93.184.216.34"
INSIDE = "10.0.0.1"
RESOLVER = "127.0.0.1"
CLOSED = 81
"""Nobody listens there on the public address, somebody inside does"""

BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def first_public(number: int) -> list[str]:
    return [PUBLIC] if number == 1 else [INSIDE]


NAMES: dict[str, Callable[[int], list[str] | None]] = {
    "steady.example": lambda _: [PUBLIC],
    "rebinding.example": first_public,
    "naive.example": first_public,
    "redirected.example": first_public,
    "retried.example": first_public,
    "half.example": lambda _: [PUBLIC, INSIDE],
    "alias.example": lambda _: ["inside.example", INSIDE],
    "loopback.example": lambda _: ["127.0.0.1"],
    "silent.example": lambda _: None,
}


def main() -> None:
    prepare()
    names = NameServer(RESOLVER, NAMES)
    with servers() as reached:

        def scenario(ask: Callable[[], Any]) -> dict[str, Any]:
            reached.clear()
            names.asked.clear()
            begun = time.monotonic()
            return {
                "said": ask(),
                "reached": list(reached),
                "asked": names.asked.total(),
                "seconds": time.monotonic() - begun,
            }

        results = {
            "steady": scenario(lambda: get("http://steady.example/")),
            "rebinding": scenario(lambda: [get("http://rebinding.example/") for _ in range(3)]),
            "naive": scenario(lambda: naive("naive.example")),
            "redirected": scenario(lambda: get("http://redirected.example/again")),
            "retried": scenario(lambda: get(f"http://retried.example:{CLOSED}/")),
            "half": scenario(lambda: get("http://half.example/")),
            "alias": scenario(lambda: get("http://alias.example/")),
            "loopback": scenario(lambda: get("http://loopback.example/")),
            "silent": scenario(hanging),
        }
    json.dump(results, sys.stdout)


def prepare() -> None:
    """Addresses of our own, and this name server for everything in this namespace."""
    for command in (
        ("link", "set", "lo", "up"),
        ("address", "add", f"{PUBLIC}/32", "dev", "lo"),
        ("address", "add", f"{INSIDE}/32", "dev", "lo"),
    ):
        subprocess.run(["ip", *command], check=True)
    folder = Path(tempfile.mkdtemp())
    for place, content in (
        ("/etc/resolv.conf", f"nameserver {RESOLVER}\noptions timeout:1 attempts:1\n"),
        ("/etc/nsswitch.conf", "hosts: files dns\n"),
    ):
        own = folder / Path(place).name
        own.write_text(content, encoding="ascii")
        subprocess.run(["mount", "--bind", str(own), str(Path(place).resolve())], check=True)


@contextlib.contextmanager
def servers() -> Iterator[list[str]]:
    """The addresses of ours at which somebody asked, in order."""
    reached: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reached.append(str(self.connection.getsockname()[0]))
            if self.path == "/again":
                self.send_response(302)
                self.send_header("Location", "/")
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    listening = [
        ThreadingHTTPServer(("0.0.0.0", 80), Handler),
        ThreadingHTTPServer((INSIDE, CLOSED), Handler),
    ]
    for one in listening:
        threading.Thread(target=one.serve_forever, daemon=True).start()
    yield reached
    for one in listening:
        one.shutdown()


def get(url: str) -> str:
    try:
        return str(Network(deadline=timedelta(seconds=5)).get(url).status)
    except ConnectorError as error:
        return error.code


def naive(host: str) -> str:
    """The control: looks, finds it good, and lets the library look again."""
    found = {entry[4][0] for entry in socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)}
    if not all(is_public(ipaddress.ip_address(str(one))) for one in found):
        return "address_refused"
    connection = http.client.HTTPConnection(host, 80, timeout=5)
    connection.request("GET", "/")
    return str(connection.getresponse().status)


def hanging() -> list[str | int]:
    """Questions to a name server that says nothing; threads that are left when they have ended."""
    network = Network(deadline=timedelta(seconds=0.2))
    said = set()
    for _ in range(8):
        with contextlib.suppress(ConnectorError):
            network.get("http://silent.example/")
        said.add(sum(thread.name == "look-up" for thread in threading.enumerate()))
    return [max(said)]


if __name__ == "__main__":
    main()
