"""A remote that means harm: each path is one way to cost whoever asks it time, memory or attention."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType

Script = Iterator[bytes | float]
"""What is sent; a number is seconds of silence"""

FOR_EVER = 3600.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//hostile//EN\r\n%sEND:VCALENDAR\r\n"


def silent() -> Script:
    yield FOR_EVER


def slow_status() -> Script:
    for byte in itertools.cycle(b"HTTP/1.1 200 OK"):
        yield bytes([byte])
        yield 0.3


def slow_headers() -> Script:
    yield HEAD
    for number in itertools.count():
        yield b"X-Drip-%d: drip\r\n" % number
        yield 0.3


def header_bomb() -> Script:
    yield HEAD
    while True:
        yield b"X: " + b"x" * 65536


def many_headers() -> Script:
    yield HEAD
    while True:
        yield b"a:\r\n" * 10_000


def continues() -> Script:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 1000


def trickle() -> Script:
    yield HEAD + b"Content-Length: 100000\r\n\r\n"
    for byte in itertools.cycle(b"BEGIN:VCALENDAR\r\n"):
        yield bytes([byte])
        yield 0.2


def trickled_chunks() -> Script:
    yield CHUNKED
    while True:
        yield b"1\r\nx\r\n"
        yield 0.2


def endless() -> Script:
    yield CHUNKED
    while True:
        yield _chunk(b"x" * 65536)


def endless_without_length() -> Script:
    yield HEAD + b"Connection: close\r\n\r\n"
    while True:
        yield b"x" * 65536


def large_and_slow() -> Script:
    """Six megabytes at once, and nothing after them."""
    yield HEAD + b"Content-Length: 7000000\r\n\r\n"
    for _ in range(96):
        yield b"x" * 65536
    yield FOR_EVER


def single_bytes() -> Script:
    yield CHUNKED
    while True:
        yield b"1\r\nx\r\n" * 10_000


def long_extensions() -> Script:
    yield CHUNKED
    while True:
        yield b"1;" + b"e" * 50_000 + b"\r\nx\r\n"


def gzip_bomb() -> Script:
    """1 GiB of zeros in 1 MB: one compressed stretch, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    begins = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    stretch = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    yield PACKED + _chunk(begins)
    for _ in range(1024):
        yield _chunk(stretch)
    yield _chunk(packer.flush()) + b"0\r\n\r\n"


def empty_blocks() -> Script:
    """Compressed bytes without end that stand for nothing."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield PACKED + _chunk(packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH))
    while True:
        yield _chunk(b"\x00\x00\x00\xff\xff" * 10_000)


def after_the_end() -> Script:
    """A whole calendar, packed, and then more and more."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield PACKED + _chunk(packer.compress(CALENDAR % b"") + packer.flush())
    while True:
        yield _chunk(b"x" * 65536)


def padding() -> Script:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield PACKED + _chunk(packer.compress(CALENDAR % b"") + packer.flush())
    while True:
        yield _chunk(bytes(65536))


def lies_long() -> Script:
    yield HEAD + b"Content-Length: 1000000000000\r\n\r\n" + CALENDAR % b""
    yield FOR_EVER


def lies_short() -> Script:
    yield HEAD + b"Content-Length: 10\r\n\r\n" + CALENDAR % b""


def lies_twice() -> Script:
    yield HEAD + b"Content-Length: 10\r\nContent-Length: 100\r\n\r\n" + CALENDAR % b""


def lies_below_zero() -> Script:
    yield HEAD + b"Content-Length: -1\r\n\r\n" + CALENDAR % b""


def never_ends() -> Script:
    """Everything but the last chunk."""
    yield CHUNKED + _chunk(CALENDAR % b"")
    yield FOR_EVER


def redirect_with_a_body() -> Script:
    yield b"HTTP/1.1 302 Found\r\nLocation: /endless\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield _chunk(b"x" * 65536)


def failure_with_a_body() -> Script:
    yield b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield _chunk(b"x" * 65536)


def no_http() -> Script:
    while True:
        yield b"\xff\x00" * 32768


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _slow_redirect(number: int) -> Callable[[], Script]:
    def script() -> Script:
        yield 6.0
        yield b"HTTP/1.1 302 Found\r\nLocation: /slow_redirects_%d\r\n\r\n" % (number + 1)

    return script


SCRIPTS: Mapping[str, Callable[[], Script]] = {
    script.__name__: script
    for script in (
        *(silent, slow_status, slow_headers, header_bomb, many_headers, continues, trickle),
        *(trickled_chunks, endless, endless_without_length, large_and_slow, single_bytes, long_extensions),
        *(
            gzip_bomb,
            empty_blocks,
            after_the_end,
            padding,
            lies_long,
            lies_short,
            lies_twice,
            lies_below_zero,
        ),
        *(never_ends, redirect_with_a_body, failure_with_a_body, no_http),
    )
} | {f"slow_redirects_{number}": _slow_redirect(number) for number in range(6)}


class HostileServer:
    """
    `with HostileServer() as remote: network.get(remote.url("trickle"))`.

    `address` is any of loopback, or "0.0.0.0" for all of them; `bodies` are answers that are harmless until
    somebody reads them, or altogether.
    """

    def __init__(self, address: str = "127.0.0.1", bodies: Mapping[str, bytes] | None = None) -> None:
        self.address = address
        self._bodies = dict(bodies or {})
        self.asked: Counter[str] = Counter()
        self._closing = threading.Event()
        self._listener = socket.create_server((address, 0), backlog=256)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> HostileServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def url(self, script: str, address: str | None = None) -> str:
        """`address` is another one of loopback, where the server listens on all of them."""
        return f"http://{address or self.address}:{self._listener.getsockname()[1]}/{script}"

    def _accept(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._listener.accept()
                threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _script(self, name: str) -> Script:
        if name in self._bodies:
            return iter((HEAD + b"Content-Length: %d\r\n\r\n" % len(self._bodies[name]), self._bodies[name]))
        return SCRIPTS[name]()

    def _play(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(60)
            name = connection.recv(65536).split(b" ")[1].decode("latin-1").strip("/")
            self.asked[name] += 1
            for step in self._script(name):
                if self._closing.is_set() or (isinstance(step, float) and self._closing.wait(step)):
                    return
                if isinstance(step, bytes):
                    connection.sendall(step)
