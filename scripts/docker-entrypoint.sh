#!/bin/sh
# What a container of the image does: the configuration is judged first, then the role takes over this process, so that
# it receives every signal itself.
set -eu
cd "$(dirname "$0")/.."

role=${1:-api}
[ $# -eq 0 ] || shift
cli=dist/apps/cli/src/main.js

case $role in
  api | worker)
    node "$cli" config check >/dev/null
    # The flags of child-service.ts, which says why.
    exec node --enable-source-maps --max-semi-space-size=64 "dist/apps/$role/src/main.js" "$@"
    ;;
  migrate)
    # Needs no secret but the owner's login, and judges that itself.
    exec node "$cli" migrate --yes "$@"
    ;;
  cli)
    exec node "$cli" "$@"
    ;;
  *)
    echo "error: no role $role; there are api, worker, migrate and cli" >&2
    exit 2
    ;;
esac
