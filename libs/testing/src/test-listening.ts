import { createHash, randomUUID } from 'node:crypto';
import { audiencePeriod } from '@lib/primitives';
import type { TestDatabase } from './test-database.js';

/** A download by somebody whose ids follow from a number, so that a test knows who is who. */
export interface TestListening {
  ruleSetId: string;
  at: Date;
  podcastId: string;
  episodeId: string;
  /** Null: nobody knows who it was. */
  listener: number | null;
  evidence: 'origin_bytes' | 'prefix_only';
  app?: string;
  device?: string;
  country?: string;
  /** Names the import whose keys it was hashed under; live traffic's when left out. */
  importKey?: string;
}

/** The audience ids of a listener at an instant, as text of a bigint: others in each key period, and of each import. */
export function testAudienceIds(
  listener: number,
  at: Date,
  periodDays: number,
  importKey = 'live',
): { a: string; b: string } {
  const [a = '', b = ''] = (['audience_a', 'audience_b'] as const).map((series) => {
    const { period } = audiencePeriod(series, at, periodDays);
    const hash = createHash('sha256').update(`${series} ${period} ${importKey} ${listener}`).digest();
    return hash.readBigInt64BE().toString();
  });
  return { a, b };
}

/** Stores downloads that are complete the moment they begin, past every wall. Their days are not shown by that. */
export async function storeTestListening(
  { owner }: TestDatabase,
  tenantId: string,
  periodDays: number,
  rows: readonly TestListening[],
): Promise<void> {
  const ids = rows.map(({ listener, at, importKey }) =>
    listener === null ? null : testAudienceIds(listener, at, periodDays, importKey),
  );
  await owner.query(
    `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, audience_a, audience_b, evidence, app, device, country)
     SELECT $1, r.rule, (r.at AT TIME ZONE 'UTC')::date, 1, r.id, r.at, r.at, r.podcast, r.episode, 1, r.a, r.b, r.evidence,
            r.app, r.device, r.country
     FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::bigint[], $8::bigint[],
                 $9::text[], $10::text[], $11::text[], $12::text[])
       AS r (rule, id, at, podcast, episode, a, b, evidence, app, device, country)`,
    [
      tenantId,
      rows.map(({ ruleSetId }) => ruleSetId),
      rows.map(() => randomUUID()),
      rows.map(({ at }) => at),
      rows.map(({ podcastId }) => podcastId),
      rows.map(({ episodeId }) => episodeId),
      ids.map((each) => each?.a ?? null),
      ids.map((each) => each?.b ?? null),
      rows.map(({ evidence }) => evidence),
      rows.map(({ app = 'unknown' }) => app),
      rows.map(({ device = 'unknown' }) => device),
      rows.map(({ country = '' }) => country),
    ],
  );
}

/** Shows UTC days, `YYYY-MM-DD`, under a rule set, and marks them for the audience. */
export async function showTestDays(
  { owner }: TestDatabase,
  tenantId: string,
  ruleSetId: string,
  days: readonly string[],
): Promise<void> {
  await owner.query(
    `WITH shown AS (
       INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
       SELECT $1, day, $2, now() FROM unnest($3::date[]) AS d (day)
       ON CONFLICT (tenant_id, day) DO UPDATE SET rule_set_id = EXCLUDED.rule_set_id
       RETURNING day
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, 'audience', day::timestamp AT TIME ZONE 'UTC' FROM shown`,
    [tenantId, ruleSetId, days],
  );
}
