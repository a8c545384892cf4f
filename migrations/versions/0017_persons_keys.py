"""What is sealed by keys of its own: data keys are retired, and whose guest was forgotten is asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.walls import lookup

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("organization_keys", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_erasures_organization_id_at", "erasures", ["organization_id", "at"])
    op.create_index("ix_mails_organization_id_guest_id", "mails", ["organization_id", "guest_id"])
    op.create_index("ix_mails_account_id", "mails", ["account_id"])
    lookup(
        "organizations_of_account(uuid)",
        "TABLE (organization_id uuid)",
        "SELECT m.organization_id FROM members m WHERE m.account_id = $1 ORDER BY m.created_at, m.id",
    )
    lookup(
        "identities_of_account(uuid)",
        "TABLE (provider text)",
        "SELECT provider FROM identities WHERE account_id = $1 ORDER BY created_at, id",
    )
    lookup("count_erasures()", "bigint", "SELECT count(*) FROM erasures")
    # $1 whose, $2 an index that no address has, $3 now
    lookup(
        "forget_account(uuid, bytea, timestamptz)",
        "void",
        "DELETE FROM identities WHERE account_id = $1;"
        " DELETE FROM account_keys WHERE account_id = $1;"
        " DELETE FROM password_resets WHERE account_id = $1;"
        " UPDATE refresh_tokens t SET revoked_at = $3 FROM members m WHERE m.account_id = $1"
        " AND t.organization_id = m.organization_id AND t.member_id = m.id AND t.revoked_at IS NULL;"
        " UPDATE members SET deactivated_at = $3 WHERE account_id = $1 AND deactivated_at IS NULL;"
        " UPDATE accounts SET sealed = '', email_index = $2, password_hash = '', preferences = '{}',"
        " disabled_at = COALESCE(disabled_at, $3) WHERE id = $1",
        volatile=True,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP FUNCTION forget_account(uuid, bytea, timestamptz)")
    op.execute("DROP FUNCTION count_erasures()")
    op.execute("DROP FUNCTION identities_of_account(uuid)")
    op.execute("DROP FUNCTION organizations_of_account(uuid)")
    op.drop_index("ix_mails_account_id", "mails")
    op.drop_index("ix_mails_organization_id_guest_id", "mails")
    op.drop_index("ix_erasures_organization_id_at", "erasures")
    op.drop_column("organization_keys", "retired_at")
