import type { LoginSession } from '../../connect-as-login.js';
import type { RolledUpDays } from './roll-up-history.sql.js';

/** Ids that the product keeps in a sketch. */
const SKETCH_SIZE = 2_500;
const NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid";
const LEVEL = 'day, evidence, rule_set_id';

const sketches = (series: 'a' | 'b') => `
  INSERT INTO audience_sketches (tenant_id, series, podcast_id, episode_id, day, evidence, rule_set_id, listeners,
                                 unidentified, threshold, hashes)
  SELECT t.tenant_id, '${series}', s.podcast_id, s.episode_id, s.day, s.evidence, s.rule_set_id, cardinality(s.ids), 0,
         CASE WHEN cardinality(s.ids) > ${SKETCH_SIZE} THEN s.ids[${SKETCH_SIZE}] END, s.ids[:${SKETCH_SIZE}]
  FROM bench.tenants t
  CROSS JOIN LATERAL (
    SELECT coalesce(podcast_id, ${NOBODY}) AS podcast_id, coalesce(episode_id, ${NOBODY}) AS episode_id, ${LEVEL},
           array_agg(DISTINCT audience_${series} ORDER BY audience_${series}) AS ids
    FROM (SELECT d.*, (d.occurred_at AT TIME ZONE 'UTC')::date AS day FROM downloads d
          JOIN counted_days c ON c.tenant_id = d.tenant_id AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
          WHERE d.tenant_id = t.tenant_id AND d.occurred_at >= $1 AND d.occurred_at < $2) shown
    GROUP BY GROUPING SETS ((podcast_id, episode_id, ${LEVEL}), (podcast_id, ${LEVEL}), (${LEVEL}))
    OFFSET 0
  ) s`;

/** Writes the sketches of UTC days that have none, for all tenants. Every download has its listener's ids. */
export async function rollUpListeners({ sql }: LoginSession, { from, to }: RolledUpDays): Promise<void> {
  for (const series of ['a', 'b'] as const) await sql(sketches(series), [from, to]);
}
