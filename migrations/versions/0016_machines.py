"""Look-ups of machines' keys, and the walls between the properties of one organization."""

from __future__ import annotations

from alembic import op

from migrations.walls import lookup

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

USE = "use_api_key(bytea, timestamptz)"

# Both are asked once per statement, not once per row: they stand in queries of their own.
_UNLIMITED = "(SELECT NULLIF(current_setting('hub.properties', true), '') IS NULL)"
_THEIRS = "((SELECT NULLIF(current_setting('hub.properties', true), ''))::uuid[])"

OF_PROPERTIES = {
    "properties": "id",
    "unit_types": "property_id",
    "units": "property_id",
    "bookings": "property_id",
    "blackouts": "property_id",
    "links": "property_id",
}
OF_LINKS = ("sync_runs", "conflicts", "external_events")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # $1 its hash, $2 now. Last use is written once a minute at most, whoever asks at the same moment.
    lookup(
        USE,
        "TABLE (organization_id uuid, id uuid, scopes jsonb, expires_at timestamptz)",
        "UPDATE api_keys SET last_used_at = $2 WHERE key_hash = $1 AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $2)"
        " AND (last_used_at IS NULL OR last_used_at < $2 - interval '1 minute');"
        " SELECT organization_id, id, scopes, expires_at FROM api_keys"
        " WHERE key_hash = $1 AND revoked_at IS NULL",
        volatile=True,
    )
    for table, column in OF_PROPERTIES.items():
        _limit(table, f"{column} = ANY {_THEIRS}")
    for table in OF_LINKS:
        # Row-level security of links decides within.
        _limit(table, f"link_id IN (SELECT l.id FROM links l WHERE l.property_id = ANY {_THEIRS})")  # noqa: S608


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (*OF_LINKS, *OF_PROPERTIES):
        op.execute(f"DROP POLICY properties ON {table}")
    op.execute(f"DROP FUNCTION {USE}")


def _limit(table: str, within: str) -> None:
    """Beside the wall between organizations: who is limited to properties meets no row of another."""
    op.execute(
        f"CREATE POLICY properties ON {table} AS RESTRICTIVE TO hub_app"
        f" USING ({_UNLIMITED} OR {within}) WITH CHECK ({_UNLIMITED} OR {within})"
    )
