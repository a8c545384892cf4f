"""The tables. Importing this package registers all of them."""

from hub.models import bookings, external, hosts, links, organizations, properties, records
from hub.models.base import Base

__all__ = ["Base", "bookings", "external", "hosts", "links", "organizations", "properties", "records"]
