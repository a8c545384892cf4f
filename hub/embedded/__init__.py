"""A private PostgreSQL and Valkey for one machine, from installed wheels, without privileges or a network."""

from hub.embedded.generated import ensure_generated
from hub.embedded.postgres import Postgres, database_url
from hub.embedded.valkey import Valkey, broker_url, redis_url

__all__ = ["Postgres", "Valkey", "broker_url", "database_url", "ensure_generated", "redis_url"]
