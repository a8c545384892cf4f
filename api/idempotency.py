"""
Idempotency-Key: a create that is sent again is answered again, and happens once.

The key, a hash of the request and the answer are written in the transaction of the effect. The key comes
first: a parallel request with the same key waits there until the first has committed, then repeats its
answer. What is refused rolls back with its key, so that a corrected request may use it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.callers import Caller
from hub.database import StaleRead, vault_of
from hub.errors import Conflict, Refused
from hub.queries import idempotency as query
from hub.queries import locks

REPLAYED = "Idempotent-Replayed"
KEPT = ("location", "etag")
"""Headers of an answer that are answered again"""

PRINTABLE_ASCII = r"^[\x20-\x7e]+$"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a create is answered with, now and whenever it is sent again."""

    content: BaseModel
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Once:
    """The key of a request and, in one canonical text, what it asks; without a key each is its own."""

    key: str | None
    asked: str

    def create(self, caller: Caller, work: Callable[[Session], Answer]) -> Response:
        """Run `work` in one transaction of the caller's, unless this key has been answered before."""
        return caller.transact(lambda session: self.within(session, caller, work))

    @contextmanager
    def alone(self, caller: Caller) -> Iterator[None]:
        """
        For what has an effect elsewhere before it can be answered: Conflict while the same key is at it.
        Whoever gets in asks `create` again, for the key may have been answered a moment ago.
        """
        if self.key is None:
            yield
            return
        name = f"idempotency {caller.organization_id} {caller.id} {self.key}"
        with locks.alone(caller.runtime.database, name) as ours:
            if not ours:
                why = "a request with this key is being answered: send it again in a moment"
                raise Conflict.because("in_progress", why, "Idempotency-Key")
            yield

    def answered(self, session: Session, caller: Caller) -> bool:
        """Whether `create` would only repeat what was answered before, or is about to be."""
        return self.key is not None and query.answered(session, caller.id, self.key) is not None

    def within(self, session: Session, caller: Caller, work: Callable[[Session], Answer]) -> Response:
        """`create` in a transaction of the caller's that has begun, and has locked nothing yet."""
        if self.key is None:
            return _response(work(session))
        # Keyed, because what is asked may hold a password.
        request_hash = vault_of(session).blind_index("request", self.asked, caller.organization_id)
        if not query.claim(session, caller.id, self.key, request_hash):
            return _replay(session, caller, self.key, request_hash)
        response = _response(work(session))
        _keep(session, caller, self.key, response)
        return response


async def once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            pattern=PRINTABLE_ASCII,
            description="Any text of your own. The same request with the same key happens once, and is"
            f" answered again with `{REPLAYED}: true`.",
            examples=["2f1c6b1e-order-1042"],
        ),
    ] = None,
) -> Once:
    if idempotency_key is None:
        return Once(None, "")
    return Once(idempotency_key, _asked(request, await request.body()))


Idempotent = Annotated[Once, Depends(once)]


def _asked(request: Request, body: bytes) -> str:
    """Equal for requests that ask the same, however their JSON is laid out."""
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True) if body else ""
    except (ValueError, RecursionError):  # only where the route reads no body, and so refuses none
        canonical = body.decode("latin-1")
    return f"{request.method} {request.url.path}?{request.url.query}\n{canonical}"


def _replay(session: Session, caller: Caller, key: str, request_hash: bytes) -> Response:
    row = query.answered(session, caller.id, key)
    if row is None:
        raise StaleRead  # the first one's key was swept away in between
    if row.request_hash != request_hash:
        raise Refused.because(
            "idempotency_key_reused", "this key was used for another request", "Idempotency-Key"
        )
    content = vault_of(session).open(row.body).encode()
    return _json(content, row.status, {**row.headers, REPLAYED: "true"})


def _keep(session: Session, caller: Caller, key: str, response: Response) -> None:
    """The answer may name a guest: it is sealed like everything that does."""
    sealed = vault_of(session).seal(bytes(response.body).decode())
    headers = {name: value for name, value in response.headers.items() if name in KEPT}
    query.keep(session, caller.id, key, response.status_code, sealed, headers)


def _response(answer: Answer) -> Response:
    return _json(answer.content.model_dump_json().encode(), answer.status, answer.headers)


def _json(content: bytes, status: int, headers: dict[str, Any]) -> Response:
    return Response(content, status, headers, media_type="application/json")
