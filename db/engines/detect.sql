-- The engine of an empty database for which nobody named one, asked once the master has run: citus where its extension was
-- created in the database, which the master never does. Else timescale with TimescaleDB's community licence, where what
-- TimescaleDB lets everybody do to chunks is closed, or can be closed by this login, which only a superuser can.
SELECT CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN 'citus'
            WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
             AND current_setting('timescaledb.license', true) = 'timescale'
             AND (current_setting('is_superuser') = 'on'
                  OR NOT has_function_privilege('public', to_regprocedure('_timescaledb_functions.drop_chunk(regclass)'), 'EXECUTE'))
            THEN 'timescale' ELSE 'partitions' END AS engine
