#!/usr/bin/env bash
# Brings a database elsewhere (RDS, Supabase, a server of your own) to the newest schema, after showing what that means.
#
#   DATABASE_URL=postgresql://owner:password@host:5432/podcast scripts/db-migrate-hosted.sh [--yes]
#
# MIGRATION_DATABASE_URL comes first where both are set. The connection must be direct or through a session pooler;
# the login must own the database and be able to create roles. --yes answers the question, for pipelines.
set -euo pipefail
# shellcheck source=scripts/migration-steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/migration-steps.sh"

confirmed=no
for argument in "$@"; do
  case $argument in
    --yes) confirmed=yes ;;
    *) die 'usage: DATABASE_URL=postgresql://… scripts/db-migrate-hosted.sh [--yes]' 2 ;;
  esac
done
url=${MIGRATION_DATABASE_URL:-${DATABASE_URL:-}}
[[ -n $url ]] || die 'DATABASE_URL is missing: set it to the login that owns the database' 2
use_url "$url"

inspect_database
# A session lock taken through a transaction pooler stays on a connection that someone else gets next.
[[ $target_port != 6543 ]] || die 'port 6543 is a transaction pooler: use the direct port, or the session pooler' 2

cat <<PLAN
This will touch:
  host      ${target_host:-this machine}, port $target_port, TLS $target_tls
  database  $target_database
  login     $target_login
  server    PostgreSQL $target_server
  road      $([[ $target_road == master ]] && echo 'master: the database has no schema_migrations' || echo 'deltas: the database has our schema')
  tables    $target_tables
  pending   ${target_pending:-nothing}
PLAN

foreign_relations_guard | run_psql || die 'nothing was changed'

if [[ -n $target_pending && $confirmed == no ]]; then
  [[ -t 0 ]] || die 'there is no terminal to ask on: read the plan above, then pass --yes' 2
  read -r -p "Apply this to $target_database? [y/N] " answer
  [[ $answer == [yY] || $answer == yes ]] || die 'nothing was changed'
fi

apply_migrations
verify_database
