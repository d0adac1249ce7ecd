#!/bin/sh
# Gives the roles of the application a login and a password, and makes podcast_refresh, which may act as the owner: the
# worker computes TimescaleDB's aggregates through it. Runs after the migration, as a superuser, in the image of
# the database; connects as PGUSER to PGDATABASE on PGHOST. Running it again sets the passwords again.
set -eu

: "${PODCAST_APP_PASSWORD:?}" "${PODCAST_MAINTENANCE_PASSWORD:?}" "${PODCAST_ADMIN_PASSWORD:?}" \
  "${PODCAST_REFRESH_PASSWORD:?}"

# \getenv keeps the passwords out of the arguments, which every user of the machine can read; the settings keep a
# statement that fails, and its password, out of the server's log.
psql --no-psqlrc --no-password --quiet --set ON_ERROR_STOP=1 --single-transaction <<'SQL'
SET LOCAL log_statement = 'none';
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL password_encryption = 'scram-sha-256';
\getenv app PODCAST_APP_PASSWORD
\getenv maintenance PODCAST_MAINTENANCE_PASSWORD
\getenv admin PODCAST_ADMIN_PASSWORD
\getenv refresh PODCAST_REFRESH_PASSWORD
SELECT 'CREATE ROLE podcast_refresh NOINHERIT' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'podcast_refresh') \gexec
ALTER ROLE podcast_app LOGIN PASSWORD :'app';
ALTER ROLE podcast_maintenance LOGIN PASSWORD :'maintenance';
ALTER ROLE podcast_admin LOGIN PASSWORD :'admin';
ALTER ROLE podcast_refresh LOGIN PASSWORD :'refresh';
GRANT podcast_owner TO podcast_refresh;
SQL
echo 'podcast_app, podcast_maintenance, podcast_admin and podcast_refresh can log in'
