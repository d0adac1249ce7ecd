import type pg from 'pg';

type Reader = Pick<pg.ClientBase, 'query'>;

/** The time-series engines that this version makes schemas for. */
const ENGINES = ['partitions', 'timescale', 'citus'];

/**
 * Why this version may not migrate the database; undefined where it may. The engine is chosen once, on an empty database,
 * and recorded in `schema_info`.
 * @param wanted TIME_SERIES_ENGINE, where the environment names one
 */
export async function engineFault(client: Reader, wanted: string | undefined): Promise<string | undefined> {
  const recorded = await recordedEngine(client);
  const asked = `TIME_SERIES_ENGINE is ${wanted}`;
  if (recorded === undefined) {
    if (wanted !== undefined && !ENGINES.includes(wanted))
      return `${asked}: this version makes schemas for ${ENGINES.join(' and ')} only`;
    return extensionFault(client, wanted, asked);
  }
  if (wanted !== undefined && wanted !== recorded)
    return `${asked}, but the database was migrated for ${recorded}; the engine is chosen once`;
  return ENGINES.includes(recorded)
    ? extensionFault(client, recorded, `the database was migrated for ${recorded}`)
    : `the database was migrated for ${recorded}: this version changes schemas for ${ENGINES.join(' and ')} only`;
}

/** Undefined where the database has no schema. */
async function recordedEngine(client: Reader): Promise<string | undefined> {
  const { rows: found } = await client.query("SELECT to_regclass('public.schema_migrations') AS name");
  if ((found[0] as { name: string | null }).name === null) return undefined;
  const { rows } = await client.query<{ engine: string }>('SELECT engine FROM public.schema_info');
  return rows[0]?.engine ?? 'none';
}

/** What the wanted engine misses on the server. Together, TimescaleDB and Citus lose rows of joins without an error. */
async function extensionFault(
  client: Reader,
  wanted: string | undefined,
  asked: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>('SELECT extname AS name FROM pg_extension');
  const created = rows.map(({ name }) => name);
  if (created.includes('citus') && (created.includes('timescaledb') || wanted === 'timescale'))
    return 'this database has Citus, which never goes together with TimescaleDB: take another one';
  if (wanted === 'citus' && !created.includes('citus'))
    return `${asked}, but the extension citus was not created in this database`;
  return wanted === 'timescale' && !(await timescaleLoads(client))
    ? `${asked}, but the server has no TimescaleDB, or does not preload it`
    : undefined;
}

/** The setting is one of the extension's loader, which is there only where the server preloads it. */
async function timescaleLoads(client: Reader): Promise<boolean> {
  const { rows } = await client.query<{ loads: boolean }>(
    `SELECT current_setting('timescaledb.disable_load', true) IS NOT NULL
            AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS loads`,
  );
  return rows[0]?.loads === true;
}
