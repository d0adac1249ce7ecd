import type pg from 'pg';

/** The time-series engine that this version makes schemas for. */
const ENGINE = 'partitions';

/**
 * Why this version may not migrate the database; undefined where it may. The engine is chosen once, on an empty database,
 * and recorded in `schema_info`.
 * @param wanted TIME_SERIES_ENGINE, where the environment names one
 */
export async function engineFault(
  client: Pick<pg.ClientBase, 'query'>,
  wanted: string | undefined,
): Promise<string | undefined> {
  const recorded = await recordedEngine(client);
  const asked = `TIME_SERIES_ENGINE is ${wanted}`;
  if (recorded === undefined)
    return [undefined, ENGINE].includes(wanted)
      ? undefined
      : `${asked}: this version makes schemas for ${ENGINE} only`;
  if (wanted !== undefined && wanted !== recorded)
    return `${asked}, but the database was migrated for ${recorded}; the engine is chosen once`;
  return recorded === ENGINE
    ? undefined
    : `the database was migrated for ${recorded}: this version changes schemas for ${ENGINE} only`;
}

/** Undefined where the database has no schema. */
async function recordedEngine(client: Pick<pg.ClientBase, 'query'>): Promise<string | undefined> {
  const { rows: found } = await client.query("SELECT to_regclass('public.schema_migrations') AS name");
  if ((found[0] as { name: string | null }).name === null) return undefined;
  const { rows } = await client.query<{ engine: string }>('SELECT engine FROM public.schema_info');
  return rows[0]?.engine ?? 'none';
}
