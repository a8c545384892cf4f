"""A door that nobody goes through, and its description: one for all tests that only read that."""

from __future__ import annotations

from api.app import create
from api.openapi import operations

DOOR = create()
SCHEMA = DOOR.http.openapi()
OPERATIONS = dict(operations(SCHEMA))
