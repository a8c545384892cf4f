"""The tables. Importing this package registers all of them."""

from hub.models import (
    access,
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
