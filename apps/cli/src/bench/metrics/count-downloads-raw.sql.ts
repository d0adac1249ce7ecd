import { utcDate } from '@lib/primitives';
import type { LoginSession } from '../../connect-as-login.js';
import { firstDayOf, type Asking, type NetworkQuestion } from './network-questions.js';

/**
 * Counts the downloads of a question one by one, in a transaction of `podcast_app` with the tenant's context.
 *
 * @returns counts, highest first
 */
export async function countDownloadsRaw(
  { client }: LoginSession,
  question: NetworkQuestion,
  asking: Asking,
): Promise<number[]> {
  const { tenant, episodeId, to } = asking;
  await client.query(
    `BEGIN READ ONLY; SET LOCAL statement_timeout = 0; SELECT set_tenant_context('${tenant.tenantId}')`,
  );
  const ofEpisode = question.ofEpisode === true ? 'AND d.episode_id = $5' : '';
  const { rows } = await client.query<{ evidence: string; value: string }>(
    `WITH shown AS (
       SELECT d.*, d.occurred_at AT TIME ZONE $4 AS at FROM downloads d
       JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
       WHERE d.tenant_id = $1 AND d.occurred_at >= $2::timestamp AT TIME ZONE $4
         AND d.occurred_at < $3::timestamp AT TIME ZONE $4 ${ofEpisode}
     )
     ${question.raw} ORDER BY value DESC`,
    [
      tenant.tenantId,
      firstDayOf(question, asking),
      utcDate(to),
      tenant.timeZone,
      ...(question.ofEpisode === true ? [episodeId] : []),
    ],
  );
  await client.query('COMMIT');
  const { perLevel = Infinity } = question;
  const seen = new Map<string, number>();
  const listed = rows.filter(({ evidence }) => {
    const before = seen.get(evidence) ?? 0;
    seen.set(evidence, before + 1);
    return before < perLevel;
  });
  return listed.map(({ value }) => Number(value));
}
