"""Ways in for people and machines, limits to properties, keys of persons, consents, mails."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.walls import SCOPE, wall

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_EMPTY = sa.text("'{}'::jsonb")

OWNED = (
    "invitations",
    "registrations",
    "password_resets",
    "api_keys",
    "organization_keys",
    "guest_keys",
    "consents",
    "mails",
    "erasures",
)
NOBODYS = ("sign_in_attempts", "identities")
"""No organization's: look-up functions alone read and write them"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("accounts", sa.Column("preferences", pg.JSONB(), nullable=False, server_default=_EMPTY))
    op.alter_column("accounts", "preferences", server_default=None)
    op.add_column("changes", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("changes", sa.Column("for_id", sa.Uuid(), nullable=True))
    _of_the_hub()
    _ways_in()
    _machines()
    _member_properties()
    _keys()
    _people()
    for table in OWNED:
        wall(table)
    for table in NOBODYS:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY nobody ON {table} TO hub_app USING (false) WITH CHECK (false)")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO hub_app")
    op.execute("ALTER TABLE account_keys ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY colleagues ON account_keys TO hub_app USING (EXISTS ("
        "SELECT FROM members m WHERE m.account_id = account_keys.account_id"
        f" AND m.organization_id = {SCOPE})) WITH CHECK ({SCOPE} IS NOT NULL)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON account_keys TO hub_app")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (*reversed(OWNED), "guest_words", "member_properties", "account_keys", *NOBODYS):
        op.drop_table(table)
    for column in ("for_id", "address"):
        op.drop_column("changes", column)
    op.drop_column("accounts", "preferences")


def _owned(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("organization_id", "id", name=f"pk_{table}"),
    )


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id"], ["organizations.id"], name=f"fk_{table}_organization_id"
    )


def _reference(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{to}.organization_id", f"{to}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete=ondelete,
    )


def _account(table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_account_id"
    return sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=name, ondelete=ondelete)


def _needed(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _maybe(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _of_the_hub() -> None:
    op.create_table(
        "sign_in_attempts",
        _needed("key", sa.LargeBinary()),
        _needed("failures", sa.Integer()),
        _needed("last_at", _INSTANT),
        _maybe("locked_until", _INSTANT),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in_attempts"),
    )
    op.create_index("ix_sign_in_attempts_last_at", "sign_in_attempts", ["last_at"])
    op.create_table(
        "identities",
        _needed("id", sa.Uuid()),
        _needed("account_id", sa.Uuid()),
        _needed("provider", sa.Text()),
        _needed("subject_index", sa.LargeBinary()),
        _needed("created_at", _INSTANT),
        _account("identities", "CASCADE"),
        sa.CheckConstraint("provider IN ('google')", name=op.f("ck_identities_provider")),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("subject_index", name="uq_identities_subject_index"),
    )
    op.create_index("ix_identities_account_id", "identities", ["account_id"])


def _ways_in() -> None:
    _owned(
        "invitations",
        _needed("sealed", sa.LargeBinary()),
        _needed("email_index", sa.LargeBinary()),
        _needed("role", sa.Text()),
        _needed("property_ids", pg.JSONB()),
        _needed("token_hash", sa.LargeBinary()),
        _needed("invited_by", sa.Uuid()),
        _needed("created_at", _INSTANT),
        _needed("expires_at", _INSTANT),
        _maybe("accepted_at", _INSTANT),
        _maybe("revoked_at", _INSTANT),
        _reference("invitations", "invited_by", "members"),
        sa.CheckConstraint(
            "role IN ('guest', 'staff', 'manager', 'admin', 'super_admin')", name=op.f("ck_invitations_role")
        ),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
    )
    op.create_index(
        "ix_invitations_organization_id_email_index", "invitations", ["organization_id", "email_index"]
    )
    _owned(
        "registrations",
        _needed("sealed", sa.LargeBinary()),
        _needed("password_hash", sa.Text()),
        _needed("token_hash", sa.LargeBinary()),
        _needed("created_at", _INSTANT),
        _needed("expires_at", _INSTANT),
        _maybe("used_at", _INSTANT),
        _of_organization("registrations"),
        sa.UniqueConstraint("token_hash", name="uq_registrations_token_hash"),
    )
    _owned(
        "password_resets",
        _needed("account_id", sa.Uuid()),
        _needed("token_hash", sa.LargeBinary()),
        _needed("created_at", _INSTANT),
        _needed("expires_at", _INSTANT),
        _maybe("used_at", _INSTANT),
        _of_organization("password_resets"),
        _account("password_resets", "CASCADE"),
        sa.UniqueConstraint("token_hash", name="uq_password_resets_token_hash"),
    )
    op.create_index("ix_password_resets_account_id", "password_resets", ["account_id"])


def _machines() -> None:
    _owned(
        "api_keys",
        _needed("name", sa.Text()),
        _needed("prefix", sa.Text()),
        _needed("key_hash", sa.LargeBinary()),
        _needed("scopes", pg.JSONB()),
        _needed("created_by", sa.Uuid()),
        _needed("created_at", _INSTANT),
        _maybe("expires_at", _INSTANT),
        _maybe("last_used_at", _INSTANT),
        _maybe("revoked_at", _INSTANT),
        _reference("api_keys", "created_by", "members"),
        sa.CheckConstraint("jsonb_array_length(scopes) > 0", name=op.f("ck_api_keys_scopes")),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )


def _member_properties() -> None:
    op.create_table(
        "member_properties",
        _needed("organization_id", sa.Uuid()),
        _needed("member_id", sa.Uuid()),
        _needed("property_id", sa.Uuid()),
        _reference("member_properties", "member_id", "members", "CASCADE"),
        _reference("member_properties", "property_id", "properties"),
        sa.PrimaryKeyConstraint("organization_id", "member_id", "property_id", name="pk_member_properties"),
    )
    op.create_index(
        "ix_member_properties_organization_id_property_id",
        "member_properties",
        ["organization_id", "property_id"],
    )
    wall("member_properties")


def _keys() -> None:
    _owned(
        "organization_keys",
        _needed("number", sa.Integer()),
        _needed("sealed", sa.LargeBinary()),
        _needed("created_at", _INSTANT),
        _of_organization("organization_keys"),
        sa.UniqueConstraint("organization_id", "number", name="uq_organization_keys_organization_id_number"),
    )
    _owned(
        "guest_keys", _needed("sealed", sa.LargeBinary()), _reference("guest_keys", "id", "guests", "CASCADE")
    )
    op.create_table(
        "account_keys",
        _needed("account_id", sa.Uuid()),
        _needed("sealed", sa.LargeBinary()),
        _account("account_keys", "CASCADE"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_keys"),
    )


def _people() -> None:
    op.create_table(
        "guest_words",
        _needed("organization_id", sa.Uuid()),
        _needed("guest_id", sa.Uuid()),
        _needed("word", sa.LargeBinary()),
        _reference("guest_words", "guest_id", "guests", "CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "guest_id", "word", name="pk_guest_words"),
    )
    op.create_index("ix_guest_words_word", "guest_words", ["organization_id", "word"])
    wall("guest_words")
    _owned(
        "consents",
        _maybe("guest_id", sa.Uuid()),
        _maybe("account_id", sa.Uuid()),
        _needed("purpose", sa.Text()),
        _needed("text_version", sa.Text()),
        _needed("given_at", _INSTANT),
        _maybe("withdrawn_at", _INSTANT),
        _reference("consents", "guest_id", "guests"),
        _account("consents"),
        sa.CheckConstraint("num_nonnulls(guest_id, account_id) = 1", name=op.f("ck_consents_one_person")),
    )
    op.create_index("ix_consents_organization_id_guest_id", "consents", ["organization_id", "guest_id"])
    op.create_index("ix_consents_account_id", "consents", ["account_id"])
    _owned(
        "mails",
        _needed("kind", sa.Text()),
        _needed("sealed", sa.LargeBinary()),
        _maybe("account_id", sa.Uuid()),
        _maybe("guest_id", sa.Uuid()),
        _needed("created_at", _INSTANT),
        _maybe("sent_at", _INSTANT),
        _of_organization("mails"),
        _account("mails"),
    )
    op.create_index("ix_mails_newest", "mails", ["organization_id", "created_at", "id"])
    _owned(
        "erasures",
        _maybe("guest_id", sa.Uuid()),
        _maybe("account_id", sa.Uuid()),
        _needed("at", _INSTANT),
        _of_organization("erasures"),
    )
