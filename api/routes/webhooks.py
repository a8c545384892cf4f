"""POST webhooks/{slug}: channels tell that something changed in a calendar."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.dependencies import Anyone
from api.openapi import documented
from hub.errors import NotFound
from sync import notices

router = APIRouter(prefix="/webhooks", tags=["channels"])


@router.post(
    "/{slug}",
    status_code=204,
    summary="Take a channel's notice",
    responses={204: {"description": "Heard; the calendar is listed within seconds"}, **documented(404, 429)},
)
def take(runtime: Anyone, request: Request, slug: str) -> None:
    """
    For channels alone, which send the token that they were given. All that counts is in the headers; a body
    is not read. Whatever is not a notice of a watch that is open is answered with the same 404.
    """
    if not notices.take(runtime, slug, request.headers):
        raise NotFound.because("not_found", "there is no such watch")
