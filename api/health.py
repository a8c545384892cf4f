"""What an orchestrator asks: is this process alive, and can it serve?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import redis
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hub.embedded import redis_url
from hub.errors import Misconfigured, Reason
from hub.queries import schema
from sync.runtime import Runtime

REDIS_SECONDS = 2.0


def database(runtime: Runtime) -> Reason | None:
    """
    Why the database cannot be worked with, if so: unreachable, or without something that the models need.

    A newer schema is none of it: while a new version rolls out, the old one goes on serving.
    """
    try:
        with runtime.database.unit_of_work(None) as session:
            missing = schema.missing(session)
    except (SQLAlchemyError, PoolTimeout):
        return Reason("database_unreachable", "the database does not answer", "database")
    if missing:
        message = f"the schema lacks {missing[0]}; run `hub migrate`"
        return Reason("schema_behind", message, "database", {"missing": len(missing)})
    return None


def cache(runtime: Runtime) -> Reason | None:
    """Why Redis cannot be worked with, if so."""
    settings = runtime.settings
    try:
        url = settings.redis_url or redis_url(settings.data_dir)
        with redis.Redis.from_url(
            url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        ) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError, Misconfigured):
        return Reason("redis_unreachable", "Redis does not answer", "redis")
    return None


CHECKS: Mapping[str, Callable[[Runtime], Reason | None]] = {"database": database, "redis": cache}


def failures(runtime: Runtime) -> list[Reason]:
    """What keeps this process from serving; empty when it is ready."""
    return [reason for check in CHECKS.values() if (reason := check(runtime)) is not None]
