"""Every route of the HTTP door: one table."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes import (
    accounts,
    adoptions,
    api_keys,
    audit,
    auth,
    availability,
    blackouts,
    booking_steps,
    bookings,
    by_hand,
    conflicts,
    connections,
    connectors,
    google,
    health,
    ignored_events,
    invitations,
    link_steps,
    links,
    mailed,
    members,
    my,
    privacy,
    properties,
    runs,
    seen,
    unit_types,
    units,
    webhooks,
)

ROOT = ""
API = "/api/v1"

ROUTERS: tuple[tuple[str, APIRouter], ...] = (
    (API, availability.router),
    (API, bookings.router),
    (API, booking_steps.router),
    (API, by_hand.router),
    (API, blackouts.router),
    (API, conflicts.router),
    (API, links.router),
    (API, link_steps.router),
    (API, ignored_events.router),
    (API, adoptions.router),
    (API, runs.router),
    (API, seen.router),
    (API, connections.router),
    (API, accounts.router),
    (API, connectors.router),
    (API, audit.router),
    (API, units.router),
    (API, unit_types.router),
    (API, properties.router),
    (API, auth.router),
    (API, members.router),
    (API, privacy.router),
    (API, invitations.router),
    (API, mailed.router),
    (API, my.router),
    (API, google.router),
    (API, api_keys.router),
    (ROOT, webhooks.router),
    (ROOT, health.router),
)
"""Under which prefix each subject's router is found; those asked most come first."""
