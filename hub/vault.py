"""Encrypts credentials and personal data at rest, and makes the blind indexes by which they are found."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import Misconfigured


class Vault:
    """Seals JSON values with the first key and opens them with any of the keys."""

    def __init__(self, keys: tuple[str, ...], signing_key: bytes) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise Misconfigured(f"HUB_ENCRYPTION_KEYS: {error}") from error
        self._index_key = HKDF(SHA256(), 32, salt=None, info=b"hub blind index").derive(signing_key)
        self.token_key = HKDF(SHA256(), 32, salt=None, info=b"hub access token").derive(signing_key)

    def seal(self, value: Any) -> bytes:
        """Encrypt any JSON value."""
        return self._fernet.encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        """Decrypt what `seal` made; Misconfigured where no key fits."""
        try:
            return json.loads(self._fernet.decrypt(bytes(sealed)))
        except InvalidToken:
            raise Misconfigured(
                "HUB_ENCRYPTION_KEYS: no key opens a stored value; was a key removed too early?"
            ) from None

    def blind_index(self, kind: str, value: str, organization_id: UUID | None = None) -> bytes:
        """A keyed hash that finds equal values without revealing them; differs from tenant to tenant."""
        scope = organization_id.hex if organization_id else ""
        return hmac.digest(self._index_key, f"{kind}\0{scope}\0{value}".encode(), hashlib.sha256)


def token_hash(token: str) -> bytes:
    """How bearer secrets of high entropy (feed and refresh tokens) are looked up."""
    return hashlib.sha256(token.encode()).digest()
