"""Rows of a calendar that is synced event by event, and of the account that it is in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hub import clock
from hub.ids import new_id
from hub.models.base import Base
from hub.models.organizations import Member
from hub.models.sign_ins import ConnectionSignIn
from hub.models.sync import SyncItem, SyncOp, WatchChannel
from tests import factories


def synced(admin: Member, connection_id: UUID, link_id: UUID) -> list[Base]:
    """An event of others and one of ours that was written, a watch, and a sign-in that was begun."""
    here, now = admin.organization_id, clock.now()
    seal = factories.a_vault().seal
    ours = SyncItem(
        organization_id=here,
        id=new_id(),
        link_id=link_id,
        origin="hub",
        local_kind="booking_item",
        local_id=new_id(),
        remote_id=new_id().hex,
        text_sealed=seal({"summary": "Ada", "description": ""}),
        changed_at=now,
    )
    theirs = SyncItem(
        organization_id=here,
        id=new_id(),
        link_id=link_id,
        origin="remote",
        remote_id=new_id().hex,
        remote_state="present",
        remote={},
        remote_sealed=seal({"id": "event", "busy": True, "summary": "Theirs"}),
        changed_at=now,
    )
    op = SyncOp(
        organization_id=here,
        link_id=link_id,
        item_id=ours.id,
        incarnation=0,
        kind="create",
        state="done",
        created_at=now,
        closed_at=now,
    )
    watch = WatchChannel(
        organization_id=here,
        id=new_id(),
        link_id=link_id,
        token_hash=new_id().bytes,
        resource="resource",
        opened_at=now,
        expires_at=now + timedelta(days=7),
    )
    begun = ConnectionSignIn(
        organization_id=here,
        connection_id=connection_id,
        member_id=admin.id,
        state_hash=new_id().bytes,
        browser_hash=new_id().bytes,
        sealed=seal({"verifier": "verifier"}),
        expires_at=now + timedelta(minutes=10),
    )
    return [ours, theirs, op, watch, begun]
