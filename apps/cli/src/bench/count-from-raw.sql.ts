import type { LoginSession } from '../connect-as-login.js';
import type { DashboardQuestion } from './dashboard-questions.js';

/**
 * Counts the events of a question one by one, in a transaction of `podcast_app` with the tenant's context.
 *
 * @returns counts, highest first
 */
export async function countFromRaw(
  { client }: LoginSession,
  tenantId: string,
  { key, metrics, from, to, podcastId }: DashboardQuestion,
): Promise<number[]> {
  await client.query(`BEGIN; SET LOCAL statement_timeout = 0; SELECT set_tenant_context('${tenantId}')`);
  const ofPodcast =
    podcastId === null
      ? ''
      : 'AND l.episode_id IN (SELECT id FROM episodes WHERE tenant_id = $1 AND podcast_id = $5)';
  const { rows } = await client.query<{ value: string }>(
    `SELECT count(*) AS value FROM listener_events l
     WHERE l.tenant_id = $1 AND l.occurred_at >= $2 AND l.occurred_at < $3 AND l.event_type = ANY ($4) ${ofPodcast}
     GROUP BY ${key}, l.event_type, evidence_level(l.event_type, l.trusted_sender, l.bytes_sent)
     ORDER BY value DESC`,
    [tenantId, from, to, metrics, ...(podcastId === null ? [] : [podcastId])],
  );
  await client.query('COMMIT');
  return rows.map(({ value }) => Number(value));
}
