-- What the engine `citus` needs before the master, in a transaction of its own: nodes open connections to each other as the
-- role in force, so that every role must be there, and may log in, on all of them. None gets a password here:
-- `pg_dist_authinfo` and pg_hba.conf of the nodes say how they let each other in.
DO $$
DECLARE
  r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['podcast_owner', 'podcast_app', 'podcast_maintenance', 'podcast_admin', 'podcast_search',
                           'podcast_lookup', 'podcast_queue'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', r);
    ELSIF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = r) THEN
      EXECUTE format('ALTER ROLE %I LOGIN', r);
    END IF;
  END LOOP;
END $$;
-- What the master creates is passed on with the first table that needs it.
SET citus.create_object_propagation = 'deferred';
