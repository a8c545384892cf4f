"""The two roles of the database: one owns the tables, the other is the application and owns nothing."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

OWNER = "hub_owner"
APP = "hub_app"

ROLES: dict[str, str] = {
    OWNER: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
}


def ensure_role(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    """Create the role, or set its password; the server sees a SCRAM verifier and never the password."""
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("{verb} ROLE {role} {attributes} PASSWORD {verifier}").format(
            verb=sql.SQL("ALTER" if known else "CREATE"),
            role=sql.Identifier(role),
            attributes=sql.SQL(ROLES[role]),
            verifier=sql.Literal(verifier.decode()),
        )
    )


def ensure_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Create the database for the owner from template1; the connection is in autocommit."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        return
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
    )
