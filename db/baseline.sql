-- The whole schema, for an empty database. Plain SQL: psql, the migration scripts and `podcast migrate` run it as it is.
--
-- Safe to run twice and by many processes at once: one transaction, behind one advisory lock. A database that
-- already has a schema takes the dated deltas beside this file instead (see db/README.md).
--
-- Rules that hold for every table with a tenant (tests and `podcast doctor` read the catalogue and check them):
--   tenant_id uuid NOT NULL is the first column; row-level security is enabled AND forced; one permissive and one
--   restrictive policy with the same text; every primary key, unique key, foreign key and index starts with tenant_id.

BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('podcast.migrate', 0));
SET LOCAL search_path = public, extensions;
SET LOCAL client_min_messages = warning;
-- A statement that row-level security would silently empty must fail instead.
SET LOCAL row_security = off;

-- ---------------------------------------------------------------------------------------------------------------
-- Extensions
-- ---------------------------------------------------------------------------------------------------------------

CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin; -- lets a trigram index start with tenant_id

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
     AND NOT EXISTS (SELECT FROM pg_extension WHERE extname IN ('timescaledb', 'citus'))
     -- A setting of its loader. Where that is not preloaded, CREATE EXTENSION ends the session.
     AND current_setting('timescaledb.disable_load', true) IS NOT NULL THEN
    CREATE EXTENSION timescaledb;
  END IF;
EXCEPTION WHEN OTHERS THEN
  -- Not allowed to this login, say: the schema below does not need it.
  RAISE WARNING 'timescaledb is available but was not created: %', SQLERRM;
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Roles
-- ---------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
  r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['podcast_owner', 'podcast_app', 'podcast_maintenance', 'podcast_admin',
                           'podcast_search', 'podcast_lookup', 'podcast_queue'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', r);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of the same cluster was faster
    END;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = r AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)) THEN
      RAISE EXCEPTION 'role % is superuser, bypasses row-level security or creates roles or databases', r
        USING HINT = 'Remove the attribute with a superuser; the schema does not change existing roles.';
    END IF;
    -- The migrating login must be able to act as the role and to hand objects over to it. A superuser always is; from
    -- PostgreSQL 16 on a membership alone does not allow SET ROLE.
    IF NOT pg_has_role(current_user, r, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET'
                                             ELSE 'MEMBER' END) THEN
      EXECUTE format('GRANT %I TO %I', r, current_user);
    END IF;
  END LOOP;
END $$;

-- What belongs to the database itself, and so is lost when a database is cloned from a template.
CREATE OR REPLACE FUNCTION secure_database() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT TEMPORARY, CREATE ON DATABASE %I TO podcast_queue', current_database());
  EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = ''60s''', current_database());
  -- Corrections of old days reach compressed rows, of which TimescaleDB would change at most 100,000 in a transaction.
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    EXECUTE format('ALTER DATABASE %I SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0', current_database());
  END IF;
  -- The same for what the other nodes of a cluster have of this database.
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
    PERFORM run_command_on_workers(format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database()));
    -- What a node writes to its own shards past a connection is copied there past every policy.
    EXECUTE format('ALTER DATABASE %I SET citus.enable_local_execution = off', current_database());
    PERFORM run_command_on_workers(format('ALTER DATABASE %I SET citus.enable_local_execution = off', current_database()));
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'this login does not own database %: doctor names what is left to its owner', current_database();
END $$;
REVOKE ALL ON FUNCTION secure_database() FROM PUBLIC;
SELECT secure_database();

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO podcast_owner;
GRANT USAGE ON SCHEMA public TO podcast_app, podcast_maintenance, podcast_admin, podcast_search, podcast_lookup;
CREATE SCHEMA IF NOT EXISTS bullmq AUTHORIZATION podcast_queue;

SET LOCAL ROLE podcast_owner;

-- ---------------------------------------------------------------------------------------------------------------
-- History
-- ---------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS schema_migrations (
  name text PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- Every new delta is also written into this file, and named in this list in the order of its date.
DO $$
DECLARE
  contained constant text[] := ARRAY[]::text[];
  missing text;
BEGIN
  IF to_regclass('public.schema_info') IS NULL THEN
    INSERT INTO public.schema_migrations (name) SELECT unnest(contained);
    RETURN;
  END IF;
  SELECT string_agg(name, ', ') INTO missing FROM unnest(contained) AS name
  WHERE name NOT IN (SELECT m.name FROM public.schema_migrations m);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'this database has a schema, but without %', missing
      USING HINT = 'The master is for an empty database. Apply the deltas: podcast migrate, or a script db-migrate-*.sh.';
  END IF;
  IF EXISTS (SELECT FROM public.schema_info WHERE engine <> 'partitions') THEN
    RAISE EXCEPTION 'this database has a schema for another engine than partitions'
      USING HINT = 'The master alone makes one for partitions; engines/ holds what others make of it, once.';
  END IF;
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Tenant context and the wall
-- ---------------------------------------------------------------------------------------------------------------

-- Names the tenant for the rest of this transaction. Refuses to switch: one transaction, one tenant.
CREATE OR REPLACE FUNCTION set_tenant_context(p_tenant uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  present text := nullif(current_setting('app.current_tenant', true), '');
BEGIN
  IF p_tenant IS NULL THEN
    RAISE EXCEPTION 'tenant is required' USING ERRCODE = '22004';
  END IF;
  IF present IS NOT NULL AND present <> p_tenant::text THEN
    RAISE EXCEPTION 'tenant context is already set in this transaction' USING ERRCODE = '42501';
  END IF;
  PERFORM set_config('app.current_tenant', p_tenant::text, true);
END $$;
REVOKE ALL ON FUNCTION set_tenant_context(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_tenant_context(uuid) TO podcast_app;

-- Puts the wall on one table: row-level security enabled and forced, the permissive and the restrictive policy.
-- The sub-select makes the planner read the setting once for a statement instead of once for a row. Citus refuses it.
CREATE OR REPLACE FUNCTION secure_tenant_table(p_table regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  own constant text := CASE WHEN EXISTS (SELECT FROM public.schema_info WHERE engine = 'citus')
    THEN '(tenant_id = nullif(current_setting(''app.current_tenant'', true), '''')::uuid)'
    ELSE '(tenant_id = (SELECT nullif(current_setting(''app.current_tenant'', true), '''')::uuid))' END;
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
  IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = p_table AND polname = 'tenant_isolation') THEN
    EXECUTE format('CREATE POLICY tenant_isolation ON %s TO podcast_app USING %s WITH CHECK %s', p_table, own, own);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = p_table AND polname = 'tenant_wall') THEN
    EXECUTE format('CREATE POLICY tenant_wall ON %s AS RESTRICTIVE TO podcast_app USING %s WITH CHECK %s', p_table, own, own);
  END IF;
END $$;
REVOKE ALL ON FUNCTION secure_tenant_table(regclass) FROM PUBLIC;

-- Lets another role read, or delete, rows of every tenant: `p_policy` is the policy's name.
CREATE OR REPLACE FUNCTION open_tenant_table(p_table regclass, p_policy text, p_command text, p_role text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = p_table AND polname = p_policy) THEN
    EXECUTE format('CREATE POLICY %I ON %s FOR %s TO %I USING (true)', p_policy, p_table, p_command, p_role);
  END IF;
END $$;
REVOKE ALL ON FUNCTION open_tenant_table(regclass, text, text, text) FROM PUBLIC;

-- ---------------------------------------------------------------------------------------------------------------
-- Schema bookkeeping, platform keys, lists and lanes of feeds: the only tables without a tenant
-- ---------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS schema_info (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  engine text NOT NULL CHECK (engine IN ('partitions', 'timescale', 'citus')),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO schema_info (engine) VALUES ('partitions') ON CONFLICT DO NOTHING;

-- Keys of the people who run the platform. Secrets are stored as keyed hashes; see libs/tenants.
CREATE TABLE IF NOT EXISTS platform_keys (
  key_id text PRIMARY KEY,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);

-- Versions of the lists that classify agents and networks, for the whole deployment. Content is never changed, so that a
-- rule set that names a list by its hash can be counted again at any time.
CREATE TABLE IF NOT EXISTS lists (
  list_id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('agents', 'networks')),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  source text NOT NULL,
  content bytea NOT NULL,
  summary jsonb NOT NULL DEFAULT '{}',
  changes jsonb NOT NULL DEFAULT '{}',
  loaded_at timestamptz NOT NULL DEFAULT now(),
  activated_at timestamptz,
  UNIQUE (kind, sha256)
);
COMMENT ON COLUMN lists.content IS 'Compressed with gzip.';
COMMENT ON COLUMN lists.changes IS 'Against the version that was active before.';

-- Lanes of feeds, each for the feeds of one host, that somebody polls or that rest after it. A worker takes a lane before it
-- asks the host, so that of all workers together one asks at a time. Rows that are over are deleted.
CREATE TABLE IF NOT EXISTS feed_lanes (
  lane bigint PRIMARY KEY,
  holder uuid NOT NULL,
  free_at timestamptz NOT NULL
);
COMMENT ON COLUMN feed_lanes.lane IS 'As podcasts.feed_lane.';
COMMENT ON COLUMN feed_lanes.free_at IS 'When another may take the lane, whatever became of its holder.';

GRANT SELECT ON schema_info, schema_migrations TO podcast_app, podcast_maintenance, podcast_admin;
GRANT SELECT ON lists TO podcast_app, podcast_maintenance;
GRANT INSERT ON lists TO podcast_app; -- the built-in list, stored when a rule set first names it
GRANT INSERT ON lists TO podcast_maintenance;
GRANT UPDATE (activated_at) ON lists TO podcast_maintenance;
GRANT SELECT ON platform_keys TO podcast_lookup;
GRANT SELECT, INSERT, UPDATE, DELETE ON feed_lanes TO podcast_app;

-- ---------------------------------------------------------------------------------------------------------------
-- Tenants
-- ---------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS tenants (
  tenant_id uuid NOT NULL PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS tenant_settings (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  time_zone text NOT NULL DEFAULT 'UTC',
  raw_retention_days integer CHECK (raw_retention_days BETWEEN 8 AND 36500),
  download_retention_days integer CHECK (download_retention_days BETWEEN 8 AND 36500),
  slice_retention_days integer CHECK (slice_retention_days BETWEEN 8 AND 36500),
  hour_retention_days integer CHECK (hour_retention_days BETWEEN 8 AND 36500),
  day_retention_days integer CHECK (day_retention_days BETWEEN 8 AND 36500),
  month_retention_days integer CHECK (month_retention_days BETWEEN 8 AND 36500),
  audience_period_days integer NOT NULL DEFAULT 90 CHECK (audience_period_days BETWEEN 2 AND 366),
  configuration jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN tenant_settings.raw_retention_days IS 'Days that raw events are kept; NULL takes RAW_RETENTION_DAYS.';
COMMENT ON COLUMN tenant_settings.slice_retention_days IS 'Days that rollups of 5 minutes are kept; NULL takes SLICE_RETENTION_DAYS. The other levels alike. None is kept for less than the level below it.';

CREATE TABLE IF NOT EXISTS tenant_quotas (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  max_podcasts integer CHECK (max_podcasts >= 0),
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tenant_quotas IS 'Upper bounds that the platform sets and the tenant cannot. NULL is unlimited.';
COMMENT ON COLUMN tenant_quotas.max_podcasts IS 'Podcasts that are not archived.';

CREATE TABLE IF NOT EXISTS api_keys (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  key_id text NOT NULL CHECK (key_id ~ '^[0-9A-Za-z]{16}$'),
  kind text NOT NULL CHECK (kind IN ('secret', 'ingest_token')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  scopes text[] NOT NULL CHECK (scopes <@ ARRAY['ingest', 'read', 'raw', 'write', 'admin'] AND cardinality(scopes) > 0),
  trusted_sender boolean NOT NULL DEFAULT false,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (tenant_id, key_id),
  CHECK (kind = 'secret' OR (scopes = ARRAY['ingest'] AND NOT trusted_sender))
);
-- The one index that does not start with tenant_id: a credential is looked up before its tenant is known.
CREATE UNIQUE INDEX IF NOT EXISTS api_keys_key_id_key ON api_keys (key_id);

-- Keys under which addresses are hashed. A row stays for ever, so that none is minted twice; the key itself is kept apart, is
-- destroyed on time, and is left out of backups, from which it would come back.
CREATE TABLE IF NOT EXISTS listener_keys (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('count', 'audience_a', 'audience_b', 'net')),
  period date NOT NULL,
  import_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  destroy_after timestamptz NOT NULL,
  destroyed_at timestamptz,
  PRIMARY KEY (tenant_id, purpose, period, import_id)
);
COMMENT ON COLUMN listener_keys.import_id IS 'The backfill that minted the key; all zeros for live traffic.';
CREATE TABLE IF NOT EXISTS listener_key_secrets (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  purpose text NOT NULL,
  period date NOT NULL,
  import_id uuid NOT NULL,
  key_enc bytea NOT NULL,
  PRIMARY KEY (tenant_id, purpose, period, import_id)
);

-- ---------------------------------------------------------------------------------------------------------------
-- Catalog
-- ---------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS podcasts (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 1000),
  description text,
  author text,
  language text,
  link text,
  image_url text,
  feed_url text,
  podcast_guid text,
  feed_etag text,
  feed_last_modified text,
  feed_copy_url text,
  feed_checked_at timestamptz,
  feed_next_check_at timestamptz,
  feed_failures integer NOT NULL DEFAULT 0,
  feed_error text,
  metadata jsonb NOT NULL DEFAULT '{}',
  archived_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  feed_lane bigint GENERATED ALWAYS AS (hashtextextended(split_part(feed_url, '/', 3), 0)) STORED,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN podcasts.feed_copy_url IS 'Where feed_etag and feed_last_modified came from: behind redirects, another address than feed_url.';
COMMENT ON COLUMN podcasts.feed_next_check_at IS 'When the feed is polled next; NULL as soon as possible, infinity never.';
COMMENT ON COLUMN podcasts.feed_lane IS 'Hash of the host of the feed: feeds of one lane are polled one after another.';
CREATE INDEX IF NOT EXISTS podcasts_feed_due ON podcasts (tenant_id, feed_next_check_at)
  WHERE feed_lane IS NOT NULL AND archived_at IS NULL;
CREATE INDEX IF NOT EXISTS podcasts_created ON podcasts (tenant_id, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS podcasts_feed_url ON podcasts (tenant_id, feed_url);
CREATE INDEX IF NOT EXISTS podcasts_title_trgm ON podcasts USING gin (tenant_id, title gin_trgm_ops);

CREATE TABLE IF NOT EXISTS episodes (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  guid text NOT NULL,
  media_key text NOT NULL DEFAULT '',
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 1000),
  description text,
  link text,
  published_at timestamptz,
  episode_type text NOT NULL DEFAULT 'full' CHECK (episode_type IN ('full', 'trailer', 'bonus')),
  season integer,
  episode_number integer,
  enclosure_url text,
  enclosure_type text,
  media_bytes bigint CHECK (media_bytes >= 0),
  media_bytes_source text CHECK (media_bytes_source IN ('feed', 'file', 'import', 'api')),
  header_bytes bigint CHECK (header_bytes >= 0),
  header_bytes_source text CHECK (header_bytes_source IN ('file', 'import', 'api')),
  duration_seconds integer CHECK (duration_seconds >= 0),
  duration_source text CHECK (duration_source IN ('feed', 'file', 'import', 'api')),
  segment_ms integer CHECK (segment_ms > 0),
  metadata jsonb NOT NULL DEFAULT '{}',
  archived_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, podcast_id) REFERENCES podcasts (tenant_id, id),
  UNIQUE (tenant_id, podcast_id, guid, media_key)
);
COMMENT ON COLUMN episodes.segment_ms IS 'Length of an HLS segment, where the enclosure is a playlist; NULL takes 6 seconds.';
COMMENT ON COLUMN episodes.media_key IS 'Lower-case host and exact path of the enclosure, prefixes and query removed.';
CREATE INDEX IF NOT EXISTS episodes_created ON episodes (tenant_id, podcast_id, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS episodes_newest ON episodes (tenant_id, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS episodes_published ON episodes (tenant_id, podcast_id, published_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS episodes_released ON episodes (tenant_id, published_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS episodes_media_key ON episodes (tenant_id, media_key);
CREATE INDEX IF NOT EXISTS episodes_title_trgm ON episodes USING gin (tenant_id, title gin_trgm_ops);

-- What was known of an episode's file, from when on: counting a day reads what was known at an instant. Written by triggers
-- on episodes, below. What became known first holds for all time before it, too: requests may come in before the episode.
-- A row of -infinity says that a day was counted while nothing was known.
CREATE TABLE IF NOT EXISTS episode_files (
  tenant_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  known_from timestamptz NOT NULL,
  media_bytes bigint,
  header_bytes bigint,
  duration_seconds integer,
  PRIMARY KEY (tenant_id, episode_id, known_from),
  FOREIGN KEY (tenant_id, episode_id) REFERENCES episodes (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS episode_files_known ON episode_files (tenant_id, known_from);

-- Hosts to which requests for a podcast's files may be sent on. Nothing is redirected elsewhere.
CREATE TABLE IF NOT EXISTS podcast_hosts (
  tenant_id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  host text NOT NULL CHECK (host = lower(host) AND length(host) BETWEEN 1 AND 253),
  source text NOT NULL CHECK (source IN ('feed', 'manual')),
  verified_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, podcast_id, host),
  FOREIGN KEY (tenant_id, podcast_id) REFERENCES podcasts (tenant_id, id) ON DELETE CASCADE
);

-- Names in public addresses: /r/{handle} for a podcast. Unique over all tenants; one that is made up here is random.
CREATE TABLE IF NOT EXISTS public_handles (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('redirect', 'pixel', 'vanity')),
  handle text NOT NULL CHECK (handle ~ '^[a-z0-9][a-z0-9-]{2,63}$'),
  target_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, kind, handle)
);
-- Another index that does not start with tenant_id: a handle is looked up before its tenant is known.
CREATE UNIQUE INDEX IF NOT EXISTS public_handles_kind_handle_key ON public_handles (kind, handle);
CREATE INDEX IF NOT EXISTS public_handles_target ON public_handles (tenant_id, kind, target_id);

-- What happened to a podcast that explains a change in its numbers, for charts and for explain.
CREATE TABLE IF NOT EXISTS annotations (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  happened_at timestamptz NOT NULL,
  podcast_id uuid,
  episode_id uuid,
  kind text NOT NULL CHECK (kind IN ('enclosure_changed', 'prefix_changed', 'feed_moved', 'recount_applied',
                                     'list_changed', 'note')),
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX IF NOT EXISTS annotations_time ON annotations (tenant_id, happened_at);

-- ---------------------------------------------------------------------------------------------------------------
-- Raw facts: append-only, removed only by retention or erasure. Weekly partitions, Monday 00:00 UTC.
-- ---------------------------------------------------------------------------------------------------------------

-- An event is (tenant_id, occurred_at, event_id). Columns are ordered so that none needs padding; listener ids are
-- the first 64 bits of keyed hashes; the address they came from is never stored.
CREATE TABLE IF NOT EXISTS listener_events (
  tenant_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  event_id uuid NOT NULL,
  episode_id uuid,
  received_at timestamptz NOT NULL,
  payload_hash bigint NOT NULL,
  user_agent_id bigint,
  referrer_id bigint,
  network_id bigint,
  path_id bigint,
  audience_a bigint,
  audience_b bigint,
  count_id_today bigint,
  count_id_yesterday bigint,
  address_day_id bigint,
  net_id bigint,
  bytes_sent bigint,
  placement_id uuid,
  import_id uuid,
  position_ms integer,
  segment integer,
  segment_ms integer,
  status smallint,
  payload_hash_version smallint NOT NULL,
  trusted_sender boolean NOT NULL,
  event_type text NOT NULL CHECK (event_type IN ('download_request', 'play', 'pause', 'resume', 'seek', 'progress',
                                                 'complete', 'ad_delivered', 'ad_play')),
  method text,
  byte_range text,
  served_range int8range,
  session_id text,
  event_data jsonb,
  PRIMARY KEY (tenant_id, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);
COMMENT ON COLUMN listener_events.episode_id IS 'NULL for a request of something else than an episode: it is kept, and does not count. Set once, when an episode turns out to have that file.';
COMMENT ON COLUMN listener_events.payload_hash IS 'Tells a repeat from a contradiction. 0: the listener was erased, and whatever comes again is a repeat.';
COMMENT ON COLUMN listener_events.net_id IS 'The address alone under a key of its week: only where the tenant matches sponsors'' results by address.';
COMMENT ON COLUMN listener_events.path_id IS 'What was asked for, of a request that came in before an episode had that file; see paths.';
COMMENT ON COLUMN listener_events.segment IS 'Position of an HLS segment; -1 for a playlist; NULL for any other file.';
COMMENT ON COLUMN listener_events.byte_range IS 'The Range that was asked for.';
COMMENT ON COLUMN listener_events.served_range IS 'The Content-Range that was announced.';
-- Requests that belong to no episode so far, by what they asked for. Those of episodes take no room in it.
CREATE INDEX IF NOT EXISTS listener_events_unlocated ON listener_events (tenant_id, path_id, occurred_at)
  WHERE episode_id IS NULL AND path_id IS NOT NULL;

-- Signals of the sponsor side: clicks, pixels, conversions. Exposures and credit are derived from them elsewhere.
CREATE TABLE IF NOT EXISTS attribution_events (
  tenant_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  event_id uuid NOT NULL,
  received_at timestamptz NOT NULL,
  payload_hash bigint NOT NULL,
  payload_hash_version smallint NOT NULL,
  kind text NOT NULL,
  signals jsonb NOT NULL DEFAULT '{}',
  event_data jsonb,
  PRIMARY KEY (tenant_id, occurred_at, event_id)
) PARTITION BY RANGE (occurred_at);

-- Dictionaries: the id is the first 64 bits of SHA-256 over the text, so no look-up is needed to write an event.
CREATE TABLE IF NOT EXISTS user_agents (
  tenant_id uuid NOT NULL,
  id bigint NOT NULL,
  value text NOT NULL,
  app text,
  device text,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN user_agents.app IS 'Of the app, browser, library or bot, by the list that was in force when the text was new; NULL until a worker has looked.';
COMMENT ON COLUMN user_agents.device IS 'Category of the device, as app.';
-- Texts that nobody has looked at yet: few, and for a moment.
CREATE INDEX IF NOT EXISTS user_agents_unnamed ON user_agents (tenant_id, id) WHERE app IS NULL;
CREATE TABLE IF NOT EXISTS referrers (
  tenant_id uuid NOT NULL,
  id bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE TABLE IF NOT EXISTS paths (
  tenant_id uuid NOT NULL,
  id bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
-- What was known of the network of an address when its request came in. The id is made of all other columns.
CREATE TABLE IF NOT EXISTS networks (
  tenant_id uuid NOT NULL,
  id bigint NOT NULL,
  class text NOT NULL CHECK (class IN ('household', 'mobile', 'business', 'campus', 'hosting', 'vpn', 'relay', 'tor',
                                       'unknown')),
  asn bigint,
  country text,
  address_list text CHECK (address_list IN ('included', 'excluded')),
  list_entry_id uuid,
  PRIMARY KEY (tenant_id, id)
);

-- Addresses that the operator names: included ones are free of the limits on volume (PTMG v2.3 §5.5.2), excluded ones
-- never count. They act on requests that come in while they stand here. An inclusion ends 90 days after it was looked at.
CREATE TABLE IF NOT EXISTS address_lists (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('included', 'excluded')),
  network cidr NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  validated_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);

-- What a tenant says about agents and networks where lists are silent or too kind. Rule sets name those that they count
-- by, so a row only ever gains the time of its removal. With a pattern alone it names agents; with asn, country or
-- agent_kind it is a filter.
CREATE TABLE IF NOT EXISTS agent_overrides (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('app', 'browser', 'library', 'bot', 'datacentre')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  pattern text CHECK (length(pattern) BETWEEN 1 AND 500),
  agent_kind text CHECK (agent_kind IN ('app', 'browser', 'library', 'unknown')),
  asn bigint CHECK (asn BETWEEN 0 AND 4294967295),
  country text CHECK (country ~ '^[A-Z]{2}$'),
  valid_from date,
  valid_until date CHECK (valid_until > valid_from),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  removed_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  CHECK (CASE WHEN agent_kind IS NULL AND asn IS NULL AND country IS NULL THEN pattern IS NOT NULL AND kind <> 'datacentre'
              ELSE kind IN ('bot', 'datacentre') END)
);
COMMENT ON COLUMN agent_overrides.valid_until IS 'The first UTC day on which it no longer holds.';

-- Imports of access logs. One import holds all files of a period, because its listeners are hashed under its own keys.
CREATE TABLE IF NOT EXISTS imports (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
  first_day date,
  last_day date,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'replaced')),
  created_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE TABLE IF NOT EXISTS import_files (
  tenant_id uuid NOT NULL,
  import_id uuid NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  name text NOT NULL,
  format text NOT NULL,
  done_bytes bigint NOT NULL DEFAULT 0,
  done_lines bigint NOT NULL DEFAULT 0,
  stored bigint NOT NULL DEFAULT 0,
  duplicates bigint NOT NULL DEFAULT 0,
  conflicts bigint NOT NULL DEFAULT 0,
  not_episodes bigint NOT NULL DEFAULT 0,
  faults bigint NOT NULL DEFAULT 0,
  comments bigint NOT NULL DEFAULT 0,
  progress jsonb NOT NULL DEFAULT '{}',
  finished_at timestamptz,
  PRIMARY KEY (tenant_id, import_id, sha256),
  FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN import_files.done_bytes IS 'How far the file, unpacked, is stored: written with the rows themselves.';
COMMENT ON COLUMN import_files.duplicates IS 'Lines whose request was stored before: outcome duplicate_delivery.';
-- Duplicates by day and episode, so that a funnel accounts for every line that was delivered.
CREATE TABLE IF NOT EXISTS duplicate_deliveries (
  tenant_id uuid NOT NULL,
  import_id uuid NOT NULL,
  day date NOT NULL,
  episode_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  requests bigint NOT NULL,
  PRIMARY KEY (tenant_id, import_id, day, episode_id),
  FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);

-- Requests to a public address that were answered and are not recorded, as each process counted them: what a day lacks. They
-- are counts without anything of a listener, so that no erasure or export concerns them.
CREATE TABLE IF NOT EXISTS unrecorded_requests (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  day date NOT NULL,
  reason text NOT NULL CHECK (reason IN ('spool_full', 'spool_failed', 'too_old', 'refused')),
  requests bigint NOT NULL CHECK (requests > 0),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX IF NOT EXISTS unrecorded_requests_day ON unrecorded_requests (tenant_id, day);

-- How strong the proof behind an event is. Never added up across levels.
CREATE OR REPLACE FUNCTION evidence_level(p_event_type text, p_trusted_sender boolean, p_bytes_sent bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN p_event_type <> 'download_request' THEN 'client_confirmed'
              WHEN p_trusted_sender AND p_bytes_sent IS NOT NULL THEN 'origin_bytes'
              ELSE 'prefix_only' END
$$;

-- ---------------------------------------------------------------------------------------------------------------
-- Work list
-- ---------------------------------------------------------------------------------------------------------------

-- Appended in the transaction that writes the facts, deleted in the one that refreshes from them. Never unique:
-- a unique mark that already exists would swallow the news of a second write.
CREATE TABLE IF NOT EXISTS dirty_buckets (
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('count', 'slice', 'metrics_daily', 'detect', 'recount', 'privacy', 'locate',
                                     'release', 'publication', 'anomaly', 'export', 'export_expiry', 'audience',
                                     'aggregate', 'dimension', 'listening', 'agents')),
  bucket timestamptz NOT NULL,
  mark_id bigint GENERATED ALWAYS AS IDENTITY,
  marked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, kind, bucket, mark_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.5);

-- Which version of a tenant's numbers stands. Moved as the last statement of every transaction that changes what metrics
-- answer, so that the lock of the row, which keeps versions in the order of their commits, lasts only for the COMMIT.
CREATE TABLE IF NOT EXISTS aggregate_watermarks (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  version bigint NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- Where a tenant's raw events begin. Buckets before it are frozen: their raw rows are gone, so they are never recomputed.
CREATE TABLE IF NOT EXISTS raw_horizons (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  raw_from timestamptz NOT NULL,
  moved_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN raw_horizons.moved_at IS 'Raw rows are removed only a while later, when no refresh that began before can still be running.';

-- ---------------------------------------------------------------------------------------------------------------
-- Downloads: counted from raw facts under a rule set, at any time with the same result
-- ---------------------------------------------------------------------------------------------------------------

-- Everything that decides what counts. Immutable: a changed rule or list is a new version.
CREATE TABLE IF NOT EXISTS rule_sets (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  version text NOT NULL CHECK (length(version) BETWEEN 1 AND 50),
  valid_from date NOT NULL,
  rules jsonb NOT NULL,
  agent_list text NOT NULL,
  agent_overrides uuid[] NOT NULL DEFAULT '{}',
  note text NOT NULL DEFAULT '',
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, version)
);
COMMENT ON COLUMN rule_sets.valid_from IS 'First UTC day that is counted under it from the start. Other days need a recount.';
COMMENT ON COLUMN rule_sets.agent_list IS 'SHA-256 of the list that classifies agents; see lists.';
COMMENT ON COLUMN rule_sets.agent_overrides IS 'The rows of agent_overrides that it counts by, those removed since included.';

-- Under which rule set a UTC day's downloads are shown. A recount that is applied changes nothing but this.
CREATE TABLE IF NOT EXISTS counted_days (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  rule_set_id uuid NOT NULL,
  files_as_of timestamptz NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, day),
  FOREIGN KEY (tenant_id, rule_set_id) REFERENCES rule_sets (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN counted_days.files_as_of IS 'The day is counted with what was known of files then: at its end, or later, when it was first counted or its recount was asked for; of a file first asked for later, when that request came in.';

-- Notes in episode_files what a statement made known of files. Changes of one transaction leave one row.
--
-- The instant of a change is taken under a shared lock of the tenant, and the instant up to which a day or a recount knows
-- files under the exclusive one, each kept until its transaction ends. So whoever counts by an instant sees every change
-- of before it, and never one more later, though changes become visible in another order than they were begun.
--
-- A day that may still know the change is marked: the counter takes the addresses that asked for such a file.
CREATE OR REPLACE FUNCTION note_episode_files() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  known timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(t.tenant_id::text || 'episode_files', 0))
  FROM (SELECT DISTINCT w.tenant_id FROM written w) t;
  known := coalesce(nullif(current_setting('app.files_known_from', true), '')::timestamptz, clock_timestamp());
  PERFORM set_config('app.files_known_from', known::text, true);
  WITH noted AS (
    INSERT INTO public.episode_files AS f (tenant_id, episode_id, known_from, media_bytes, header_bytes, duration_seconds)
    -- Another transaction may have taken a later instant and changed the same file first: its row is the one to correct.
    SELECT w.tenant_id, w.id, greatest(known, l.known_from), w.media_bytes, w.header_bytes, w.duration_seconds
    FROM written w LEFT JOIN LATERAL (
      SELECT * FROM public.episode_files k WHERE k.tenant_id = w.tenant_id AND k.episode_id = w.id
      ORDER BY k.known_from DESC LIMIT 1
    ) l ON true
    WHERE (l.media_bytes, l.header_bytes, l.duration_seconds)
      IS DISTINCT FROM (w.media_bytes, w.header_bytes, w.duration_seconds)
    ON CONFLICT (tenant_id, episode_id, known_from) DO UPDATE SET media_bytes = EXCLUDED.media_bytes,
      header_bytes = EXCLUDED.header_bytes, duration_seconds = EXCLUDED.duration_seconds
    RETURNING f.tenant_id
  )
  INSERT INTO public.dirty_buckets (tenant_id, kind, bucket, marked_at)
  SELECT c.tenant_id, 'count', c.day::timestamp AT TIME ZONE 'UTC', known FROM public.counted_days c
  WHERE c.files_as_of >= known AND c.tenant_id IN (SELECT n.tenant_id FROM noted n);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION note_episode_files() FROM PUBLIC;
CREATE OR REPLACE TRIGGER episodes_added AFTER INSERT ON episodes
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_episode_files();
CREATE OR REPLACE TRIGGER episodes_changed AFTER UPDATE ON episodes
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_episode_files();

-- The same for engines without triggers, which note what their writers tell them. Here the triggers have done it.
CREATE OR REPLACE FUNCTION note_written_files(p_tenant uuid, p_episodes uuid[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog AS $$ SELECT $$;
REVOKE ALL ON FUNCTION note_written_files(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_written_files(uuid, uuid[]) TO podcast_app;

-- One row for each download. It is dated by its first piece and owned by the UTC day on which it was complete.
CREATE TABLE IF NOT EXISTS downloads (
  tenant_id uuid NOT NULL,
  rule_set_id uuid NOT NULL,
  settled_day date NOT NULL,
  address_day_id bigint NOT NULL,
  download_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  settled_at timestamptz NOT NULL,
  podcast_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  listener_id bigint NOT NULL,
  audience_a bigint,
  audience_b bigint,
  bytes bigint,
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only')),
  app text NOT NULL,
  device text NOT NULL,
  country text NOT NULL,
  PRIMARY KEY (tenant_id, rule_set_id, settled_day, address_day_id, download_id, settled_at)
);
COMMENT ON COLUMN downloads.download_id IS 'The event that completed it.';
CREATE INDEX IF NOT EXISTS downloads_time ON downloads (tenant_id, occurred_at);

-- Windows that are open at the end of a UTC day. Empty for calendar days.
CREATE TABLE IF NOT EXISTS count_carry (
  tenant_id uuid NOT NULL,
  rule_set_id uuid NOT NULL,
  day date NOT NULL,
  address_day_id bigint NOT NULL,
  listener_id bigint NOT NULL,
  episode_id uuid NOT NULL,
  evidence text NOT NULL,
  carry jsonb NOT NULL,
  PRIMARY KEY (tenant_id, rule_set_id, day, address_day_id, listener_id, episode_id, evidence)
);
CREATE INDEX IF NOT EXISTS count_carry_listener ON count_carry (tenant_id, rule_set_id, day, listener_id);

-- Counting a range of days again under another rule set: shown beside what stands, then applied or discarded by a person.
CREATE TABLE IF NOT EXISTS recounts (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  rule_set_id uuid NOT NULL,
  first_day date NOT NULL,
  last_day date NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'counted', 'applied', 'discarded', 'failed')),
  done_through date,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  counted_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  error text,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rule_set_id) REFERENCES rule_sets (tenant_id, id) ON DELETE CASCADE,
  CHECK (last_day >= first_day)
);
-- Requests by outcome before and after, where they differ.
CREATE TABLE IF NOT EXISTS recount_differences (
  tenant_id uuid NOT NULL,
  recount_id uuid NOT NULL,
  day date NOT NULL,
  podcast_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  evidence text NOT NULL,
  outcome_before text NOT NULL,
  outcome_after text NOT NULL,
  requests bigint NOT NULL,
  cause text NOT NULL DEFAULT 'rules_changed' CHECK (cause IN ('rules_changed', 'episode_file_changed')),
  PRIMARY KEY (tenant_id, recount_id, day, podcast_id, evidence, outcome_before, outcome_after, cause),
  FOREIGN KEY (tenant_id, recount_id) REFERENCES recounts (tenant_id, id) ON DELETE CASCADE
);

-- Numbers that were promised to somebody, such as on an invoice. No recount changes them.
CREATE TABLE IF NOT EXISTS snapshots (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  first_day date NOT NULL,
  last_day date NOT NULL,
  podcast_id uuid,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);
COMMENT ON COLUMN snapshots.podcast_id IS 'Only this podcast; NULL is all.';
CREATE TABLE IF NOT EXISTS snapshot_numbers (
  tenant_id uuid NOT NULL,
  snapshot_id uuid NOT NULL,
  day date NOT NULL,
  episode_id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  evidence text NOT NULL,
  rule_set_id uuid NOT NULL,
  downloads bigint NOT NULL,
  PRIMARY KEY (tenant_id, snapshot_id, day, episode_id, evidence, rule_set_id),
  FOREIGN KEY (tenant_id, snapshot_id) REFERENCES snapshots (tenant_id, id) ON DELETE CASCADE
);

-- Suspected invalid traffic. A finding changes no number: a person confirms it, and a recount leaves it out.
CREATE TABLE IF NOT EXISTS quarantines (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  day date NOT NULL,
  detector text NOT NULL,
  subject text NOT NULL,
  address_day_id bigint,
  podcast_id uuid,
  requests bigint NOT NULL,
  downloads bigint NOT NULL,
  evidence jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'dismissed')),
  found_at timestamptz NOT NULL DEFAULT now(),
  decided_by text,
  decided_at timestamptz,
  note text,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, day, detector, subject)
);

-- Requests of listeners to be forgotten, or to see what is stored. Kept, so that a restored database can apply them again.
CREATE TABLE IF NOT EXISTS privacy_requests (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('erasure', 'export')),
  listener_ids bigint[] NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'failed')),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  report jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id)
);

-- ---------------------------------------------------------------------------------------------------------------
-- Exports: files that a tenant asked for, written by a worker and kept for a day
-- ---------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS exports (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  table_name text NOT NULL,
  format text NOT NULL CHECK (format IN ('csv', 'ndjson', 'parquet')),
  range_from timestamptz,
  range_to timestamptz CHECK (range_to > range_from),
  podcast_id uuid,
  of_listeners boolean NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'expired')),
  position jsonb,
  pieces integer NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  done_at timestamptz,
  expires_at timestamptz,
  error text,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN exports.of_listeners IS 'Its rows are single requests of listeners: when one of them is erased, the file goes.';
COMMENT ON COLUMN exports.position IS 'Key of the last row that a piece holds. NULL before the first.';
CREATE INDEX IF NOT EXISTS exports_requested ON exports (tenant_id, requested_at DESC, id DESC);

-- The bytes of the files in their order, so that every copy of the API can serve them without a disk that all share.
CREATE TABLE IF NOT EXISTS export_pieces (
  tenant_id uuid NOT NULL,
  export_id uuid NOT NULL,
  piece integer NOT NULL,
  bytes bytea NOT NULL,
  layout bytea,
  PRIMARY KEY (tenant_id, export_id, piece),
  FOREIGN KEY (tenant_id, export_id) REFERENCES exports (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN export_pieces.layout IS 'What the end of a Parquet file has to say about the rows that begin in this piece.';

-- ---------------------------------------------------------------------------------------------------------------
-- Rollups: rebuilt from raw facts at any time with the same result
-- ---------------------------------------------------------------------------------------------------------------

-- Named metric values by episode. Grain `slice` is 5 minutes and comes from raw events; `hour` and `day` (UTC) are
-- sums of finer rows. All zeros: no rule set applies. What is told apart by app, device and country is read in
-- listener_dimensions, which has the same columns; here the dimension is always 'none'.
CREATE TABLE IF NOT EXISTS listener_metrics (
  tenant_id uuid NOT NULL,
  bucket timestamptz NOT NULL,
  podcast_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  rule_set_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  value bigint NOT NULL,
  grain text NOT NULL CHECK (grain IN ('slice', 'hour', 'day', 'month')),
  metric text NOT NULL,
  dimension text NOT NULL DEFAULT 'none' CHECK (dimension = 'none'),
  dimension_value text NOT NULL DEFAULT '' CHECK (dimension_value = ''),
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only', 'client_confirmed')),
  PRIMARY KEY (tenant_id, grain, dimension, bucket, episode_id, metric, dimension_value, evidence, rule_set_id)
);
-- Serves an episode, and rankings within a podcast. Without the value on purpose: an index that holds it turns
-- every refresh of a running bucket into new entries of every index.
CREATE INDEX IF NOT EXISTS listener_metrics_episode
  ON listener_metrics (tenant_id, episode_id, grain, dimension, metric, bucket);
-- Serves rankings of a whole network: a few hundred scans, one for each episode, cost more than the rows themselves.
CREATE INDEX IF NOT EXISTS listener_metrics_coarse
  ON listener_metrics (tenant_id, grain, dimension, metric, bucket, episode_id) WHERE grain IN ('day', 'month');

-- Sums of listener_metrics over episodes: a row for each podcast, and one of all zeros for the whole network, so that a
-- chart of either reads as little whether it has ten episodes or ten thousand.
CREATE TABLE IF NOT EXISTS listener_totals (
  tenant_id uuid NOT NULL,
  bucket timestamptz NOT NULL,
  podcast_id uuid NOT NULL,
  rule_set_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  value bigint NOT NULL,
  grain text NOT NULL CHECK (grain IN ('slice', 'hour', 'day', 'month')),
  metric text NOT NULL,
  dimension text NOT NULL DEFAULT 'none' CHECK (dimension = 'none'),
  dimension_value text NOT NULL DEFAULT '' CHECK (dimension_value = ''),
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only', 'client_confirmed')),
  PRIMARY KEY (tenant_id, grain, dimension, bucket, podcast_id, metric, dimension_value, evidence, rule_set_id)
);
CREATE INDEX IF NOT EXISTS listener_totals_podcast ON listener_totals (tenant_id, podcast_id, grain, dimension, metric, bucket);

-- Counts by app, device and country, one of these at a time: all names that a bucket knows are in one row. Nearly every
-- event of an hour has an app and a country of its own in its episode, so that a row for each name took 1,600 bytes an
-- event, mostly keys. Hours come from raw events and downloads; what changes in an hour is added to its day and month, and
-- what changes of an episode to its podcast and the network. A row from which all was taken away stays, without names.
--
-- Slices of 5 minutes are there, by episode, for hours that run or have just ended: only what changed in these is counted
-- again. They are no numbers to be read, and go when their hour is over.
CREATE TABLE IF NOT EXISTS dimension_counts (
  tenant_id uuid NOT NULL,
  bucket timestamptz NOT NULL,
  podcast_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  rule_set_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  grain text NOT NULL CHECK (grain IN ('slice', 'hour', 'day', 'month')),
  dimension text NOT NULL CHECK (dimension IN ('app', 'device', 'country')),
  metric text NOT NULL,
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only', 'client_confirmed')),
  names text[] NOT NULL,
  counts bigint[] NOT NULL CHECK (cardinality(counts) = cardinality(names)),
  PRIMARY KEY (tenant_id, podcast_id, episode_id, grain, dimension, metric, bucket, evidence, rule_set_id)
);
-- Serves who rebuilds, exports or removes a bucket. Few different entries, which take little room.
CREATE INDEX IF NOT EXISTS dimension_counts_bucket ON dimension_counts (tenant_id, grain, bucket);
COMMENT ON COLUMN dimension_counts.podcast_id IS 'All zeros: the whole network.';
COMMENT ON COLUMN dimension_counts.episode_id IS 'All zeros: all episodes of the podcast, or of the network.';
COMMENT ON COLUMN dimension_counts.names IS 'Ascending by code point, each with its count, none with 0.';

-- Listening inside episodes, by bins of 10 seconds: kind 'heard' is milliseconds heard in a bin, 'start' listenings that
-- began in it, 'ad' ads of a placement that did. Only bins with an amount are named. What changes in a slice is added to
-- its hour, day and month. Nothing in it is of a listener: what an erasure scrubs is read again without its session.
CREATE TABLE IF NOT EXISTS listening_positions (
  tenant_id uuid NOT NULL,
  bucket timestamptz NOT NULL,
  episode_id uuid NOT NULL,
  placement_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  grain text NOT NULL CHECK (grain IN ('slice', 'hour', 'day', 'month')),
  kind text NOT NULL CHECK (kind IN ('heard', 'start', 'ad')),
  bins smallint[] NOT NULL,
  amounts bigint[] NOT NULL CHECK (cardinality(amounts) = cardinality(bins)),
  PRIMARY KEY (tenant_id, grain, bucket, episode_id, kind, placement_id)
);
CREATE INDEX IF NOT EXISTS listening_positions_episode ON listening_positions (tenant_id, episode_id, grain, bucket);

CREATE TABLE IF NOT EXISTS metrics_daily (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  podcast_id uuid NOT NULL,
  metric text NOT NULL,
  evidence text NOT NULL,
  rule_set_id uuid NOT NULL,
  value bigint NOT NULL,
  episodes integer NOT NULL,
  refreshed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, day, podcast_id, metric, evidence, rule_set_id)
);
COMMENT ON COLUMN metrics_daily.episodes IS 'Episodes with a value above zero on that UTC day.';

-- From when on an episode's age is counted: its date of publication, floored to a quarter of an hour, as it was when its curve
-- was built. Where the two differ, the whole curve is built anew.
CREATE TABLE IF NOT EXISTS release_starts (
  tenant_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, episode_id)
);

-- Downloads by age: day 0 is the first 24 hours since release_starts.started_at. Days without any have no row, what was
-- downloaded before is left out, and so is what came after a year. Other features may read it.
CREATE TABLE IF NOT EXISTS release_curves (
  tenant_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  rule_set_id uuid NOT NULL,
  downloads bigint NOT NULL,
  age_day integer NOT NULL CHECK (age_day BETWEEN 0 AND 365),
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only')),
  PRIMARY KEY (tenant_id, episode_id, age_day, evidence, rule_set_id)
);

-- Sums of release_curves over rule sets and ages: downloads within so many days since publication, as far as they have passed.
CREATE TABLE IF NOT EXISTS release_totals (
  tenant_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  days_1 bigint NOT NULL,
  days_7 bigint NOT NULL,
  days_30 bigint NOT NULL,
  days_60 bigint NOT NULL,
  days_90 bigint NOT NULL,
  days_366 bigint NOT NULL,
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only')),
  PRIMARY KEY (tenant_id, episode_id, evidence)
);

-- Numbers of a day that are far from what is usual, with the likely reason. They change no number, and hold nothing of a
-- listener: counts, names of apps and numbers of networks.
CREATE TABLE IF NOT EXISTS alerts (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  day date NOT NULL,
  hours integer NOT NULL CHECK (hours BETWEEN 1 AND 24),
  metric text NOT NULL CHECK (metric = 'downloads'),
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only')),
  direction text NOT NULL CHECK (direction IN ('above', 'below')),
  expected double precision NOT NULL,
  actual bigint NOT NULL,
  z double precision NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved')),
  likely_reason text NOT NULL CHECK (likely_reason IN ('recount_applied', 'missing_log_file', 'new_bot', 'feed_change',
                                                       'new_release', 'no_release', 'unknown')),
  reasons jsonb NOT NULL DEFAULT '[]',
  found_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  acknowledged_by text,
  acknowledged_at timestamptz,
  note text,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, podcast_id, day, metric, evidence, direction),
  FOREIGN KEY (tenant_id, podcast_id) REFERENCES podcasts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN alerts.hours IS 'How many hours of the UTC day were compared.';
CREATE INDEX IF NOT EXISTS alerts_found ON alerts (tenant_id, found_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS alerts_day ON alerts (tenant_id, day);

-- Who listened: for each UTC day, show, level of evidence and rule set, the smallest 2,500 audience ids of the downloads
-- that began on it. Ids are the first 64 bits of keyed hashes, so in the order of bigint, which is that of the unsigned
-- number less 2^63, they lie evenly between the two ends of the type, and how dense the smallest ones lie says how many
-- there are. Sketches of days, episodes and podcasts merge into those of their unions by putting ids together.
-- They hold nothing that downloads do not: what erasure takes from downloads goes with the next rebuild of the day.
CREATE TABLE IF NOT EXISTS audience_sketches (
  tenant_id uuid NOT NULL,
  podcast_id uuid NOT NULL,
  episode_id uuid NOT NULL,
  rule_set_id uuid NOT NULL,
  day date NOT NULL,
  series text NOT NULL CHECK (series IN ('a', 'b')),
  evidence text NOT NULL CHECK (evidence IN ('origin_bytes', 'prefix_only')),
  listeners bigint NOT NULL CHECK (listeners >= cardinality(hashes)),
  unidentified bigint NOT NULL CHECK (unidentified >= 0),
  threshold bigint,
  hashes bigint[] NOT NULL,
  PRIMARY KEY (tenant_id, podcast_id, episode_id, series, evidence, day, rule_set_id)
);
CREATE INDEX IF NOT EXISTS audience_sketches_day ON audience_sketches (tenant_id, day);
-- Hashes do not compress: trying costs more than it saves.
ALTER TABLE audience_sketches ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON COLUMN audience_sketches.podcast_id IS 'All zeros: the whole network.';
COMMENT ON COLUMN audience_sketches.episode_id IS 'All zeros: all episodes of the podcast, or of the network.';
COMMENT ON COLUMN audience_sketches.series IS 'Which of the two audience ids: their keys change half a period apart.';
COMMENT ON COLUMN audience_sketches.listeners IS 'Different ids of the day, counted.';
COMMENT ON COLUMN audience_sketches.unidentified IS 'Downloads without an id: of addresses that were cut, and of listeners that were erased.';
COMMENT ON COLUMN audience_sketches.threshold IS 'The last of the hashes, where there are more ids than are kept; NULL: these are all.';
COMMENT ON COLUMN audience_sketches.hashes IS 'Ascending.';
-- What retention has taken of a tenant's rollups and downloads: rows of a level before its instant are gone or about to go,
-- and questions that need them are refused. NULL: nothing is gone. Moves forward only. No instant lies after that of the
-- level below, nor after raw_horizons.raw_from: whatever may still be refreshed has all of its rows.
CREATE TABLE IF NOT EXISTS retention_horizons (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  quarters_until timestamptz,
  downloads_from timestamptz,
  slices_from timestamptz,
  hours_from timestamptz,
  days_from timestamptz,
  months_from timestamptz,
  moved_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN retention_horizons.quarters_until IS 'Slices of the UTC days before it are 15 minutes wide, later ones 5.';
COMMENT ON COLUMN retention_horizons.days_from IS 'The first of a UTC month, so that a month has all of its days or none.';

-- How much a tenant has stored, as it was measured on a UTC day. Counts without anything of a listener.
CREATE TABLE IF NOT EXISTS storage_usage (
  tenant_id uuid NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  day date NOT NULL,
  relation text NOT NULL,
  level text NOT NULL CHECK (level IN ('raw', 'download', 'slice', 'hour', 'day', 'month')),
  rows bigint NOT NULL,
  bytes bigint,
  measured_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, day, relation, level)
);
COMMENT ON COLUMN storage_usage.bytes IS 'Rows by the average size of a row of that relation with its share of the indexes; NULL before it was analysed.';



-- Event counts under the names that every engine gives them.
CREATE OR REPLACE VIEW listener_events_hourly WITH (security_invoker = true) AS
  SELECT tenant_id, bucket, podcast_id, episode_id, metric AS event_type, evidence, value AS events
  FROM listener_metrics
  WHERE grain = 'hour' AND dimension = 'none' AND rule_set_id = '00000000-0000-0000-0000-000000000000'
    AND metric <> 'listen_time';
CREATE OR REPLACE VIEW listener_events_daily WITH (security_invoker = true) AS
  SELECT tenant_id, bucket, podcast_id, episode_id, metric AS event_type, evidence, value AS events
  FROM listener_metrics
  WHERE grain = 'day' AND dimension = 'none' AND rule_set_id = '00000000-0000-0000-0000-000000000000'
    AND metric <> 'listen_time';

-- Counts by app, device and country in the columns of listener_metrics, a row for each name. All zeros for the episode: all
-- of the podcast; for the podcast, too: the whole network.
CREATE OR REPLACE VIEW listener_dimensions WITH (security_invoker = true) AS
  SELECT d.tenant_id, d.bucket, d.podcast_id, d.episode_id, d.rule_set_id, u.value, d.grain, d.metric, d.dimension,
         u.dimension_value, d.evidence
  FROM dimension_counts d CROSS JOIN LATERAL unnest(d.names, d.counts) AS u (dimension_value, value)
  WHERE d.grain IN ('hour', 'day', 'month');

-- Rebuilds metrics_daily for the UTC days p_from to p_to, both included, from listener_metrics. Runs as its caller,
-- so row-level security decides what it may read and write.
CREATE OR REPLACE FUNCTION refresh_metrics_daily(p_tenant uuid, p_from date, p_to date) RETURNS integer
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public AS $$
DECLARE
  written integer;
BEGIN
  DELETE FROM metrics_daily WHERE tenant_id = p_tenant AND day BETWEEN p_from AND p_to;
  INSERT INTO metrics_daily (tenant_id, day, podcast_id, metric, evidence, rule_set_id, value, episodes)
  SELECT tenant_id, (bucket AT TIME ZONE 'UTC')::date, podcast_id, metric, evidence, rule_set_id,
         sum(value), count(*) FILTER (WHERE value > 0)
  FROM listener_metrics
  WHERE tenant_id = p_tenant AND grain = 'day' AND dimension = 'none'
    AND bucket >= (p_from::timestamp AT TIME ZONE 'UTC') AND bucket < ((p_to + 1)::timestamp AT TIME ZONE 'UTC')
  GROUP BY 1, 2, 3, 4, 5, 6;
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END $$;
REVOKE ALL ON FUNCTION refresh_metrics_daily(uuid, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_metrics_daily(uuid, date, date) TO podcast_app;

-- ---------------------------------------------------------------------------------------------------------------
-- Partitions
-- ---------------------------------------------------------------------------------------------------------------

-- Makes the weekly partitions of the raw tables that cover [p_from, p_to). Built beside the parent and attached, which
-- does not block readers and writers. Returns how many were made.
CREATE OR REPLACE FUNCTION ensure_partitions(p_from timestamptz, p_to timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  parent text;
  week timestamptz;
  part text;
  made integer := 0;
BEGIN
  IF p_to - p_from > interval '10 years' OR p_to < p_from THEN
    RAISE EXCEPTION 'a range of at most ten years is required' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('podcast.partitions', 0));
  FOREACH parent IN ARRAY ARRAY['listener_events', 'attribution_events'] LOOP
    week := date_trunc('week', p_from, 'UTC');
    WHILE week < p_to LOOP
      part := format('%s_p%s', parent, to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD'));
      IF to_regclass('public.' || part) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, parent);
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', parent, part,
                       to_char(week AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00"'),
                       to_char((week + interval '7 days') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00"'));
        made := made + 1;
      END IF;
      week := week + interval '7 days';
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION ensure_partitions(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions(timestamptz, timestamptz) TO podcast_maintenance;

-- Drops the weekly partitions that end at or before p_before. Refuses to touch the acceptance window.
CREATE OR REPLACE FUNCTION drop_partitions_before(p_before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  part record;
  dropped integer := 0;
BEGIN
  IF p_before > now() - interval '8 days' THEN
    RAISE EXCEPTION 'partitions younger than eight days are kept' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('podcast.partitions', 0));
  FOR part IN
    SELECT c.oid::regclass AS name
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('public.listener_events'::regclass, 'public.attribution_events'::regclass)
      AND (substring(pg_get_expr(c.relpartbound, c.oid) FROM $re$TO \('([^']+)'\)$re$))::timestamptz <= p_before
  LOOP
    EXECUTE format('DROP TABLE %s', part.name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION drop_partitions_before(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_partitions_before(timestamptz) TO podcast_maintenance;

-- When the tenant's oldest raw event happened. Runs as its caller, whose policies let it see and delete those of any tenant.
CREATE OR REPLACE FUNCTION oldest_raw_event(p_tenant uuid) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
BEGIN
  RETURN (SELECT min(occurred_at) FROM public.listener_events WHERE tenant_id = p_tenant);
END $$;
REVOKE ALL ON FUNCTION oldest_raw_event(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oldest_raw_event(uuid) TO podcast_maintenance;

-- Deletes the tenant's raw events of [p_from, p_to), and returns how many there were.
CREATE OR REPLACE FUNCTION delete_raw_events(p_tenant uuid, p_from timestamptz, p_to timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  deleted bigint;
BEGIN
  DELETE FROM public.listener_events WHERE tenant_id = p_tenant AND occurred_at >= p_from AND occurred_at < p_to;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END $$;
REVOKE ALL ON FUNCTION delete_raw_events(uuid, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delete_raw_events(uuid, timestamptz, timestamptz) TO podcast_maintenance;

-- From which instant to which raw events can be stored: no gap lies between.
CREATE OR REPLACE FUNCTION partition_horizon() RETURNS TABLE (covered_from timestamptz, covered_to timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  WITH bounds AS (
    SELECT (substring(b FROM $re$FROM \('([^']+)'\)$re$))::timestamptz AS low,
           (substring(b FROM $re$TO \('([^']+)'\)$re$))::timestamptz AS high
    FROM (SELECT pg_get_expr(c.relpartbound, c.oid) AS b
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'public.listener_events'::regclass) p
  ), runs AS (
    SELECT low, high, low - (row_number() OVER (ORDER BY low)) * interval '7 days' AS run FROM bounds
  )
  SELECT min(low), max(high) FROM runs GROUP BY run HAVING now() >= min(low) AND now() < max(high)
$$;

SELECT ensure_partitions(now() - interval '9 days', now() + interval '28 days');

-- ---------------------------------------------------------------------------------------------------------------
-- Walls and grants
-- ---------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['tenants', 'tenant_settings', 'tenant_quotas', 'api_keys', 'listener_keys', 'listener_key_secrets', 'podcasts',
                           'episodes', 'episode_files', 'listener_events', 'attribution_events', 'user_agents', 'referrers',
                           'dirty_buckets', 'aggregate_watermarks', 'raw_horizons', 'retention_horizons', 'storage_usage',
                           'listener_metrics', 'listener_totals', 'dimension_counts',
                           'metrics_daily', 'podcast_hosts', 'public_handles', 'annotations', 'paths', 'networks', 'address_lists',
                           'imports', 'import_files', 'duplicate_deliveries', 'rule_sets', 'counted_days', 'downloads',
                           'count_carry', 'recounts', 'recount_differences', 'snapshots', 'snapshot_numbers',
                           'quarantines', 'privacy_requests', 'agent_overrides', 'unrecorded_requests',
                           'listening_positions', 'release_starts', 'release_curves', 'release_totals', 'alerts', 'exports',
                           'export_pieces', 'audience_sketches'] LOOP
    PERFORM public.secure_tenant_table(format('public.%I', t)::regclass);
  END LOOP;
  -- The internal team reads across tenants, but neither secrets nor raw events.
  FOREACH t IN ARRAY ARRAY['tenants', 'tenant_settings', 'tenant_quotas', 'podcasts', 'episodes', 'listener_metrics',
                           'listener_totals', 'dimension_counts', 'metrics_daily', 'listening_positions'] LOOP
    PERFORM public.open_tenant_table(format('public.%I', t)::regclass, 'admin_read', 'SELECT', 'podcast_admin');
    EXECUTE format('GRANT SELECT ON public.%I TO podcast_admin', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['tenants', 'tenant_settings', 'podcasts', 'raw_horizons', 'dirty_buckets', 'listener_events',
                           'attribution_events', 'listener_keys', 'address_lists'] LOOP
    PERFORM public.open_tenant_table(format('public.%I', t)::regclass, 'maintenance_read', 'SELECT', 'podcast_maintenance');
  END LOOP;
  FOREACH t IN ARRAY ARRAY['listener_events', 'attribution_events', 'dirty_buckets'] LOOP
    PERFORM public.open_tenant_table(format('public.%I', t)::regclass, 'maintenance_delete', 'DELETE', 'podcast_maintenance');
  END LOOP;
  FOREACH t IN ARRAY ARRAY['podcasts', 'episodes'] LOOP
    PERFORM public.open_tenant_table(format('public.%I', t)::regclass, 'search_read', 'SELECT', 'podcast_search');
    EXECUTE format('GRANT SELECT ON public.%I TO podcast_search', t);
  END LOOP;
  PERFORM public.open_tenant_table('public.api_keys', 'lookup_read', 'SELECT', 'podcast_lookup');
  PERFORM public.open_tenant_table('public.public_handles', 'lookup_read', 'SELECT', 'podcast_lookup');
  PERFORM public.open_tenant_table('public.tenants', 'lookup_read', 'SELECT', 'podcast_lookup');
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON tenants, tenant_settings, tenant_quotas, api_keys, podcasts, episodes,
  dirty_buckets, raw_horizons, listener_metrics, listener_totals, dimension_counts, metrics_daily, podcast_hosts, public_handles,
  counted_days, downloads, count_carry, recount_differences, listening_positions, release_starts, release_curves,
  release_totals, exports, export_pieces, audience_sketches, retention_horizons, storage_usage TO podcast_app;
GRANT SELECT, INSERT, UPDATE ON aggregate_watermarks TO podcast_app; -- versions never begin again
GRANT SELECT, INSERT ON listener_events, attribution_events, user_agents, referrers, paths, networks
  TO podcast_app; -- facts stay as they came
-- Except what names a listener, which erasure takes away.
GRANT UPDATE (user_agent_id, referrer_id, network_id, path_id, audience_a, audience_b, count_id_today, count_id_yesterday,
              address_day_id, net_id, session_id, event_data, payload_hash) ON listener_events TO podcast_app;
-- And what an episode that becomes known later says about a request of its file.
GRANT UPDATE (episode_id, segment, segment_ms) ON listener_events TO podcast_app;
-- Texts that nobody sends any more go too. UPDATE changes nothing: it is what the lock of a row asks for.
GRANT UPDATE (value), DELETE ON user_agents, referrers, paths TO podcast_app;
GRANT UPDATE (app, device) ON user_agents TO podcast_app; -- named by a worker, once
GRANT SELECT, INSERT ON rule_sets, snapshots, snapshot_numbers, annotations TO podcast_app; -- never changed
GRANT SELECT, INSERT, UPDATE (removed_at) ON agent_overrides TO podcast_app; -- rule sets name them
GRANT SELECT, INSERT, UPDATE ON address_lists, imports, import_files, duplicate_deliveries, recounts, quarantines,
  privacy_requests, unrecorded_requests, alerts TO podcast_app;
-- History, but for what the same transaction made known before.
GRANT SELECT, INSERT, UPDATE (media_bytes, header_bytes, duration_seconds) ON episode_files TO podcast_app;
GRANT SELECT, INSERT, UPDATE ON listener_keys TO podcast_app;
GRANT SELECT, INSERT, DELETE ON listener_key_secrets TO podcast_app;
GRANT SELECT ON listener_events_hourly, listener_events_daily, listener_dimensions TO podcast_app;

GRANT SELECT (tenant_id, status) ON tenants TO podcast_maintenance;
GRANT SELECT (tenant_id, kind, validated_at, removed_at) ON address_lists TO podcast_maintenance;
GRANT SELECT (tenant_id, raw_retention_days) ON tenant_settings TO podcast_maintenance;
GRANT SELECT (tenant_id, id, feed_lane, feed_next_check_at, archived_at, created_at) ON podcasts TO podcast_maintenance;
GRANT SELECT (tenant_id, raw_from, moved_at) ON raw_horizons TO podcast_maintenance;
GRANT SELECT (tenant_id, kind, bucket, mark_id, marked_at), DELETE ON dirty_buckets TO podcast_maintenance;
GRANT SELECT (tenant_id, purpose, period, import_id, destroy_after, destroyed_at) ON listener_keys TO podcast_maintenance;
GRANT SELECT (tenant_id, occurred_at), DELETE ON listener_events, attribution_events TO podcast_maintenance;
GRANT SELECT (tenant_id, key_id, kind, scopes, trusted_sender, secret_hash, expires_at, revoked_at) ON api_keys TO podcast_lookup;
GRANT SELECT (tenant_id, status) ON tenants TO podcast_lookup;
GRANT SELECT (tenant_id, kind, handle, target_id) ON public_handles TO podcast_lookup;

RESET ROLE;

-- ---------------------------------------------------------------------------------------------------------------
-- Doors: functions that see more than their caller. Each is owned by a role that may read just what it needs, takes
-- the tenant from the context or returns only keys, and is closed to PUBLIC. In plpgsql all of them: Citus cannot plan a
-- statement with the parameters of a function in SQL.
-- ---------------------------------------------------------------------------------------------------------------

-- From here on nothing reads a row. PostgreSQL checks a function's text as the login that creates it, and a login that is
-- no superuser is subject to the walls.
SET LOCAL row_security = on;
GRANT CREATE ON SCHEMA public TO podcast_lookup, podcast_maintenance, podcast_search;

-- The credential behind a key id, whatever its tenant. The caller compares the hash.
CREATE OR REPLACE FUNCTION resolve_api_key(p_key_id text)
RETURNS TABLE (tenant_id uuid, kind text, scopes text[], trusted_sender boolean, secret_hash bytea, expires_at timestamptz,
               revoked_at timestamptz, tenant_status text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT k.tenant_id, k.kind, k.scopes, k.trusted_sender, k.secret_hash, k.expires_at, k.revoked_at, t.status
    FROM public.api_keys k JOIN public.tenants t ON t.tenant_id = k.tenant_id
    WHERE k.key_id = p_key_id;
END $$;
ALTER FUNCTION resolve_api_key(text) OWNER TO podcast_lookup;

CREATE OR REPLACE FUNCTION resolve_platform_key(p_key_id text)
RETURNS TABLE (name text, secret_hash bytea, revoked_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT p.name, p.secret_hash, p.revoked_at FROM public.platform_keys p WHERE p.key_id = p_key_id;
END $$;
ALTER FUNCTION resolve_platform_key(text) OWNER TO podcast_lookup;

-- The target of a public handle, whatever its tenant.
CREATE OR REPLACE FUNCTION resolve_public_handle(p_kind text, p_handle text)
RETURNS TABLE (tenant_id uuid, target_id uuid, tenant_status text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT h.tenant_id, h.target_id, t.status
    FROM public.public_handles h JOIN public.tenants t ON t.tenant_id = h.tenant_id
    WHERE h.kind = p_kind AND h.handle = p_handle;
END $$;
ALTER FUNCTION resolve_public_handle(text, text) OWNER TO podcast_lookup;

-- All public handles of a kind, a page at a time: an edge holds them in memory, to answer while the database is away.
CREATE OR REPLACE FUNCTION list_public_handles(p_kind text, p_after text, p_limit integer)
RETURNS TABLE (handle text, tenant_id uuid, target_id uuid, tenant_status text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT h.handle, h.tenant_id, h.target_id, t.status
    FROM public.public_handles h JOIN public.tenants t ON t.tenant_id = h.tenant_id
    WHERE h.kind = p_kind AND h.handle > p_after
    ORDER BY h.handle
    LIMIT p_limit;
END $$;
ALTER FUNCTION list_public_handles(text, text, integer) OWNER TO podcast_lookup;

-- The oldest work of one kind, of every tenant. Says where work waits, never what it is about.
CREATE OR REPLACE FUNCTION due_work(p_kind text, p_limit integer)
RETURNS TABLE (tenant_id uuid, key timestamptz, due_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT d.tenant_id, d.bucket, min(d.marked_at)
    FROM public.dirty_buckets d
    WHERE d.kind = p_kind
    GROUP BY d.tenant_id, d.bucket
    ORDER BY min(d.marked_at)
    LIMIT p_limit;
END $$;
ALTER FUNCTION due_work(text, integer) OWNER TO podcast_maintenance;

-- Feeds whose time has come, of every tenant: the longest due of each tenant and of each host first, so that neither a
-- large network nor a slow host holds up the others; tenants that are suspended wait. Says neither where a feed is nor
-- what it is about.
CREATE OR REPLACE FUNCTION due_feeds(p_limit integer)
RETURNS TABLE (tenant_id uuid, podcast_id uuid, lane bigint, due_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH due AS (
      SELECT p.tenant_id, p.id, p.feed_lane, coalesce(p.feed_next_check_at, p.created_at) AS due_at
      FROM public.podcasts p JOIN public.tenants t ON t.tenant_id = p.tenant_id AND t.status = 'active'
      WHERE p.feed_lane IS NOT NULL AND p.archived_at IS NULL
        AND (p.feed_next_check_at IS NULL OR p.feed_next_check_at <= now())
    ), of_tenant AS (
      SELECT due.*, row_number() OVER (PARTITION BY due.tenant_id ORDER BY due.due_at) AS turn FROM due
    ), of_host AS (
      SELECT of_tenant.*, row_number() OVER (PARTITION BY feed_lane ORDER BY turn, of_tenant.due_at) AS host_turn FROM of_tenant
    )
    SELECT of_host.tenant_id, of_host.id, of_host.feed_lane, of_host.due_at
    FROM of_host
    ORDER BY greatest(turn, host_turn), of_host.due_at
    LIMIT p_limit;
END $$;
ALTER FUNCTION due_feeds(integer) OWNER TO podcast_maintenance;

-- How many inclusions of addresses each tenant has that nobody validated since p_before. Names no address.
CREATE OR REPLACE FUNCTION lapsed_inclusions(p_before timestamptz) RETURNS TABLE (tenant_id uuid, entries bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT a.tenant_id, count(*)
    FROM public.address_lists a
    WHERE a.kind = 'included' AND a.removed_at IS NULL AND a.validated_at <= p_before
    GROUP BY a.tenant_id
    ORDER BY a.tenant_id;
END $$;
ALTER FUNCTION lapsed_inclusions(timestamptz) OWNER TO podcast_maintenance;

-- Before this instant the aggregates that all tenants share are never computed again: the raw events of some tenant are
-- gone there. NULL where the engine has no such aggregates, or no tenant's events were removed yet.
CREATE OR REPLACE FUNCTION aggregate_horizon() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  RETURN (SELECT max(h.raw_from) FROM public.raw_horizons h WHERE to_regclass('public.episode_events_hourly') IS NOT NULL);
END $$;
ALTER FUNCTION aggregate_horizon() OWNER TO podcast_maintenance;

-- Ids of the context tenant's podcasts whose title contains the query or resembles it, best first; of equals the shorter
-- title. The policy of podcast_search is open, so that the trigram index can be used; the tenant is therefore compared
-- here. A query of one or two characters has no trigram of its own and only asks whether it is contained; a plan made
-- for any query would score every title for it. Not more than 10,000 matches are ranked: scoring costs some 10
-- microseconds each, and a query that finds more says too little anyway.
CREATE OR REPLACE FUNCTION search_podcasts(p_query text, p_limit integer)
RETURNS TABLE (id uuid, score real)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, public, extensions
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  t uuid := nullif(current_setting('app.current_tenant', true), '')::uuid;
  pattern text := '%' || replace(replace(replace(p_query, '\', '\\'), '%', '\%'), '_', '\_') || '%';
BEGIN
  IF t IS NULL THEN RAISE EXCEPTION 'no tenant' USING ERRCODE = '42501'; END IF;
  RETURN QUERY
    SELECT m.id, word_similarity(p_query, m.title)
    FROM (SELECT p.id, p.title FROM public.podcasts p
          WHERE p.tenant_id = t AND p.archived_at IS NULL
            AND (p.title ILIKE pattern OR (length(p_query) > 2 AND p_query <% p.title))
          LIMIT 10000) m
    ORDER BY 2 DESC, length(m.title), m.id
    LIMIT p_limit;
END $$;
ALTER FUNCTION search_podcasts(text, integer) OWNER TO podcast_search;

-- The same for episodes, of one podcast or of all that are not archived.
CREATE OR REPLACE FUNCTION search_episodes(p_query text, p_podcast uuid, p_limit integer)
RETURNS TABLE (id uuid, score real)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, public, extensions
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  t uuid := nullif(current_setting('app.current_tenant', true), '')::uuid;
  pattern text := '%' || replace(replace(replace(p_query, '\', '\\'), '%', '\%'), '_', '\_') || '%';
BEGIN
  IF t IS NULL THEN RAISE EXCEPTION 'no tenant' USING ERRCODE = '42501'; END IF;
  RETURN QUERY
    SELECT m.id, word_similarity(p_query, m.title)
    FROM (SELECT e.id, e.title FROM public.episodes e
          WHERE e.tenant_id = t AND e.archived_at IS NULL
            AND (e.title ILIKE pattern OR (length(p_query) > 2 AND p_query <% e.title))
            AND CASE WHEN p_podcast IS NOT NULL THEN e.podcast_id = p_podcast
                     ELSE e.podcast_id <> ALL (ARRAY(SELECT p.id FROM public.podcasts p
                                                     WHERE p.tenant_id = t AND p.archived_at IS NOT NULL)) END
          LIMIT 10000) m
    ORDER BY 2 DESC, length(m.title), m.id
    LIMIT p_limit;
END $$;
ALTER FUNCTION search_episodes(text, uuid, integer) OWNER TO podcast_search;

REVOKE CREATE ON SCHEMA public FROM podcast_lookup, podcast_maintenance, podcast_search;
REVOKE ALL ON FUNCTION resolve_api_key(text), resolve_platform_key(text), resolve_public_handle(text, text),
  list_public_handles(text, text, integer), due_work(text, integer), due_feeds(integer), lapsed_inclusions(timestamptz),
  aggregate_horizon(), search_podcasts(text, integer),
  search_episodes(text, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolve_api_key(text), resolve_platform_key(text), resolve_public_handle(text, text),
  list_public_handles(text, text, integer), due_work(text, integer), due_feeds(integer), lapsed_inclusions(timestamptz),
  aggregate_horizon(), search_podcasts(text, integer),
  search_episodes(text, uuid, integer) TO podcast_app;

COMMIT;
