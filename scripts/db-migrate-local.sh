#!/usr/bin/env bash
# Brings a database on this machine to the newest schema.
#
#   scripts/db-migrate-local.sh [postgresql://login:password@localhost:5432/podcast]
#
# Without an argument: MIGRATION_DATABASE_URL, else DATABASE_URL, else the URL above with postgres:postgres.
# The login must own the database and be able to create roles. Servers elsewhere: db-migrate-hosted.sh, which asks.
set -euo pipefail
# shellcheck source=scripts/migration-steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/migration-steps.sh"

[[ $# -le 1 ]] || die 'usage: scripts/db-migrate-local.sh [URL]' 2
use_url "${1:-${MIGRATION_DATABASE_URL:-${DATABASE_URL:-postgresql://postgres:postgres@localhost:5432/podcast}}}"

case $url_host in
  # A name without a dot is a neighbour in a container network.
  '' | /* | 127.* | '[::1]') ;;
  *.* | *:*) die "$url_host is not this machine: use scripts/db-migrate-hosted.sh" 2 ;;
esac

inspect_database
missing=$(run_psql <<'SQL'
SELECT string_agg(name, ', ') FROM (VALUES ('uuid-ossp'), ('pgcrypto'), ('pg_trgm'), ('btree_gin')) AS e (name)
WHERE name NOT IN (SELECT name FROM pg_available_extensions);
SQL
)
[[ -z $missing ]] || die "the server cannot create the extensions $missing: install PostgreSQL's contrib package"

echo "database $target_database on ${target_host:-this machine}, PostgreSQL $target_server"
apply_migrations
verify_database
