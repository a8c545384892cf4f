"""GET auth/google, auth/google/callback."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from hmac import compare_digest
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Cookie, Query
from starlette.responses import RedirectResponse, Response

from api.dependencies import Anyone
from api.openapi import documented, example
from api.routes.auth import TOKENS, told
from api.schemas.auth import TokensOut
from api.visitors import Visitor
from connectors.errors import Rejected
from connectors.google_sign_in import Beginning, GoogleSignIn
from hub import clock
from hub.errors import Misconfigured, NotFound, NotSignedIn
from hub.services import identities
from sync.runtime import Runtime

router = APIRouter(prefix="/auth/google", tags=["sign-in"])

COOKIE = "hub_google"
PATH = "/api/v1/auth/google"
GOOD_FOR = timedelta(minutes=10)


@router.get(
    "",
    status_code=302,
    response_model=None,
    response_class=RedirectResponse,
    summary="Sign in with Google",
    responses={302: {"description": "To Google"}, **documented(404)},
)
def begin(
    runtime: Anyone,
    organization_id: Annotated[
        UUID | None, Query(description="Where to sign in; else where you first joined")
    ] = None,
) -> Response:
    """To be opened in a browser. What must come back as it went out is sealed in a short-lived cookie."""
    url, beginning = _google(runtime).begin()
    kept = {
        **asdict(beginning),
        "organization_id": str(organization_id) if organization_id else None,
        "until": (clock.now() + GOOD_FOR).timestamp(),
    }
    answer = RedirectResponse(url, 302)
    answer.set_cookie(
        COOKIE,
        runtime.database.vault.seal(kept).decode(),
        max_age=int(GOOD_FOR.total_seconds()),
        path=PATH,
        secure=runtime.settings.base_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(
    "/callback",
    summary="Come back from Google",
    responses={**example(200, TOKENS, "Signed in"), **documented(401, 404, 502)},
)
def callback(
    runtime: Anyone,
    visitor: Visitor,
    response: Response,
    code: Annotated[str, Query(max_length=2000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    kept: Annotated[str | None, Cookie(alias=COOKIE, max_length=4000, include_in_schema=False)] = None,
) -> TokensOut:
    """Only members come in: an unknown address, or one that Google has not verified, stays outside."""
    google = _google(runtime)
    said = _opened(runtime, kept)
    if said is None or not code or not compare_digest(state.encode(), said["state"].encode()):
        raise NotSignedIn.because("google_refused", "this sign-in was not begun here, or took too long")
    beginning = Beginning(said["state"], said["nonce"], said["verifier"])
    try:
        identity = google.finish(code, beginning)
    except Rejected as error:
        raise NotSignedIn.because(error.code, error.message) from error
    wanted = UUID(said["organization_id"]) if said["organization_id"] else None
    signed_in = identities.enter(
        runtime.database, "google", identity.subject, identity.email, wanted, visitor
    )
    response.delete_cookie(COOKIE, path=PATH)
    return told(runtime, signed_in)


def _google(runtime: Runtime) -> GoogleSignIn:
    settings = runtime.settings
    if not settings.google_client_id or not settings.google_client_secret:
        raise NotFound.because("not_offered", "this hub does not offer to sign in with Google")
    return GoogleSignIn(
        settings.google_client_id,
        settings.google_client_secret.get_secret_value(),
        f"{settings.base_url}{PATH}/callback",
        settings.google_api_root,
    )


def _opened(runtime: Runtime, kept: str | None) -> dict[str, Any] | None:
    """What `begin` sealed, while it is good."""
    try:
        said: dict[str, Any] = runtime.database.vault.open((kept or "").encode())
    except Misconfigured:
        return None
    return said if said["until"] > clock.now().timestamp() else None
