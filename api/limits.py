"""
How often one may ask: counted in Redis for all processes together, by the minute.

Without Redis each process counts for itself, with the same numbers: nobody is let in unlimited, and nobody is
shut out. It is tried again after a few seconds, and logged once a minute.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import redis
from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio import ConnectionPool

from hub import clock
from hub.config import Settings
from hub.embedded import redis_url
from hub.errors import HubError, Misconfigured

log = logging.getLogger(__name__)

WINDOW = 60
"""Seconds, from one full minute to the next"""
REDIS_SECONDS = 0.5
"""For which a request waits for Redis"""
AWAY = 5
"""Seconds until Redis is asked again when it did not answer"""
LOGGED = 60


class TooOften(HubError):
    """Ask again when the minute is over."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A limit by its name; `most` says how many requests a minute are let in, 0 for any number."""

    name: str
    most: Callable[[Settings], int]


AUTH_ADDRESS = Policy("auth", lambda settings: settings.rate_auth_address)
AUTH_ACCOUNT = Policy("account", lambda settings: settings.rate_auth_account)
PUBLIC = Policy("public", lambda settings: settings.rate_public)
UNKNOWN_KEY = Policy("unknown-key", lambda settings: settings.rate_public)
WEBHOOK = Policy("webhook", lambda settings: settings.rate_webhook)
CALLER = Policy("caller", lambda settings: settings.rate_caller)


@dataclass(frozen=True, slots=True)
class Count:
    """How one stands within the minute."""

    policy: str
    most: int
    left: int
    seconds: int
    """Until the next minute begins"""

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """draft-ietf-httpapi-ratelimit-headers, sections 3 and 4"""
        return (
            (b"ratelimit-policy", f'"{self.policy}";q={self.most};w={WINDOW}'.encode()),
            (b"ratelimit", f'"{self.policy}";r={max(self.left, 0)};t={self.seconds}'.encode()),
        )


class Limiter:
    """Of one process, for one event loop; `close` at the end of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = MemoryStorage()
        self._shared: RedisStorage | None = None
        self._pool: ConnectionPool | None = None
        self._ask_again_at = 0.0
        self._log_again_at = 0.0
        self._secret = hashlib.sha256(b"rate limits" + settings.signing_key()).digest()

    async def count(self, policy: Policy, who: str) -> Count | None:
        """Count one request of `who`; TooOften where it is one too many, None where there is no limit."""
        most = policy.most(self._settings)
        if most == 0:
            return None
        now = clock.now().timestamp()
        minute, second = divmod(int(now), WINDOW)
        made = await self._add(f"{policy.name}:{minute}:{self._hidden(who)}", now)
        count = Count(policy.name, most, most - made, WINDOW - second)
        if count.left < 0:
            raise TooOften.because(
                "too_often",
                f"{most} requests a minute are let in; ask again in {count.seconds} s",
                seconds=count.seconds,
                policy=policy.name,
            )
        return count

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    def _hidden(self, who: str) -> str:
        """Redis holds nobody's address, neither of their network nor of their mail."""
        return hmac.digest(self._secret, who.encode("utf-8", "surrogatepass"), "sha256")[:15].hex()

    async def _add(self, key: str, now: float) -> int:
        if now >= self._ask_again_at or now < self._ask_again_at - AWAY:
            try:
                return await self._redis().incr(key, 2 * WINDOW)
            except (redis.RedisError, OSError, ValueError, Misconfigured) as error:
                self._ask_again_at = now + AWAY
                self._tell(error, now)
        return await self._own.incr(key, 2 * WINDOW)

    def _redis(self) -> RedisStorage:
        if self._shared is None:
            url = self._settings.redis_url or redis_url(self._settings.data_dir)
            self._pool = ConnectionPool.from_url(
                url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
            )
            self._shared = RedisStorage(
                "redis://",  # the pool knows better
                implementation="redispy",
                key_prefix=f"hub-{self._secret[:6].hex()}:rates",
                connection_pool=self._pool,  # type: ignore[arg-type]
            )
        return self._shared

    def _tell(self, error: Exception, now: float) -> None:
        if not self._log_again_at - LOGGED <= now < self._log_again_at:
            self._log_again_at = now + LOGGED
            log.warning("Redis does not count requests (%s): each process does", type(error).__name__)


def network_of(address: str | None) -> str:
    """Whom to count an address to: itself, or of IPv6 its network of 64 bits, which one household has."""
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or "nowhere"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else parsed.exploded[:19]
    return str(parsed)
