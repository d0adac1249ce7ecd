-- What the engine `citus` makes of the master's schema: part of the same transaction, after the master and before its
-- COMMIT, on an empty database only. Needs the extension citus, 13 or newer, with all of its nodes registered.
--
-- Rows of a tenant lie together on one node: every tenant table is distributed by tenant_id and co-located with the others,
-- so that a statement that says `tenant_id = $1` runs wholly on that node, joins, keys and locks included. The work list is
-- one of them: work is claimed tenant by tenant. What is looked up before a tenant is known stays with the coordinator.
--
-- It runs as the login, a superuser: to the other nodes each role has a connection, and so a transaction, of its own, and none
-- sees what another has not committed. Owners stay as the master made them.

SET LOCAL search_path = public, extensions;
SET LOCAL row_security = off;
SET LOCAL citus.multi_shard_modify_mode = 'sequential'; -- all tables in one transaction

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    RAISE EXCEPTION 'this database has timescaledb: together with citus, joins lose rows without an error'
      USING HINT = 'Take an empty database without the extension timescaledb.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
    RAISE EXCEPTION 'the engine citus needs the extension citus, which this database does not have'
      USING HINT = 'Create the extension in this database on every node, and register the nodes with the coordinator.';
  END IF;
END $$;

UPDATE schema_info SET engine = 'citus'; -- from here on, secure_tenant_table writes policies that nodes can run

-- Only SET LOCAL as a statement reaches the other nodes, which run the policies.
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
  EXECUTE 'SET LOCAL citus.propagate_set_commands = ''local''';
  EXECUTE format('SET LOCAL app.current_tenant = %L', p_tenant::text);
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Where tables lie
-- ---------------------------------------------------------------------------------------------------------------

DROP TRIGGER episodes_added ON episodes; -- nodes have no triggers
DROP TRIGGER episodes_changed ON episodes;
DROP FUNCTION note_episode_files();
-- What they did, told by whoever writes episodes.
CREATE OR REPLACE FUNCTION note_written_files(p_tenant uuid, p_episodes uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  known timestamptz;
  marked date;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(p_tenant::text || 'episode_files', 0));
  known := coalesce(nullif(current_setting('app.files_known_from', true), '')::timestamptz, clock_timestamp());
  PERFORM set_config('app.files_known_from', known::text, true);
  INSERT INTO public.episode_files (tenant_id, episode_id, known_from, media_bytes, header_bytes, duration_seconds)
  SELECT w.tenant_id, w.id, greatest(known, l.known_from), w.media_bytes, w.header_bytes, w.duration_seconds
  FROM public.episodes w LEFT JOIN LATERAL (
    SELECT * FROM public.episode_files k WHERE k.tenant_id = p_tenant AND k.episode_id = w.id
    ORDER BY k.known_from DESC LIMIT 1
  ) l ON true
  WHERE w.tenant_id = p_tenant AND w.id = ANY (p_episodes)
    AND (l.media_bytes, l.header_bytes, l.duration_seconds)
      IS DISTINCT FROM (w.media_bytes, w.header_bytes, w.duration_seconds)
  ON CONFLICT (tenant_id, episode_id, known_from) DO UPDATE SET media_bytes = EXCLUDED.media_bytes,
    header_bytes = EXCLUDED.header_bytes, duration_seconds = EXCLUDED.duration_seconds;
  IF NOT FOUND THEN RETURN; END IF;
  FOR marked IN SELECT c.day FROM public.counted_days c WHERE c.tenant_id = p_tenant AND c.files_as_of >= known LOOP
    INSERT INTO public.dirty_buckets (tenant_id, kind, bucket, marked_at)
    VALUES (p_tenant, 'count', marked::timestamp AT TIME ZONE 'UTC', known);
  END LOOP;
END $$;

SET LOCAL row_security = on; -- Citus looks whether the tables are empty

-- Foreign keys are laid aside meanwhile: with them, Citus would make another table of each that refers to one.
DO $$
DECLARE
  tables constant text[] := ARRAY(SELECT polrelid::regclass::text FROM pg_policy WHERE polname = 'tenant_wall');
  keys text[];
  key text;
  t text;
BEGIN
  SELECT array_agg(format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)))
    INTO keys FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace;
  FOR key IN SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
             WHERE contype = 'f' AND connamespace = 'public'::regnamespace LOOP
    EXECUTE key;
  END LOOP;

  FOREACH t IN ARRAY tables LOOP
    EXECUTE format('DROP POLICY tenant_isolation ON %I', t);
    EXECUTE format('DROP POLICY tenant_wall ON %I', t);
  END LOOP;

  -- Small, and read together with keys and handles, before a tenant is known: on every node.
  PERFORM create_reference_table('tenants');
  -- Unique over all tenants, and so not to be distributed: on the coordinator.
  PERFORM citus_add_local_table_to_metadata(u) FROM unnest(ARRAY['api_keys', 'public_handles']) u;
  PERFORM create_distributed_table('tenant_settings', 'tenant_id', colocate_with => 'none');
  FOREACH t IN ARRAY tables LOOP
    IF t::regclass NOT IN (SELECT logicalrelid FROM pg_dist_partition) THEN
      PERFORM create_distributed_table(t, 'tenant_id', colocate_with => 'tenant_settings');
    END IF;
  END LOOP;

  FOREACH key IN ARRAY keys LOOP
    EXECUTE key;
  END LOOP;

  -- Only now: Citus passes policies on, but its copies are all permissive, those of the coordinator's tables too.
  FOREACH t IN ARRAY tables LOOP
    PERFORM secure_tenant_table(t::regclass);
  END LOOP;
END $$;

SELECT create_distributed_function('evidence_level(text, boolean, bigint)'); -- statements call it where the rows are


-- Anybody might run commands at other nodes with these, outside of the transaction that names the tenant.
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname LIKE 'run\_command\_on\_%' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;
