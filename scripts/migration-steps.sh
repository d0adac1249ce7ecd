# shellcheck shell=bash
# The steps that db-migrate-local.sh and db-migrate-hosted.sh share. Sourced, never run.
#
# They do with psql what `podcast migrate` does with Node: under the same advisory lock, a database without
# schema_migrations takes the master, any other one takes its pending deltas, each in one transaction.

MIGRATIONS="$(cd "$(dirname "${BASH_SOURCE[0]}")/../db/migrations" && pwd)"
readonly MIGRATIONS
readonly MASTER=99999999999999_master_schema.sql
ENGINES="$(dirname "$MIGRATIONS")/engines"
readonly ENGINES

# Ends the script with a message. The status is 1 unless a second argument says otherwise.
die() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Turns %40 into @.
percent_decode() {
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

# Takes a postgresql:// URL for all later calls of psql, and fills url_host. The password goes into PGPASSWORD, because
# arguments can be read by every user of the machine and appear in error messages.
use_url() {
  [[ $1 =~ ^(postgres(ql)?://)([^/?#]*)(.*)$ ]] || die 'the database is named by a postgresql:// URL' 2
  local scheme=${BASH_REMATCH[1]} authority=${BASH_REMATCH[3]} rest=${BASH_REMATCH[4]}
  [[ $rest == *@* ]] && die 'write / as %2F, ? as %3F and # as %23 in the password of the URL' 2
  [[ $rest =~ [?\&]password= ]] && die 'put the password before the host of the URL, or into PGPASSWORD' 2
  if [[ $authority == *@* ]]; then
    local login=${authority%@*}
    if [[ $login == *:* ]]; then
      PGPASSWORD=$(percent_decode "${login#*:}")
      export PGPASSWORD
    fi
    authority="${login%%:*}@${authority##*@}"
  fi
  url_host=${authority##*@}
  [[ $url_host =~ ^(.*):[0-9]*$ ]] && url_host=${BASH_REMATCH[1]}
  [[ $rest =~ [?\&]host=([^\&]*) ]] && url_host=$(percent_decode "${BASH_REMATCH[1]}")
  url_host=${url_host:-${PGHOST:-}}
  DATABASE="$scheme$authority$rest"
  readonly DATABASE
}

# Runs psql commands from standard input in one session; the first error ends it.
run_psql() {
  command -v psql >/dev/null || die 'psql is missing: install the PostgreSQL client (Debian: postgresql-client)'
  (cd "$MIGRATIONS" && psql --no-psqlrc --no-password --quiet --tuples-only --no-align \
    --set ON_ERROR_STOP=1 --file=- "$DATABASE")
}

# Names of the dated deltas, oldest first, without their ending.
delta_names() {
  find "$MIGRATIONS" -maxdepth 1 -name '*.sql' ! -name "$MASTER" -exec basename {} .sql \; |
    sed -nE '/^[0-9]{14}_[a-z0-9_]+$/p' | LC_ALL=C sort
}

# Fails in a database without our schema where a relation already has one of our names.
foreign_relations_guard() {
  local names
  names=$(sed -nE "s/^CREATE (TABLE|INDEX|UNIQUE INDEX) IF NOT EXISTS ([a-z0-9_]+).*/'\2'/p
                   s/^CREATE OR REPLACE VIEW ([a-z0-9_]+).*/'\1'/p" "$MIGRATIONS/$MASTER" | paste -sd,)
  cat <<SQL
DO \$guard\$
DECLARE
  clash text;
BEGIN
  SELECT string_agg(relname, ', ' ORDER BY relname) INTO clash FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relname = ANY (ARRAY[$names]::text[]);
  IF to_regclass('public.schema_migrations') IS NULL AND clash IS NOT NULL THEN
    RAISE EXCEPTION 'this database has no schema of ours, but relations with our names: %', clash
      USING HINT = 'Use a database of its own.';
  END IF;
END \$guard\$;
SQL
}

# Ends the script where the schema is, or should be, one for another engine: it is chosen once, on an empty database.
check_engine() {
  local wanted=${TIME_SERIES_ENGINE:-${target_engine:-partitions}}
  [[ -z $target_engine || $wanted == "$target_engine" ]] ||
    die "TIME_SERIES_ENGINE is $wanted, but the database was migrated for $target_engine; the engine is chosen once" 2
  [[ $wanted =~ ^(partitions|timescale|citus)$ ]] ||
    die "the engine is $wanted: this version makes schemas for partitions, timescale and citus only" 2
  [[ $wanted != citus || $target_citus == created ]] ||
    die "the engine is $wanted, but the extension citus was not created in this database" 2
  [[ $target_citus != created || $wanted != timescale ]] ||
    die 'this database has Citus, which never goes together with TimescaleDB: take another one' 2
  [[ $wanted != timescale || $target_timescale == loads ]] ||
    die "TIME_SERIES_ENGINE is $wanted, but the server has no TimescaleDB, or does not preload it" 2
}

# The psql commands that make the schema of an empty database: the master, and what the engine makes of it, in the master's
# one transaction. Its last line, COMMIT, waits until the engine is done.
schema_commands() {
  [[ $(tail -n 1 "$MIGRATIONS/$MASTER") == 'COMMIT;' ]] || die "$MASTER does not end with COMMIT"
  engine_commands citus citus-roles
  sed '$d' "$MIGRATIONS/$MASTER"
  engine_commands timescale timescale
  engine_commands citus citus
  printf '%s\n' 'COMMIT;'
}

# The psql commands that run a file of engines/ where that engine is the one to be.
engine_commands() {
  local engine=$1 file=$2
  cat "$ENGINES/detect.sql"
  printf '%s\n' '\gset podcast_' "SELECT coalesce(nullif('${TIME_SERIES_ENGINE:-}', ''), :'podcast_engine') = '$engine' AS podcast_chosen \\gset"
  printf '%s\n' '\if :podcast_chosen'
  cat "$ENGINES/$file.sql"
  printf '%s\n' '\endif'
}

# Fills target_host, _port, _database, _login, _server, _tls, _tables, _road, _engine, and target_pending: file names.
# shellcheck disable=SC2034 # the scripts that source this file read them
inspect_database() {
  target_host='' target_port='' target_database='' target_login='' target_server='' target_tls=''
  target_tables='' target_road='' target_engine='' target_timescale='' target_citus='' target_pending=''
  local key value report applied=' '
  report=$(run_psql <<'SQL'
\echo host :HOST
\echo port :PORT
SELECT 'database ' || current_database();
SELECT 'login ' || session_user;
SELECT 'server ' || current_setting('server_version');
SELECT 'timescale ' || CASE WHEN current_setting('timescaledb.disable_load', true) IS NOT NULL
  AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN 'loads' ELSE 'no' END;
SELECT 'citus ' || CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN 'created' ELSE 'no' END;
SELECT 'tls ' || coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), 'no');
SELECT 'tables ' || coalesce(string_agg(tablename, ' ' ORDER BY tablename), 'none') FROM pg_tables
WHERE schemaname = 'public' AND tablename !~ '_p[0-9]{8}$';
SELECT CASE WHEN to_regclass('public.schema_migrations') IS NULL THEN 'master' ELSE 'deltas' END AS podcast_road \gset
\echo road :podcast_road
SELECT :'podcast_road' = 'deltas' AS podcast_migrated \gset
\if :podcast_migrated
SELECT 'engine ' || engine FROM public.schema_info;
SELECT 'applied ' || name FROM public.schema_migrations;
\endif
SQL
  ) || die 'the database could not be inspected; nothing was changed'
  while read -r key value; do
    if [[ $key == applied ]]; then applied+="$value "; else printf -v "target_$key" '%s' "$value"; fi
  done <<<"$report"
  check_engine
  if [[ $target_road == master ]]; then
    target_pending=$MASTER
  else
    for value in $(delta_names); do [[ $applied == *" $value "* ]] || target_pending+="$value.sql "; done
  fi
}

# The psql commands that apply whatever is pending. What was inspected may be old by the time the lock is taken, so
# the session decides for itself.
migration_commands() {
  cat <<SQL
SELECT pg_try_advisory_lock(hashtextextended('podcast.migrate', 0)) AS podcast_free \\gset
\\if :podcast_free
\\else
\\echo waiting for another migration of this database to end
DO \$\$ BEGIN PERFORM pg_advisory_lock(hashtextextended('podcast.migrate', 0)); END \$\$;
\\endif
SELECT to_regclass('public.schema_migrations') IS NULL AS podcast_empty, false AS podcast_changed \\gset
\\if :podcast_empty
$(foreign_relations_guard)
\\o /dev/null
$(schema_commands)
\\o
\\echo applied $MASTER
\\set podcast_changed true
\\else
SQL
  local name
  for name in $(delta_names); do
    cat <<SQL
SELECT NOT EXISTS (SELECT FROM public.schema_migrations WHERE name = '$name') AS podcast_pending \\gset
\\if :podcast_pending
BEGIN;
SET LOCAL search_path = public, extensions;
SET LOCAL row_security = off;
SET LOCAL lock_timeout = 5000;
\\o /dev/null
\\i $name.sql
\\o
SET LOCAL ROLE podcast_owner;
INSERT INTO public.schema_migrations (name) VALUES ('$name');
COMMIT;
\\echo applied $name.sql
\\set podcast_changed true
\\endif
SQL
  done
  cat <<'SQL'
\endif
\if :podcast_changed
\else
\echo nothing to apply: the schema is up to date
\endif
SQL
}

# Applies what is pending. psql has already said what failed.
apply_migrations() {
  migration_commands | run_psql || die 'the migration failed; the file that failed was rolled back as a whole'
}

# Reads the catalogue back: extensions, walls, engine. `podcast doctor` checks far more.
verify_database() {
  local report
  report=$(run_psql <<'SQL'
WITH wanted (name) AS (VALUES ('uuid-ossp'), ('pgcrypto'), ('pg_trgm'), ('btree_gin')),
tenant_tables AS (
  SELECT c.oid, c.relname, c.relispartition, c.relrowsecurity AND c.relforcerowsecurity AS forced
  FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
)
SELECT 'fault extension ' || name || ' is missing' FROM wanted
WHERE name NOT IN (SELECT extname FROM pg_extension)
UNION ALL
SELECT 'fault ' || relname || ': row-level security is not enabled and forced' FROM tenant_tables WHERE NOT forced
UNION ALL
SELECT 'fault ' || t.relname || ': policy ' || p.name || ' is missing'
FROM tenant_tables t CROSS JOIN (VALUES ('tenant_isolation'), ('tenant_wall')) p (name)
WHERE NOT t.relispartition
  AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND polname = p.name)
UNION ALL
SELECT 'fault no table holds tenants: this is not our schema' WHERE NOT EXISTS (SELECT FROM tenant_tables)
UNION ALL
SELECT 'fault the recorded engine is ' || engine || ', but the extension ' || extension || ' is not installed'
FROM public.schema_info JOIN (VALUES ('timescale', 'timescaledb'), ('citus', 'citus')) e (named, extension)
  ON engine = named
WHERE extension NOT IN (SELECT extname FROM pg_extension)
UNION ALL
SELECT 'verified row-level security is forced on ' || count(*) FILTER (WHERE NOT relispartition) || ' tables and '
       || count(*) FILTER (WHERE relispartition) || ' partitions' FROM tenant_tables
UNION ALL
SELECT 'verified extensions ' || string_agg(extname || ' ' || extversion, ', ' ORDER BY extname)
FROM pg_extension WHERE extname IN (SELECT name FROM wanted)
UNION ALL
SELECT 'verified TimescaleDB ' || coalesce(
  (SELECT extversion || ', licence ' || coalesce(current_setting('timescaledb.license', true), 'unknown')
   FROM pg_extension WHERE extname = 'timescaledb'), 'is not installed')
UNION ALL
SELECT 'verified engine ' || engine FROM public.schema_info;
SQL
  ) || die 'the schema could not be verified'
  sed -n 's/^verified /  /p' <<<"$report"
  if grep -q '^fault ' <<<"$report"; then
    sed -n 's/^fault /  /p' <<<"$report" >&2
    die 'the database is not as the schema promises (see above)'
  fi
}
