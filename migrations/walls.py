"""The walls between tenants: every table of an organization's rows gets one when it is made."""

from __future__ import annotations

from alembic import op

SCOPE = "NULLIF(current_setting('hub.organization', true), '')::uuid"


def application_role() -> None:
    """The role as which the hub works; who migrates may take it on, so that one login can serve both."""
    op.execute("""
        DO $$ BEGIN
            CREATE ROLE hub_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
    """)
    op.execute("""
        DO $$ BEGIN
            IF NOT pg_has_role(current_user, 'hub_app', 'SET') THEN
                EXECUTE format('GRANT hub_app TO %I', current_user);
            END IF;
        EXCEPTION WHEN invalid_parameter_value OR insufficient_privilege THEN NULL;
        END $$
    """)
    op.execute("GRANT USAGE ON SCHEMA public TO hub_app")
    op.execute("GRANT SELECT ON alembic_version TO hub_app")


def wall(
    table: str, *, column: str = "organization_id", grants: str = "SELECT, INSERT, UPDATE, DELETE"
) -> None:
    """Row-level security: the application's role sees and writes rows of the unit of work's organization."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} TO hub_app"
        f" USING ({column} = {SCOPE}) WITH CHECK ({column} = {SCOPE})"
    )
    op.execute(f"GRANT {grants} ON {table} TO hub_app")


def lookup(signature: str, returns: str, body: str, *, volatile: bool = False) -> None:
    """A named look-up that comes before an organization is known; runs with the owner's eyes."""
    kind = "VOLATILE" if volatile else "STABLE"
    op.execute(
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE sql {kind} SECURITY DEFINER"
        f" SET search_path = pg_catalog, public, pg_temp AS $body$ {body} $body$"
    )
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO hub_app")
