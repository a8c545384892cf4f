"""GET metrics: for Prometheus."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from api.dependencies import Anyone, address_of, bearer
from api.openapi import documented
from hub.config import Settings
from hub.errors import NotSignedIn

router = APIRouter(tags=["health"])

TEXT = "text/plain"
SAMPLE = """\
# HELP hub_links Links, by state
# TYPE hub_links gauge
hub_links{connector="ical",state="active"} 11.0
"""
BY_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
"""Headers of a request that somebody on this machine only passes on"""


@router.get(
    "/metrics",
    summary="How the hub stands, for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "In Prometheus' text format",
            "content": {TEXT: {"schema": {"type": "string"}, "example": SAMPLE}},
        },
        **documented(401),
    },
)
def metrics(
    request: Request,
    runtime: Anyone,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Response:
    """
    Numbers and names of channels, of no guest. From this machine without more; from elsewhere with
    `Authorization: Bearer` and the token of HUB_METRICS_TOKEN.
    """
    let_in(request, runtime.settings, credentials.credentials if credentials else None)
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    told = encode(request.app.state.requests.registry)
    return Response(told, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


def let_in(request: Request, settings: Settings, sent: str | None) -> None:
    """NotSignedIn for who is not at this machine and has no token. What a proxy brings comes from afar."""
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    if token and sent is not None and hmac.compare_digest(sent.encode(), token.encode()):
        return
    if _at_this_machine(address_of(request)) and not any(name in request.headers for name in BY_A_PROXY):
        return
    raise NotSignedIn.because(
        "metrics_token", "from elsewhere this needs Authorization: Bearer with the token of HUB_METRICS_TOKEN"
    )


def _at_this_machine(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False
