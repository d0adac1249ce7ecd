-- What the engine `timescale` makes of the master's schema: part of the same transaction, after the master and before its
-- COMMIT, on an empty database only. Needs the extension timescaledb, 2.17 or newer. Without its community licence there
-- are hypertables, and the aggregates stay the rollups of our workers.
--
-- Row-level security, continuous aggregates and columnstore exclude each other on a hypertable, and chunks have grants but
-- no policies. So the hypertables stand in a schema that no role of the application may enter, and views with the names
-- of the master's tables are the wall: they show and take rows of the context's tenant only.

SET LOCAL search_path = public, extensions;
SET LOCAL row_security = off;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    RAISE EXCEPTION 'the engine timescale needs the extension timescaledb, which this database does not have'
      USING HINT = 'Install it on the server, add it to shared_preload_libraries and let this login create it.';
  END IF;
END $$;

-- Anybody might call these, and so drop or freeze the chunks of every tenant; the last one ends the whole server, on the
-- Apache edition. Some are there twice, in two schemas.
DO $$
DECLARE
  f record;
BEGIN
  FOR f IN SELECT p.oid::regprocedure AS name, p.oid FROM pg_proc p
           JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
           JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'timescaledb'
           WHERE p.proname IN ('drop_chunk', 'drop_osm_chunk', 'attach_osm_table_chunk', 'create_chunk',
             'create_compressed_chunk', 'freeze_chunk', 'unfreeze_chunk', 'hypertable_osm_range_update',
             'lock_osm_chunk_dimension_slice', 'recompress_chunk_segmentwise', 'remove_dropped_chunk_metadata',
             'chunk_rewrite_cleanup', 'chunk_constraint_add_table_constraint', 'add_job',
             'estimate_compressed_batch_size') LOOP
    EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', f.name);
    IF has_function_privilege('public', f.oid, 'EXECUTE') THEN
      RAISE EXCEPTION 'everybody may call %, which harms every tenant, and this login cannot close it', f.name
        USING HINT = 'Have a superuser create the extension and run this block of db/engines/timescale.sql, or take partitions.';
    END IF;
  END LOOP;
END $$;

CREATE SCHEMA ts AUTHORIZATION podcast_owner;
SET LOCAL ROLE podcast_owner;

-- ---------------------------------------------------------------------------------------------------------------
-- Raw facts: hypertables behind views, a chunk for each UTC day
-- ---------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
  own constant text := 'tenant_id = (SELECT nullif(current_setting(''app.current_tenant'', true), '''')::uuid)';
  t text;
  rights text[];
  each text;
BEGIN
  FOREACH t IN ARRAY ARRAY['listener_events', 'attribution_events'] LOOP
    EXECUTE format('CREATE TABLE ts.%I (LIKE public.%I INCLUDING ALL)', t, t);
    PERFORM create_hypertable(format('ts.%I', t)::regclass, by_range('occurred_at', interval '1 day'),
                              create_default_indexes => false);
    -- The view takes over what the application may do with the table.
    SELECT array_agg(r.privilege || coalesce(r.columns, '')) INTO rights FROM (
      SELECT a.privilege_type AS privilege, NULL AS columns
      FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.oid = format('public.%I', t)::regclass AND a.grantee = 'podcast_app'::regrole
      UNION ALL
      SELECT a.privilege_type, format(' (%s)', string_agg(quote_ident(c.attname), ', '))
      FROM pg_attribute c, aclexplode(c.attacl) a
      WHERE c.attrelid = format('public.%I', t)::regclass AND a.grantee = 'podcast_app'::regrole
      GROUP BY a.privilege_type
    ) r;
    EXECUTE format('DROP TABLE public.%I', t);
    EXECUTE format('CREATE VIEW public.%I WITH (security_barrier) AS SELECT * FROM ts.%I WHERE %s WITH CASCADED CHECK OPTION',
                   t, t, own);
    FOREACH each IN ARRAY rights LOOP
      EXECUTE format('GRANT %s ON public.%I TO podcast_app', each, t);
    END LOOP;
  END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Named metric values: a hypertable behind a view as well, a chunk for 52 weeks
-- ---------------------------------------------------------------------------------------------------------------

-- Every statement is planned for all chunks, since most learn only while they run which ones they need: with three years
-- stored, planning the refresh of an hour takes 0.6 ms as a table, 2 ms with chunks of 52 weeks, 25 ms with 4 and 150 ms with
-- one. Rows stay uncompressed: months are added to for as long as late events come, and a recount may change any day.
DO $$
DECLARE
  own constant text := 'tenant_id = (SELECT nullif(current_setting(''app.current_tenant'', true), '''')::uuid)';
  each text;
BEGIN
  ALTER TABLE public.listener_metrics SET SCHEMA ts;
  FOR each IN SELECT polname FROM pg_policy WHERE polrelid = 'ts.listener_metrics'::regclass LOOP
    EXECUTE format('DROP POLICY %I ON ts.listener_metrics', each);
  END LOOP;
  ALTER TABLE ts.listener_metrics NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
  -- Chunks would inherit these. The internal team reads across tenants what is added up by podcast.
  REVOKE ALL ON ts.listener_metrics FROM podcast_app, podcast_admin;
  PERFORM create_hypertable('ts.listener_metrics', by_range('bucket', interval '364 days'), create_default_indexes => false);
  EXECUTE format('CREATE VIEW public.listener_metrics WITH (security_barrier) AS SELECT * FROM ts.listener_metrics WHERE %s
                  WITH CASCADED CHECK OPTION', own);
  GRANT SELECT, INSERT, UPDATE, DELETE ON public.listener_metrics TO podcast_app;
  -- The views over it went with it.
  FOREACH each IN ARRAY ARRAY['listener_events_hourly', 'listener_events_daily'] LOOP
    EXECUTE format('CREATE OR REPLACE VIEW public.%I WITH (security_invoker = true) AS %s', each,
                   replace(pg_get_viewdef(format('public.%I', each)::regclass), 'ts.listener_metrics', 'public.listener_metrics'));
  END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- The functions of the master that know how raw rows are stored
-- ---------------------------------------------------------------------------------------------------------------

-- Chunks are made by whoever writes the first row of a day.
CREATE OR REPLACE FUNCTION ensure_partitions(p_from timestamptz, p_to timestamptz) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$ SELECT 0 $$;

CREATE OR REPLACE FUNCTION partition_horizon() RETURNS TABLE (covered_from timestamptz, covered_to timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  SELECT now() - interval '10 years', now() + interval '10 years' -- for any time
$$;

-- Drops the chunks that end at or before p_before. Refuses to touch the acceptance window.
CREATE OR REPLACE FUNCTION drop_partitions_before(p_before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, extensions AS $$
BEGIN
  IF p_before > now() - interval '8 days' THEN
    RAISE EXCEPTION 'partitions younger than eight days are kept' USING ERRCODE = '22023';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('podcast.partitions', 0));
  RETURN (SELECT count(*) FROM unnest(ARRAY['ts.listener_events', 'ts.attribution_events']) t,
                               drop_chunks(t::regclass, older_than => p_before));
END $$;

-- The views show nothing to maintenance, which acts for no tenant: these two take the tenant as an argument instead.
CREATE OR REPLACE FUNCTION oldest_raw_event(p_tenant uuid) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT min(occurred_at) FROM ts.listener_events WHERE tenant_id = p_tenant
$$;

CREATE OR REPLACE FUNCTION delete_raw_events(p_tenant uuid, p_from timestamptz, p_to timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  deleted bigint;
BEGIN
  DELETE FROM ts.listener_events WHERE tenant_id = p_tenant AND occurred_at >= p_from AND occurred_at < p_to;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- With the community licence: columnstore and continuous aggregates
-- ---------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
  own constant text := 'tenant_id = (SELECT nullif(current_setting(''app.current_tenant'', true), '''')::uuid)';
  t text;
BEGIN
  IF current_setting('timescaledb.license') <> 'timescale' THEN RETURN; END IF;

  FOREACH t IN ARRAY ARRAY['listener_events', 'attribution_events'] LOOP
    EXECUTE format($sql$ALTER TABLE ts.%I SET (timescaledb.compress, timescaledb.compress_segmentby = 'tenant_id',
                        timescaledb.compress_orderby = 'occurred_at, event_id')$sql$, t);
  END LOOP;

  -- Counts name no listener, so that no erasure concerns them. Without the podcast: an episode's own row has it.
  CREATE MATERIALIZED VIEW ts.listener_events_hourly
    WITH (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) AS
    SELECT tenant_id, time_bucket(interval '1 hour', occurred_at) AS bucket, episode_id, event_type,
           public.evidence_level(event_type, trusted_sender, bytes_sent) AS evidence, count(*) AS events
    FROM ts.listener_events WHERE episode_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5 WITH NO DATA;
  CREATE MATERIALIZED VIEW ts.listener_events_daily
    WITH (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) AS
    SELECT tenant_id, time_bucket(interval '1 day', bucket) AS bucket, episode_id, event_type, evidence,
           sum(events)::bigint AS events
    FROM ts.listener_events_hourly GROUP BY 1, 2, 3, 4, 5 WITH NO DATA;

  FOREACH t IN ARRAY ARRAY['hourly', 'daily'] LOOP
    EXECUTE format('CREATE INDEX ON ts.%I (tenant_id, bucket)', 'listener_events_' || t);
    EXECUTE format('CREATE VIEW public.%I WITH (security_barrier) AS SELECT * FROM ts.%I WHERE %s',
                   'episode_events_' || t, 'listener_events_' || t, own);
    EXECUTE format('GRANT SELECT ON public.%I TO podcast_app', 'episode_events_' || t);
    EXECUTE format('CREATE OR REPLACE VIEW public.%I WITH (security_invoker = true) AS
                    SELECT h.tenant_id, h.bucket, e.podcast_id, h.episode_id, h.event_type, h.evidence, h.events
                    FROM public.%I h JOIN public.episodes e ON e.tenant_id = h.tenant_id AND e.id = h.episode_id',
                   'listener_events_' || t, 'episode_events_' || t);
  END LOOP;
END $$;

UPDATE schema_info SET engine = 'timescale';
RESET ROLE;
