"""
How long it is remembered that events are gone: conditions on rows; `:before` is long enough ago.

A write's revision is what an event of ours is recognised by, and a tombstone is what keeps one that appears
late from being taken for another's. So both outlast whatever may arrive late, and nothing goes that stands
for what is still here.
"""

from __future__ import annotations

from hub.domain.lifecycle import EXPORTED

_EXPORTED = ", ".join(f"'{status}'" for status in sorted(EXPORTED))

OPS = """
    state IN ('done', 'settled') AND closed_at < :before AND EXISTS (
        SELECT FROM sync_items i
        WHERE i.organization_id = sync_ops.organization_id AND i.id = sync_ops.item_id
          AND i.tombstoned_at < :before AND NOT i.touched AND i.remote_state <> 'present')
"""
"""Writes of events that have long been gone"""

_OURS = f"""
    NOT EXISTS (
        SELECT FROM booking_items b
        JOIN bookings o ON o.organization_id = b.organization_id AND o.id = b.booking_id
        WHERE b.id = sync_items.local_id AND b.ends_at >= :before AND o.status IN ({_EXPORTED}))
    AND NOT EXISTS (SELECT FROM blackouts k WHERE k.id = sync_items.local_id AND k.ends_at >= :before)
"""  # noqa: S608 -- of the lifecycle

_THEIRS = """
    NOT EXISTS (SELECT FROM external_events e WHERE e.item_id = sync_items.id)
    AND NOT EXISTS (
        SELECT FROM sync_items f
        WHERE f.link_id = sync_items.link_id AND f.series = sync_items.series
          AND (f.remote_state = 'present' OR f.touched
               OR f.tombstoned_at IS NULL OR f.tombstoned_at >= :before))
"""
"""An occurrence that was cancelled would take place again if it went before its series"""

TOMBSTONES = f"""
    tombstoned_at < :before AND remote_state <> 'present' AND NOT touched AND NOT review
    AND NOT EXISTS (
        SELECT FROM sync_ops p WHERE p.item_id = sync_items.id AND p.state IN ('ready', 'inflight'))
    AND CASE WHEN origin = 'hub' THEN {_OURS} ELSE {_THEIRS} END
"""
"""Items whose events have long been gone, there and here"""
