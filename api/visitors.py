"""Who asks without having signed in: nobody yet, but from somewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.dependencies import address_of
from hub.database import Actor


async def visitor(request: Request) -> Actor:
    return Actor("system", request_id=request.state.request_id, address=address_of(request))


Visitor = Annotated[Actor, Depends(visitor)]
"""For the change log, and for counting tries"""
