"""
Encrypts credentials and personal data at rest, and makes the blind indexes by which they are found.

Three kinds of keys, each sealed by the one above: the hub's, from the settings; an organization's, numbered
(`hub.keyring`); a person's own. A sealed value says in its first byte whose key opens it:

* b"g"     the hub's: a Fernet token as it stands
* b"\\x01"  an organization's: its number in two bytes, then the token
* b"\\x02"  the person's own: then the token
"""

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

OF_ORGANIZATION = b"\x01"
OF_PERSON = b"\x02"


class Vault:
    """Seals JSON values, or bytes, with the first key and opens them with any of the keys."""

    def __init__(self, keys: tuple[str, ...], signing_key: bytes) -> None:
        try:
            fernets = [Fernet(key) for key in keys]
            self._fernet = MultiFernet(fernets)
        except ValueError as error:
            raise Misconfigured(f"HUB_ENCRYPTION_KEYS: {error}") from error
        self._first = fernets[0]
        self._index_key = HKDF(SHA256(), 32, salt=None, info=b"hub blind index").derive(signing_key)
        self.token_key = HKDF(SHA256(), 32, salt=None, info=b"hub access token").derive(signing_key)

    def seal(self, value: Any) -> bytes:
        """Encrypt any JSON value."""
        return self.seal_bytes(written(value))

    def open(self, sealed: bytes) -> Any:
        """Decrypt what `seal` made; Misconfigured where no key fits."""
        return json.loads(self.open_bytes(sealed))

    def seal_bytes(self, content: bytes) -> bytes:
        """Encrypt them as they are: nothing but the token makes them longer, by a third."""
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` made, and the JSON of what `seal` made; or Misconfigured."""
        try:
            return self._fernet.decrypt(bytes(sealed))
        except InvalidToken:
            raise Misconfigured(
                "HUB_ENCRYPTION_KEYS: no key opens a stored value; was a key removed too early?"
            ) from None

    def by_first(self, sealed: bytes) -> bool:
        """Whether the first key alone would open it, so that the others can go."""
        try:
            self._first.decrypt(bytes(sealed))
        except InvalidToken:
            return False
        return True

    def blind_index(self, kind: str, value: str, organization_id: UUID | None = None) -> bytes:
        """A keyed hash that finds equal values without revealing them; differs from tenant to tenant."""
        scope = organization_id.hex if organization_id else ""
        return hmac.digest(self._index_key, f"{kind}\0{scope}\0{value}".encode(), hashlib.sha256)


def new_key() -> str:
    """A data key, or a person's."""
    return Fernet.generate_key().decode()


def seal_for(person_key: str, value: Any) -> bytes:
    """Encrypt what a person is to take along when they are forgotten."""
    return OF_PERSON + Fernet(person_key).encrypt(written(value))


def open_for(person_key: str, sealed: bytes) -> Any:
    """What `seal_for` made with this key; Misconfigured where it is another person's."""
    try:
        return json.loads(Fernet(person_key).decrypt(bytes(sealed[1:])))
    except InvalidToken:
        raise Misconfigured("a person's key does not open what is stored of them") from None


def of_person(sealed: bytes) -> bool:
    """Whether a person's own key opens it, and nothing else does."""
    return sealed[:1] == OF_PERSON


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def token_hash(token: str) -> bytes:
    """How bearer secrets of high entropy (feed and refresh tokens) are looked up."""
    return hashlib.sha256(token.encode()).digest()
