"""The walls between organizations, tried from inside with the application's own role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Table,
    create_engine,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from hub.database import APPLICATION_ROLE, Database, constraint, sqlstate
from hub.ids import new_id
from hub.models import Base
from tests import servers
from tests.filled import a_full_organization

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
OWNED = [table for table in TABLES if "organization_id" in table.c]
NOBODYS = {"remote_hosts", "sign_in_attempts", "identities", "alert_deliveries", "heartbeats"}
OF_ACCOUNTS = {"accounts": "id", "account_keys": "account_id"}
BOOKKEEPING = {"alembic_version"}
"""Of migrations; the application's role may read it, to say whether the schema is of its version"""

INSUFFICIENT_PRIVILEGE = "42501"
FOREIGN_KEY_VIOLATION = "23503"

by_name = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
by_name_owned = pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)


@pytest.fixture(scope="module")
def ours(hub: Database) -> UUID:
    """An organization with a row in every table."""
    return a_full_organization(hub).organization_id


@pytest.fixture(scope="module")
def theirs(hub: Database) -> UUID:
    """Another one."""
    return a_full_organization(hub).organization_id


@pytest.fixture
def owner(database: servers.Database) -> Iterator[Session]:
    """What the tables really hold, past the walls."""
    engine = create_engine(database.owner_url, poolclass=NullPool)
    with Session(engine) as session:
        yield session
    engine.dispose()


def walls(owner: Session) -> dict[str, bool]:
    """Every table of ours, and whether row-level security is on and has a policy."""
    rows = owner.execute(
        text(
            "SELECT c.relname, c.relrowsecurity,"
            " EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive) AS policy"
            " FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        )
    )
    return {row.relname: row.relrowsecurity and row.policy for row in rows if row.relname not in BOOKKEEPING}


def tenant(table: Table) -> Column[Any] | None:
    """The column that says whose a row is; accounts have none, a membership says it; hosts are nobody's."""
    return table.c.get("organization_id", table.c.id if table.name == "organizations" else None)


def count(session: Session, table: Table) -> int:
    return len(session.execute(select(*table.primary_key.columns)).all())


@by_name
def test_a_query_that_forgets_its_scope_returns_nothing(
    hub: Database, ours: UUID, owner: Session, table: Table
) -> None:
    assert count(owner, table) > 0, f"{table.name} is empty: seeing nothing would prove nothing"
    with hub.unit_of_work(None) as session:
        assert count(session, table) == 0


@by_name
def test_an_organization_sees_its_own_rows_and_none_of_another(
    hub: Database, ours: UUID, theirs: UUID, owner: Session, table: Table
) -> None:
    column = tenant(table)
    with hub.unit_of_work(ours) as session:
        if table.name in NOBODYS:
            assert count(session, table) == 0
        elif column is None:
            members = Base.metadata.tables["members"]
            mine = set(session.scalars(select(members.c.account_id)))
            assert set(session.scalars(select(table.c[OF_ACCOUNTS[table.name]]))) == mine != set()
        else:
            assert set(session.scalars(select(column))) == {ours}
            total = select(column).where(column == ours)
            assert count(session, table) == len(owner.execute(total).all())


@by_name
def test_nothing_is_written_without_a_scope(hub: Database, ours: UUID, owner: Session, table: Table) -> None:
    check_refused(hub, None, table, a_row_like(owner, table))


@by_name_owned
def test_nothing_is_written_for_another_organization(
    hub: Database, ours: UUID, theirs: UUID, owner: Session, table: Table
) -> None:
    row = a_row_like(owner, table) | {"organization_id": theirs}
    check_refused(hub, ours, table, row)


@by_name_owned
def test_no_reference_leads_into_another_organization(
    hub: Database, ours: UUID, theirs: UUID, owner: Session, table: Table
) -> None:
    for key in table.foreign_key_constraints:
        target = key.referred_table
        assert "organization_id" in key.column_keys or target.name == "accounts", (
            f"{table.name}: {key.name} could leave the organization"
        )
        if len(key.column_keys) == 2:
            check_no_way_into_their_rows(hub, ours, theirs, owner, key)


def check_no_way_into_their_rows(
    hub: Database, ours: UUID, theirs: UUID, owner: Session, key: ForeignKeyConstraint
) -> None:
    """Insert a copy of one of our rows that names one of theirs: the database must not find it."""
    (column,) = (name for name in key.column_keys if name != "organization_id")
    table, target = key.table, key.referred_table
    theirs_id = owner.scalars(select(target.c.id).where(target.c.organization_id == theirs)).first()
    assert theirs_id is not None
    row = a_row_like(owner, table, table.c.organization_id == ours, table.c[column].is_not(None))
    with pytest.raises(IntegrityError) as refused, hub.unit_of_work(ours) as session:
        session.execute(insert(table).values(row | {column: theirs_id}))
    assert sqlstate(refused.value) == FOREIGN_KEY_VIOLATION, f"{table.name}.{column}: {refused.value}"
    assert constraint(refused.value) == key.name


@pytest.mark.parametrize("verb", ["UPDATE changes SET action = 'forged'", "DELETE FROM changes"])
def test_the_change_log_is_only_ever_added_to(hub: Database, ours: UUID, verb: str) -> None:
    with pytest.raises(ProgrammingError) as refused, hub.unit_of_work(ours) as session:
        session.execute(text(verb))
    assert sqlstate(refused.value) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("table", ["accounts", "organizations"])
def test_neither_people_nor_organizations_are_deleted(hub: Database, ours: UUID, table: str) -> None:
    with pytest.raises(ProgrammingError) as refused, hub.unit_of_work(ours) as session:
        session.execute(text(f"DELETE FROM {table}"))
    assert sqlstate(refused.value) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize(
    "table", [table for table in OWNED if table.name != "changes"], ids=lambda table: table.name
)
def test_rows_of_others_cannot_be_changed_by_naming_them(
    hub: Database, ours: UUID, theirs: UUID, table: Table
) -> None:
    column = table.c.organization_id
    with hub.unit_of_work(ours) as session:
        statement = table.update().where(column == theirs).values(organization_id=ours).returning(column)
        assert session.execute(statement).all() == []


def test_the_application_works_as_a_role_that_owns_nothing_and_bypasses_nothing(
    hub: Database, owner: Session
) -> None:
    with hub.unit_of_work(None) as session:
        assert session.scalar(text("SELECT current_user")) == APPLICATION_ROLE
        role = session.execute(
            text(
                "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
                " WHERE rolname = current_user"
            )
        ).one()
        assert not any(role)
        memberships = session.scalars(
            text(
                "SELECT rolname FROM pg_roles WHERE rolname <> current_user"
                " AND pg_has_role(current_user, oid, 'MEMBER')"
            )
        ).all()
        assert memberships == []
    owned = owner.scalars(
        text(
            "SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = :role)"
            " UNION ALL SELECT proname FROM pg_proc"
            " WHERE proowner = (SELECT oid FROM pg_roles WHERE rolname = :role)"
        ),
        {"role": APPLICATION_ROLE},
    ).all()
    assert owned == []


def test_every_table_has_a_wall(owner: Session) -> None:
    walled = walls(owner)
    assert walled.keys() == {table.name for table in TABLES}
    assert [name for name, has_wall in walled.items() if not has_wall] == []


def test_a_table_without_a_wall_would_be_noticed(own_database: servers.Database) -> None:
    engine = create_engine(own_database.owner_url, poolclass=NullPool)
    with Session(engine) as session:
        session.execute(text("CREATE TABLE forgotten (organization_id uuid)"))
        session.execute(text("DROP POLICY tenant ON units"))
        session.execute(text("ALTER TABLE guests DISABLE ROW LEVEL SECURITY"))
        walled = walls(session)
    engine.dispose()
    assert {name for name, has_wall in walled.items() if not has_wall} == {"forgotten", "units", "guests"}


def test_the_application_writes_nothing_into_the_bookkeeping(hub: Database, owner: Session) -> None:
    for table in BOOKKEEPING:
        granted = owner.scalar(
            text("SELECT has_table_privilege(:role, :table, 'INSERT, UPDATE, DELETE, TRUNCATE')"),
            {"role": APPLICATION_ROLE, "table": table},
        )
        assert granted is False


def test_what_looks_past_the_walls_is_a_handful_of_functions_with_a_fixed_search_path(
    owner: Session,
) -> None:
    functions = owner.execute(
        text(
            "SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE') AS everybodys"
            " FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
        )
    ).all()
    assert {row.proname for row in functions} == {
        "account_of_email",
        "memberships_of_account",
        "organization_of_refresh_token",
        "link_of_feed_token",
        "claim_due_links",
        "claim_due_link_beside",
        "stand_at_host",
        "spare_host",
        "trust_host",
        "spared_hosts",
        "forget_hosts",
        "organizations_with_lapsed_holds",
        "organizations_with_ready_facts",
        "all_organizations",
        "use_api_key",
        "organizations_of_account",
        "identities_of_account",
        "forget_account",
        "count_erasures",
        "organization_of_invitation",
        "organization_of_registration",
        "organization_of_password_reset",
        "organization_of_property",
        "open_memberships",
        "account_of_identity",
        "link_identity",
        "end_sign_ins",
        "sign_in_attempts_of",
        "lock_sign_in_attempts",
        "note_sign_in_attempts",
        "forget_sign_in_attempts",
        "sweep_sign_in_attempts",
        "organization_of_connection_sign_in",
        "claim_watches",
        "take_notice",
        "links_standing",
        "organizations_unanswered",
        "take_turn_at_host",
        "measured_links",
        "measured_link_totals",
        "measured_conflicts",
        "measured_outbox",
        "measured_runs",
        "measured_holds",
        "measured_alerts",
        "standing_alerts",
        "see_alert",
        "open_alert",
        "recover_alert",
        "miss_alert",
        "return_alert",
        "drop_alert",
        "forget_alerts",
        "hub_alerts",
        "claim_alert_deliveries",
        "settle_alert_delivery",
        "rest_alert_destination",
        "give_up_alert_deliveries",
        "alert_delivery_counts",
        "beat_heart",
        "hearts",
    }
    for row in functions:
        assert row.proconfig == ["search_path=pg_catalog, public, pg_temp"], row.proname
        assert not row.everybodys, row.proname


def check_refused(hub: Database, scope: UUID | None, table: Table, row: dict[str, Any]) -> None:
    with pytest.raises(DBAPIError) as refused, hub.unit_of_work(scope) as session:
        session.execute(insert(table).values(row))
    assert sqlstate(refused.value) == INSUFFICIENT_PRIVILEGE, refused.value
    assert "row-level security" in str(refused.value)


def a_row_like(owner: Session, table: Table, *which: ColumnElement[bool]) -> dict[str, Any]:
    """The values of a row that exists; what must be unique is its own, and it is in another century."""
    given = [column for column in table.c if column.computed is None]
    columns = [column for column in given if not isinstance(column.type, TSTZRANGE)]
    row = dict(owner.execute(select(*columns).where(*which).limit(1)).mappings().one())
    references = {name for key in table.foreign_key_constraints for name in key.column_keys}
    for column in columns:
        value = row[column.name]
        if column.name in references:
            continue
        if isinstance(value, str) and not any(column.name in str(check.sqltext) for check in checks(table)):
            row[column.name] = new_id().hex
        elif isinstance(value, bytes):
            row[column.name] = new_id().bytes
        elif isinstance(value, UUID):
            row[column.name] = new_id()
        elif isinstance(value, datetime):
            row[column.name] = value + timedelta(days=36525)
    return row


def checks(table: Table) -> list[CheckConstraint]:
    return [one for one in table.constraints if isinstance(one, CheckConstraint)]
