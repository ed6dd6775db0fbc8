#!/bin/sh
# The product's role owns its database and is no superuser, so that REVOKE protects the append-only tables from it.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$APP_PASSWORD" --username postgres <<'SQL'
CREATE ROLE coinclicker LOGIN PASSWORD :'password';
CREATE DATABASE coinclicker OWNER coinclicker;
SQL
