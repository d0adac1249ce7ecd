import type { LoginSession } from '../../connect-as-login.js';
import type { BenchTenant } from './bench-tenant.js';

/** Days before the history on which the first episodes came out: whoever listens to old ones finds them. */
export const CATALOGUE_DAYS = 180;
/** Apps, and as many countries. */
export const NAMES = 60;

/**
 * Stores the tenants in `bench.tenants`, out of the product's way, and makes their catalogues, agents and networks:
 * every podcast has an episode a week.
 */
export async function storeNetworks(
  { sql }: LoginSession,
  tenants: readonly BenchTenant[],
  firstDay: Date,
  days: number,
): Promise<void> {
  await sql(`CREATE SCHEMA bench`);
  await sql(
    `CREATE TABLE bench.tenants AS
     SELECT number, tenant_id, key, time_zone, share, podcasts, gen_random_uuid() AS rule_set_id
     FROM jsonb_to_recordset('${JSON.stringify(tenants.map(toRow))}')
       AS t (number integer, tenant_id uuid, key text, time_zone text, share float8, podcasts integer)`,
  );
  await sql(
    `CREATE TABLE bench.episodes AS
     SELECT t.number, t.tenant_id, p.podcast_no, p.podcast_id, episode_no, gen_random_uuid() AS episode_id,
            '${firstDay.toISOString()}'::timestamptz
              + ((t.number + 3 * p.podcast_no) % 7 + 7 * episode_no - ${CATALOGUE_DAYS}) * interval '24 hours' AS published_at
     FROM (SELECT number, podcast_no, gen_random_uuid() AS podcast_id
           FROM bench.tenants, generate_series(1, podcasts) AS podcast_no) p
     JOIN bench.tenants t USING (number)
     CROSS JOIN generate_series(0, (${CATALOGUE_DAYS} + ${days}) / 7) AS episode_no`,
  );
  await sql(
    `INSERT INTO podcasts (tenant_id, id, title)
     SELECT DISTINCT tenant_id, podcast_id, 'Podcast ' || podcast_no FROM bench.episodes`,
  );
  await sql(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at)
     SELECT tenant_id, episode_id, podcast_id, episode_id::text, 'Episode ' || episode_no, published_at FROM bench.episodes`,
  );
  await sql(
    `INSERT INTO user_agents (tenant_id, id, value, app, device)
     SELECT tenant_id, n, 'App ' || n, 'App ' || n, (ARRAY['mobile', 'mobile', 'desktop', 'speaker'])[1 + n % 4]
     FROM bench.tenants, generate_series(1, ${NAMES}) AS n`,
  );
  await sql(
    `INSERT INTO networks (tenant_id, id, class, country)
     SELECT tenant_id, n, 'household', chr(65 + n % 26) || chr(65 + n / 26)
     FROM bench.tenants, generate_series(1, ${NAMES}) AS n`,
  );
  await sql('ANALYZE bench.tenants, bench.episodes, podcasts, episodes, user_agents, networks');
}

/** Takes away what came in so far, with what would follow from it. */
export async function forgetRequests({ sql }: LoginSession): Promise<void> {
  await sql('TRUNCATE listener_events, dirty_buckets');
  await sql('DELETE FROM downloads');
  await sql('DELETE FROM user_agents WHERE app IS NULL');
}

function toRow({ tenantId, timeZone, ...rest }: BenchTenant): object {
  return { ...rest, tenant_id: tenantId, time_zone: timeZone };
}

/** The tenants of a database that was filled, the largest first. */
export function storedTenants({ sql }: LoginSession): Promise<BenchTenant[]> {
  return sql<BenchTenant>(
    `SELECT number, tenant_id AS "tenantId", key, time_zone AS "timeZone", share, podcasts
     FROM bench.tenants ORDER BY number`,
  );
}
