"""
Files that are sealed as a stream, whatever their size: AES-256-GCM in chunks, under a key of their own.

A chunk cannot be taken away, repeated or put elsewhere: its number and whether it is the last are part of its
nonce. The layout: MAGIC, 16 bytes of salt, then for each chunk its length in four bytes and its ciphertext.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import Misconfigured

MAGIC = b"HUBSEAL1"
SALT = 16
CHUNK = 1024 * 1024
TAG = 16


def seal(pieces: Iterable[bytes], secret: str, into: BinaryIO) -> None:
    """Write what the pieces hold together; `secret` has the entropy of a key."""
    salt = os.urandom(SALT)
    cipher = _cipher(secret, salt)
    into.write(MAGIC + salt)
    number, held = 0, b""
    for piece in pieces:
        held += piece
        while len(held) > CHUNK:  # one is always kept back, for it may be the last
            _write(into, cipher, salt, number, held[:CHUNK], last=False)
            number, held = number + 1, held[CHUNK:]
    _write(into, cipher, salt, number, held, last=True)


def open_(file: BinaryIO, secrets: Sequence[str]) -> Iterator[bytes]:
    """The pieces again; Misconfigured where no secret opens them, or something is missing or changed."""
    if file.read(len(MAGIC)) != MAGIC:
        raise Misconfigured("this is no file that a hub has sealed")
    salt = file.read(SALT)
    ciphers = [_cipher(secret, salt) for secret in secrets]
    number, sealed = 0, _read(file)
    while True:
        following = _read(file)
        last = not following
        piece = None
        for cipher in ciphers:
            try:
                piece = cipher.decrypt(_nonce(number, last=last), sealed, salt)
            except InvalidTag:
                continue
            ciphers = [cipher]
            break
        if piece is None:
            said = "no key opens this file" if number == 0 else "this file was cut short or changed"
            raise Misconfigured(f"{said}; it needs the HUB_BACKUP_KEY or hub key of its time")
        yield piece
        if last:
            return
        number, sealed = number + 1, following


def _cipher(secret: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=salt, info=b"hub backup").derive(secret.encode()))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _write(into: BinaryIO, cipher: AESGCM, salt: bytes, number: int, plain: bytes, *, last: bool) -> None:
    sealed = cipher.encrypt(_nonce(number, last=last), plain, salt)
    into.write(len(sealed).to_bytes(4, "big") + sealed)


def _read(file: BinaryIO) -> bytes:
    """The next chunk's ciphertext; nothing at the end."""
    length = file.read(4)
    if not length:
        return b""
    size = int.from_bytes(length, "big")
    sealed = file.read(size) if TAG <= size <= CHUNK + TAG else b""
    if len(length) < 4 or len(sealed) != size:
        raise Misconfigured("this file was cut short or changed")
    return sealed
