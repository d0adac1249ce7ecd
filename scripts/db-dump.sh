#!/usr/bin/env bash
# Prints the schema of a database as text that can be compared.
#
#   scripts/db-dump.sh postgresql://login:password@localhost:5432/podcast
#
# What differs between two equal schemas is left out: weekly partitions, the session settings and comments that pg_dump
# adds, the version of the client, the order in which privileges were granted.
set -euo pipefail
# shellcheck source=scripts/migration-steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/migration-steps.sh"

[[ $# -eq 1 ]] || die 'usage: scripts/db-dump.sh URL' 2
use_url "$1"
command -v pg_dump >/dev/null || die 'pg_dump is missing: install the PostgreSQL client (Debian: postgresql-client)'

export LC_ALL=C
# TimescaleDB is there or not, as the server has it: the schema of the engine `partitions` does not use it.
pg_dump --no-password --schema-only --extension='[^t]*' --exclude-table='*_p[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' "$DATABASE" |
  sed -E '/^(--|SET [a-z_]+ = .*;$|SELECT pg_catalog\.set_config|\\(un)?restrict |COMMENT ON EXTENSION )/d' |
  awk '
    function print_grants(  i, j, held) {
      for (i = 2; i <= grants; i++) {
        held = grant[i]
        for (j = i - 1; j > 0 && grant[j] > held; j--) grant[j + 1] = grant[j]
        grant[j + 1] = held
      }
      for (i = 1; i <= grants; i++) print grant[i]
      grants = 0
    }
    /^GRANT / { grant[++grants] = $0; blank = 0; next }
    { print_grants() }
    /^$/ { if (!blank) print; blank = 1; next }
    { print; blank = 0 }
    END { print_grants() }'
