#!/usr/bin/env bash
# Runs the tests with PgBouncer, in transaction mode, between the application's logins and PostgreSQL.
#
#   scripts/test-pgbouncer.sh [what jest takes, such as --selectProjects db]
#
# Installs nothing. Without PgBouncer nothing is tested, and that is a failure: the status is 2.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PATH=$PATH:/usr/sbin # where Debian puts it, outside the PATH of most accounts
if ! version=$(pgbouncer --version 2>/dev/null | head -n 1) || [[ -z $version ]]; then
  echo 'NOT RUN: pgbouncer is not installed, so nothing was tested through it (Debian: apt-get install pgbouncer).' >&2
  exit 2
fi

echo "Testing through $version, transaction mode"
export PATH TEST_PGBOUNCER=1
exec npm test --silent -- "$@"
