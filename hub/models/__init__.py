"""The tables. Importing this package registers all of them."""

from hub.models import (
    access,
    alerts,
    bookings,
    checks,
    external,
    hosts,
    keys,
    links,
    organizations,
    payloads,
    privacy,
    properties,
    records,
    sign_ins,
    sync,
)
from hub.models.base import Base

__all__ = [
    "Base",
    "access",
    "alerts",
    "bookings",
    "checks",
    "external",
    "hosts",
    "keys",
    "links",
    "organizations",
    "payloads",
    "privacy",
    "properties",
    "records",
    "sign_ins",
    "sync",
]
