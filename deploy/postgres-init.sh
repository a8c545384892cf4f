#!/bin/bash
# Runs once, when the database is made: one role owns the tables, the other is the application, owns nothing
# and bypasses nothing.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --set=owner_password="$DATABASE_OWNER_PASSWORD" --set=app_password="$DATABASE_APP_PASSWORD" <<'SQL'
CREATE ROLE hub_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE PASSWORD :'owner_password';
CREATE ROLE hub_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
CREATE DATABASE hub OWNER hub_owner ENCODING 'UTF8' TEMPLATE template0;
\connect hub
CREATE EXTENSION btree_gist;
SQL
