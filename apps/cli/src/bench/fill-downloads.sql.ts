import { randomUUID } from 'node:crypto';
import type { LoginSession } from '../connect-as-login.js';

/** Shows whose listeners overlap, with one download of a quarter of them on each UTC day. */
export interface AudienceHistory {
  readonly tenantId: string;
  readonly podcastIds: readonly string[];
  /** Of each show. Two fifths of them listen to the next show too. */
  readonly listeners: number;
  /** `YYYY-MM-DD`. */
  readonly firstDay: string;
  readonly days: number;
}

/**
 * Makes counted downloads by arithmetic, inside the server, shows their days and marks them for the audience. Ids of
 * listeners are hashes of their numbers.
 */
export async function fillDownloads(
  { sql }: LoginSession,
  { tenantId, podcastIds, listeners, firstDay, days }: AudienceHistory,
  onProgress: (days: number) => void,
): Promise<void> {
  const ruleSetId = randomUUID();
  await sql(
    `INSERT INTO rule_sets (tenant_id, id, version, valid_from, rules, agent_list, created_by)
     VALUES ($1, $2, 'bench', '2020-01-01', '{"window": "calendar_day"}', '', 'bench')`,
    [tenantId, ruleSetId],
  );
  for (let day = 0; day < days; day += 1) {
    await sql(
      `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                              podcast_id, episode_id, listener_id, audience_a, audience_b, evidence, app, device, country)
       SELECT $1, $2, $3::date + $4::integer, listener, gen_random_uuid(), at, at, podcast, podcast, listener,
              hashint8extended(listener, 101), hashint8extended(listener, 102), 'origin_bytes', 'Overcast', 'mobile', 'DE'
       FROM unnest($5::uuid[]) WITH ORDINALITY AS p (podcast, number)
       CROSS JOIN LATERAL generate_series((number - 1) * $6::bigint * 3 / 5, (number - 1) * $6::bigint * 3 / 5 + $6 - 1)
         AS l (listener)
       CROSS JOIN LATERAL (
         SELECT ($3::date + $4::integer)::timestamp AT TIME ZONE 'UTC' + (listener % 86400) * interval '1 second' AS at
       ) t
       WHERE (hashint8extended(listener, $4::integer + number * 1000) & 3) = 0`,
      [tenantId, ruleSetId, firstDay, day, podcastIds, listeners],
    );
    onProgress(day + 1);
  }
  await sql(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
     SELECT $1, $2::date + n, $3, now() FROM generate_series(0, $4::integer - 1) AS n`,
    [tenantId, firstDay, ruleSetId, days],
  );
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, 'audience', ($2::date + n)::timestamp AT TIME ZONE 'UTC' FROM generate_series(0, $3::integer - 1) AS n`,
    [tenantId, firstDay, days],
  );
  await sql('VACUUM (ANALYZE) downloads');
  await sql('CHECKPOINT');
}
