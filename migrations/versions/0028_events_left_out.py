"""An event of a feed may be left out by a person."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STANDINGS = "'external', 'echo', 'draining', 'muted'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _allow(f"standing IN ({STANDINGS}, 'ignored')")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What was left out counts with the next reading, which must be a whole one, and of what it does not know:
    # an event that is known as it is told, and has no unit, is not given any.
    op.execute(
        "UPDATE links SET cursor = NULL, next_pull_at = now() WHERE id IN"
        " (SELECT link_id FROM external_events WHERE standing = 'ignored' AND ends_at > now())"
    )
    op.execute("DELETE FROM external_events WHERE standing = 'ignored' AND ends_at > now()")
    op.execute("UPDATE external_events SET standing = 'external', echo = '[]' WHERE standing = 'ignored'")
    _allow(f"standing IN ({STANDINGS})")


def _allow(rule: str) -> None:
    name = op.f("ck_external_events_standing")
    op.drop_constraint(name, "external_events", type_="check")
    op.create_check_constraint(name, "external_events", rule)
