from __future__ import annotations
import json, socket, threading, time, tracemalloc, resource, logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
import pytest
from connectors.errors import ConnectorError, Unavailable, NeedsReconnect
from connectors.google_calendar import client
from connectors.google_calendar.connector import GoogleCalendarConnector
from connectors.google_calendar.tokens import Tokens
from connectors.google_calendar.transport import HttpxHttp
from connectors.applications import Application
from connectors.transport import Network
from tests.connectors.google_calendar.scripted import *
from tests.connectors.google_calendar.scripted import settings

@pytest.fixture
def google() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server

@pytest.fixture(autouse=True)
def _no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TOKENS", Tokens())

def test_drip_head() -> None:
    """header drip: does the deadline of 1 s hold?"""
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    def serve() -> None:
        conn, _ = server.accept()
        conn.recv(65536)
        try:
            conn.sendall(b"HTTP/1.1 200 OK\r\nx-a: ")
            end = time.monotonic() + 6
            while time.monotonic() < end and not stop.is_set():
                conn.sendall(b"a"); time.sleep(0.2)
        except OSError:
            pass
        conn.close()
    thread = threading.Thread(target=serve); thread.start()
    began = time.monotonic()
    try:
        with pytest.raises((TimeoutError, ConnectionError)):
            HttpxHttp(1.0).request(f"http://127.0.0.1:{server.getsockname()[1]}/")
    finally:
        took = time.monotonic() - began
        stop.set(); thread.join(); server.close()
    print("DRIP took", took)
    assert took < 2.5

def test_silent_token_endpoint_many_threads(google: Scripted) -> None:
    def slow(asked: Asked) -> Answer:
        time.sleep(1.5); return Answer(503)
    google.token = slow
    network = Network(["127.0.0.1"], deadline=timedelta(seconds=1), applications={"google_calendar": Application(root=google.root if hasattr(google,'root') else '', client_id="id", client_secret="secret")})
    took = []
    def go(_: int) -> None:
        began = time.monotonic()
        with pytest.raises(ConnectorError):
            GoogleCalendarConnector().changes(settings(), None, None, network)
        took.append(time.monotonic() - began)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(go, range(6)))
    print("TOOK", sorted(took))
    assert max(took) < 2.5

def big(n: int, text: str) -> Answer:
    item = {"kind": "calendar#event", "etag": '"1"', "status": "confirmed", "start": {"date": "2027-01-01"}, "end": {"date": "2027-01-02"}, "summary": "S", "description": text, "updated": "2026-01-01T00:00:00Z"}
    items = [{**item, "id": f"e{i}"} for i in range(n)]
    return Answer(200, json.dumps({"items": items, "nextSyncToken": "s", "timeZone": "UTC"}, ensure_ascii=False).encode())

def test_wide(google: Scripted) -> None:
    google.answers = [big(2500, "\u4e2d" * 8192)]
    page = GoogleCalendarConnector().changes(settings(), None, None, google.network())
    print(len(page.events))

def test_memory(google: Scripted) -> None:
    google.answers = [big(2500, "x" * 8192)]
    GoogleCalendarConnector().check
    import googleapiclient.discovery  # noqa
    with pytest.raises(ConnectorError):
        GoogleCalendarConnector().changes(settings(calendar_id="x"), None, "p", Network([], applications={}))if False else (_ for _ in ()).throw(Unavailable("x"))
    tracemalloc.start()
    page = GoogleCalendarConnector().changes(settings(), None, None, google.network())
    print("MEM peak MB", tracemalloc.get_traced_memory()[1] / 1e6, "kept", tracemalloc.get_traced_memory()[0] / 1e6, len(page.events))
    tracemalloc.stop()

def test_log(google: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    google.answers = [Answer(200, {"items": [], "nextSyncToken": "s"})]
    GoogleCalendarConnector().changes(settings(calendar_id="owner@example.com"), None, None, google.network())
    print(caplog.text)

@pytest.mark.parametrize("status,error", [(400, "internal_failure"), (403, "rate_limit_exceeded"), (400, "temporarily_unavailable"), (401,"server_error")])
def test_token_errors(google: Scripted, status: int, error: str) -> None:
    google.token = lambda _: Answer(status, {"error": error})
    with pytest.raises(ConnectorError) as info:
        GoogleCalendarConnector().changes(settings(), None, None, google.network())
    print("TOKENERR", status, error, type(info.value).__name__, info.value.code)

def test_surrogate(google: Scripted) -> None:
    google.answers = [Answer(200, b'{"items":[{"id":"e1","etag":"1","status":"confirmed","summary":"\\ud83d x\\u0000","start":{"date":"2027-01-01"},"end":{"date":"2027-01-02"}}],"nextSyncToken":"s"}')]
    page = GoogleCalendarConnector().changes(settings(), None, None, google.network())
    event = page.events[0]
    from sync.planning import content
    import inspect
    print(repr(event.summary), [n for n in dir(content) if not n.startswith('_')])
