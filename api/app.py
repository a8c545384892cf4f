"""The HTTP door: `uvicorn api.app:create --factory`."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import cache
from importlib.metadata import version

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import Receive, Scope, Send

from api import openapi, problems, rights
from api.checker import Checker
from api.feed_cache import Shelf
from api.feeds import FeedsApp
from api.frame import Frame
from api.limits import Limiter
from api.lookout import lookout
from api.metrics import Requests, Scrape
from api.parameters import Parameters
from api.remembered import Keys, Memberships
from api.routes import API, ROUTERS
from api.streaming import Streams
from api.waiting import MOST, Waiting
from hub.config import Settings
from sync.runtime import Runtime

FEEDS = "/feeds/"

WAITING_THREADS = MOST
"""More threads than connections to the database, for what waits for something else; a request that finds
no thread waits for one, where it cannot time out as it would waiting for a connection."""

DESCRIPTION = """
Inventory, bookings and channels of an organization. Sign in with `POST auth/login`, then send
`Authorization: Bearer <access token>`. Machines send an API key the same way, or as `X-API-Key`.

Nights are dates, half-open: a guest may arrive on the day another departs. Instants are RFC 3339 with an
offset. Errors are RFC 9457 problem details that name the field at fault. A parameter or a field that an
operation does not know is refused, and so is a parameter given twice where one is taken. Lists are pages:
ask again with `?cursor=<next_cursor>`. A create with an `Idempotency-Key` may be sent again without
happening twice.
"""


class Door(FeedsApp):
    """Calendar feeds are answered at once; everything else is FastAPI's."""

    http: FastAPI

    async def unusual(self, scope: Scope, receive: Receive, send: Send) -> Shelf | None:
        if scope["type"] == "http" and scope["path"].startswith(FEEDS):
            return await super().unusual(scope, receive, send)
        await self.http(scope, receive, send)
        return None


def create(settings: Settings | None = None, runtime: Runtime | None = None) -> Door:
    """The application. It opens its own runtime when it starts, unless it is handed one that stays open."""
    door = Door(lambda: door.http.state.runtime)
    door.http = _http(settings, runtime, door)
    return door


def _http(settings: Settings | None, runtime: Runtime | None, feeds: FeedsApp) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = runtime or Runtime.open(settings or Settings())
        app.state.runtime = opened
        app.state.limiter = Limiter(opened.settings)
        app.state.checker = Checker(lambda: opened, opened.settings.check_waiting)
        threads = anyio.to_thread.current_default_thread_limiter()
        threads.total_tokens = opened.settings.database_pool + WAITING_THREADS
        try:
            async with feeds.running():
                # Whoever hands its runtime down runs the rest of the process as well.
                with _alone(opened) if runtime is None else nullcontext():
                    yield
        finally:
            await app.state.limiter.close()
            if runtime is None:
                opened.close()

    app: FastAPI = FastAPIOffline(
        title="Channel Hub",
        version=version("channel-hub"),
        description=DESCRIPTION,
        openapi_url=f"{API}/openapi.json",
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/static",
        # The page's own default asks a validator on the internet about our description.
        swagger_ui_parameters={"validatorUrl": None},
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.memberships = Memberships()
    app.state.keys = Keys()
    app.state.parameters = Parameters()
    app.state.rights = rights.by_endpoint(ROUTERS)
    app.state.waiting = Waiting()
    app.state.streams = Streams()
    app.state.requests = Requests()
    app.state.requests.registry.register(Scrape(lambda: app.state.runtime))
    app.add_middleware(Frame)
    problems.install(app)
    openapi.install(app)
    app.router.routes.extend(_prepared().routes)
    return app


@cache
def _prepared() -> APIRouter:
    """All operations. FastAPI works out what each needs when it is first asked: once for all doors."""
    every = APIRouter()
    for prefix, router in ROUTERS:
        every.include_router(router, prefix=prefix)
    return every


@contextmanager
def _alone(runtime: Runtime) -> Iterator[None]:
    """In a process that has nothing but this door."""
    # What is loaded by now stays. Without it a full collection, which an answer of thousands of rows
    # brings about, looks at a few rows instead of at every module: a third of the time.
    gc.collect()
    gc.freeze()
    try:
        with lookout(runtime):
            yield
    finally:
        gc.unfreeze()
