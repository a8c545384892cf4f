"""The answers to who asks for a feed: encodings, validators, headers (RFC 9110). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache

from starlette.types import Message

from sync.feeds import Served

Headers = tuple[tuple[bytes, bytes], ...]

NOTHING: Message = {"type": "http.response.body", "body": b""}

ALWAYS: Headers = (
    (b"cache-control", b"private, no-cache, max-age=0, must-revalidate"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
    (b"x-content-type-options", b"nosniff"),
)
CALENDAR: Headers = (
    (b"content-type", b"text/calendar; charset=utf-8"),
    (b"content-disposition", b'inline; filename="calendar.ics"'),
)

_ENTITY_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_GZIP = re.compile(rb"(?:x-)?gzip|\*")
_NEVER = re.compile(rb"q=0(?:\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Variant:
    """One encoding of a feed: its etag, its body, and the messages of a 200 and of a 304, made once."""

    etag: bytes
    body: bytes
    full: Message
    content: Message
    not_modified: Message


@dataclass(frozen=True, slots=True)
class Reply:
    """All that can be answered with one revision of a feed; nobody changes what all share."""

    plain: Variant
    packed: Variant | None
    last_modified: bytes
    by_tag: Mapping[bytes | None, Variant]
    """What most clients send as If-None-Match: one tag, as they got it, or weak"""

    def variant(self, accept_encoding: bytes | None) -> Variant:
        if self.packed is not None and accept_encoding is not None and takes_gzip(accept_encoding):
            return self.packed
        return self.plain

    def known(
        self, if_none_match: bytes | None, if_modified_since: bytes | None, accept_encoding: bytes | None
    ) -> Variant | None:
        """
        The variant that the client has already; tags are compared weakly, as RFC 9110, section 13.1.2, says.

        A tag of either encoding will do: the calendar is the same. Of dates only the very one that we gave: a
        client's own, by its own clock, may lie about what it has seen.
        """
        if if_none_match is None:
            return self.variant(accept_encoding) if if_modified_since == self.last_modified else None
        if if_none_match == b"*":
            return self.variant(accept_encoding)
        found = self.by_tag.get(if_none_match)
        if found is None:
            tags = _ENTITY_TAG.findall(if_none_match)
            found = next((self.by_tag[tag] for tag in tags if tag in self.by_tag), None)
        return found


def reply(served: Served) -> Reply:
    etag = served.etag.encode()
    last_modified = format_datetime(served.modified_at, usegmt=True).encode()
    plain, packed = _variant(etag, served.body, last_modified), None
    by_tag: dict[bytes | None, Variant] = {etag: plain, b"W/" + etag: plain}
    if served.gzip_body is not None:
        etag = etag[:-1] + b'-gzip"'
        packed = _variant(etag, served.gzip_body, last_modified, ((b"content-encoding", b"gzip"),))
        by_tag |= {etag: packed, b"W/" + etag: packed}
    return Reply(plain, packed, last_modified, by_tag)


def _variant(etag: bytes, body: bytes, last_modified: bytes, encoding: Headers = ()) -> Variant:
    not_modified: Headers = (
        (b"etag", etag),
        (b"last-modified", last_modified),
        (b"vary", b"Accept-Encoding"),
        *ALWAYS,
    )
    length = (b"content-length", b"%d" % len(body))
    return Variant(
        etag,
        body,
        full=_start(200, (length, *CALENDAR, *encoding, *not_modified)),
        content={"type": "http.response.body", "body": body},
        not_modified=_start(304, not_modified),
    )


def _start(status: int, headers: Headers) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


@lru_cache(maxsize=1024)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether the header allows gzip by name or by `*`, and not with a weight of 0; the name counts first."""
    allowed: dict[bytes, bool] = {}
    for part in accept_encoding.lower().split(b","):
        coding, *parameters = (piece.strip() for piece in part.split(b";"))
        if _GZIP.fullmatch(coding):
            allowed[coding] = not any(_NEVER.fullmatch(value.replace(b" ", b"")) for value in parameters)
    return allowed.get(b"gzip", allowed.get(b"x-gzip", allowed.get(b"*", False)))
