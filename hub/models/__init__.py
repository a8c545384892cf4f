"""The tables. Importing this package registers all of them."""

from hub.models import (
    access,
    bookings,
    external,
    hosts,
    keys,
    links,
    organizations,
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
    "external",
    "hosts",
    "keys",
    "links",
    "organizations",
    "privacy",
    "properties",
    "records",
    "sign_ins",
    "sync",
]
