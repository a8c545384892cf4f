"""Google's sign-in on loopback: it checks what Google checks, and lies only as it is told."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from hub import clock
from tests.fakes.google_account import CLIENT_ID as CLIENT_ID
from tests.fakes.google_account import CLIENT_SECRET as CLIENT_SECRET
from tests.fakes.google_account import basic, challenge
from tests.fakes.loopback import Handler, Loopback

KEY = RSAKey.generate_key(2048, {"kid": "google-1", "use": "sig"})
FORGED = RSAKey.generate_key(2048, {"kid": "google-1", "use": "sig"})


class _Handler(Handler["FakeGoogle"]):
    def do_GET(self) -> None:
        self._answer(200, {"keys": [KEY.as_dict(private=False)]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(*self.owner._exchange(form, self.headers.get("authorization", "")))

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        sent = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


class FakeGoogle(Loopback):
    """`with FakeGoogle() as google: code = google.approve(url, sub="1", email="ada@example.com")`."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self._codes: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self.key: RSAKey | OctKey = KEY
        """With which it signs"""
        self.algorithm = "RS256"
        self.asked = 0
        """Exchanges of codes"""

    def approve(self, url: str, **claims: Any) -> str:
        """What a person does who is sent to `url` and says yes: the code that comes back."""
        assert url.startswith(f"{self.root}/o/oauth2/v2/auth?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert {"openid", "email"} <= set(asked["scope"].split())
        code, now = secrets.token_urlsafe(16), int(clock.now().timestamp())
        said = {
            "iss": "https://accounts.google.com",
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "iat": now,
            "exp": now + 3600,
            "nonce": asked["nonce"],
            "email_verified": True,
        }
        with self._lock:
            self._codes[code] = {"asked": asked, "claims": said | claims}
        return code

    def _exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.asked += 1
            known = self._codes.pop(form.get("code", ""), None)
        if known is None:
            return 400, {"error": "invalid_grant"}
        if authorization != basic():
            return 401, {"error": "invalid_client"}
        asked = known["asked"]
        proof = challenge(form.get("code_verifier", ""))
        if proof != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        claims = {name: value for name, value in known["claims"].items() if value is not None}
        token = jwt.encode({"alg": self.algorithm, "kid": "google-1"}, claims, self.key)
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}
