"""GET livez, readyz."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from api import health, problems
from api.dependencies import Anyone
from api.openapi import documented, example

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str


@router.get("/livez", summary="Is this process alive?", responses=example(200, {"status": "alive"}))
async def livez() -> Health:
    """Asks nobody else: a database that is away is no reason to restart the web process."""
    return Health(status="alive")


@router.get(
    "/readyz",
    summary="Can this process serve?",
    responses={**example(200, {"status": "ready"}), **documented(503)},
    response_model=Health,
)
def readyz(request: Request, runtime: Anyone) -> Health | Response:
    """The database answers with the schema that this version needs, and Redis answers."""
    if failures := health.failures(runtime):
        return problems.unavailable(failures, problems.request_id_of(request))
    return Health(status="ready")
