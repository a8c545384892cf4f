"""Bodies as they come off the wire, unpacked in small steps: what they could grow to is never made."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping

from connectors.dialling import TooMuch
from connectors.errors import Unavailable

MOST_PIECES = 50_000
"""Chunks of one body; who sends it in single bytes wants our time, not our attention"""
STEP = 64 * 1024
"""Bytes that are inflated at a time"""

_PADDING = b"\0\r\n\t "


def unpacked(pieces: Iterable[bytes], headers: Mapping[str, str], host: str) -> Iterator[bytes]:
    """The body piece by piece, decompressed; raises Unavailable, TooMuch or zlib.error."""
    encoding = headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise Unavailable(f"{host} answered in an unknown encoding", code="unknown_encoding")
    counted = _counted(pieces)
    return counted if encoding == "identity" else _inflated(counted, host)


def _counted(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        if number >= MOST_PIECES:
            raise TooMuch
        yield piece


def _inflated(pieces: Iterable[bytes], host: str) -> Iterator[bytes]:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    begun = False
    for piece in pieces:
        begun = begun or bool(piece)
        after = piece
        if not inflate.eof:
            yield inflate.decompress(piece, STEP)
            while inflate.unconsumed_tail:
                yield inflate.decompress(inflate.unconsumed_tail, STEP)
            after = inflate.unused_data
        # What follows is not shown to zlib, which would keep it all. Some servers fill up with zeros.
        if after.strip(_PADDING):
            raise Unavailable(f"{host} answered more than it had packed", code="interrupted")
    while begun and not inflate.eof:  # the last step may have left something behind
        step = inflate.decompress(b"", STEP)
        if not step:
            raise Unavailable(f"{host} broke off its answer", code="interrupted")
        yield step
